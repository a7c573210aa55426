from pathlib import Path

import pytest

from sealift.errors import TemplateError
from sealift.model.template import Json, Template
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import at, json_of, load, sha

TOP = "Transform: AWS::Serverless-2016-10-31\n"
FILES = {"one/a.py": "", "two/a.py": "", "three/a.py": "", "l/python/x.py": ""}


def function(
    name: str, more: str = "", *, runtime: str = "python3.12", kind: str = "Serverless", code: str = ""
) -> str:
    uri = "CodeUri" if kind == "Serverless" else "Code"
    given = f"{uri}: {code or name.lower()}, Handler: a.h, Runtime: {runtime}{', ' if more else ''}{more}"
    return f"  {name}: {{Type: AWS::{kind}::Function, Properties: {{{given}}}}}\n"


def loaded(tmp_path: Path, *functions: str, top: str = TOP) -> Template:
    return load(tmp_path, f"{top}Resources:\n{''.join(functions)}", FILES)


def members(template: Template) -> dict[str, tuple[str, ...]]:
    return {layer.key: layer.members for layer in SamTemplates().shared_layers(template)}


def sealed(template: Template) -> dict[str, Json]:
    templates = SamTemplates()
    layers = templates.shared_layers(template)
    used = {member: layer.key for layer in layers for member in layer.members}
    keys = [a.key for a in (*template.assets, *layers)]
    return json_of(templates.seal(template, {key: sha(key) for key in keys}, used))


def test_functions_of_one_runtime_and_processor_may_share_a_layer(tmp_path: Path) -> None:
    arm = "Architectures: [arm64]"
    template = loaded(tmp_path, function("One"), function("Two"), function("Three", arm))
    assert members(template) == {"SealiftSharedPython312X86": ("One.CodeUri", "Two.CodeUri")}
    both = loaded(tmp_path, function("One", arm), function("Two", arm))
    assert members(both) == {"SealiftSharedPython312Arm": ("One.CodeUri", "Two.CodeUri")}


@pytest.mark.parametrize(
    "other",
    [
        function("Two", runtime="nodejs22.x"),
        function("Two", runtime="python3.13"),
        function("Two", "Layers: [a, b, c, d, e]"),
        function("Two", "Layers: !If [C, [a], [b]]"),
        function("Two", "Layers: !Ref Names"),
        function("Two").replace("{Type", "{Metadata: {BuildMethod: makefile}, Type"),
    ],
)
def test_a_function_that_can_not_be_given_a_layer_has_none(tmp_path: Path, other: str) -> None:
    assert members(loaded(tmp_path, function("One"), other)) == {}


def test_layers_in_globals_count(tmp_path: Path) -> None:
    top = TOP + "Globals: {Function: {Layers: [a, b, c, d]}}\n"
    template = loaded(tmp_path, function("One"), function("Two"), function("Three", "Layers: [e]"), top=top)
    assert members(template) == {"SealiftSharedPython312X86": ("One.CodeUri", "Two.CodeUri")}


def test_one_source_counts_once_and_a_name_that_has_no_room_keeps_all_of_it_away(tmp_path: Path) -> None:
    template = loaded(tmp_path, function("One"), function("Two", "Layers: [a, b, c, d, e]", code="one"))
    assert members(template) == {}


def test_the_layer_is_added_and_used_beside_the_functions_own(tmp_path: Path) -> None:
    body = sealed(loaded(tmp_path, function("One", "Layers: [mine]"), function("Two", kind="Lambda")))
    ref: Json = {"Ref": "SealiftSharedPython312X86"}
    assert at(body, "Resources", "One", "Properties", "Layers") == ["mine", ref]
    assert at(body, "Resources", "Two", "Properties", "Layers") == [ref]
    layer = at(body, "Resources", "SealiftSharedPython312X86")
    assert layer == {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "CompatibleArchitectures": ["x86_64"],
            "CompatibleRuntimes": ["python3.12"],
            "Content": {"S3Bucket": {"Ref": "SealiftArtifactBucket"}, "S3Key": f"blobs/{sha(ref['Ref'])}"},  # type: ignore[index, call-overload]
            "Description": "Dependencies that functions share, put here by Sealift.",
            "LayerName": {"Fn::Sub": "${AWS::StackName}-py312-x86"},
        },
    }


def test_without_shared_dependencies_nothing_is_added(tmp_path: Path) -> None:
    template = loaded(tmp_path, function("One"), function("Two"))
    blobs = {a.key: sha(a.key) for a in template.assets}
    assert SamTemplates().seal(template, blobs, {}) == SamTemplates().seal(template, blobs)


def test_a_resource_of_that_name_is_refused_where_it_stands(tmp_path: Path) -> None:
    taken = "  SealiftSharedPython312X86: {Type: AWS::SNS::Topic}\n"
    with pytest.raises(TemplateError) as caught:
        sealed(loaded(tmp_path, function("One"), function("Two"), taken))
    assert (caught.value.code, caught.value.context["line"]) == ("template-reserved-resource", 5)
