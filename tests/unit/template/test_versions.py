"""An alias follows the layers and the values of its function: other content, another version."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.cfn.evaluation import Bindings, resolved
from sealift.cfn.references import version_parameter
from sealift.cfn.values import mapping_at
from sealift.model.template import Json, Template
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import at, json_of, load, sha

TOP = "Transform: AWS::Serverless-2016-10-31\n"
FILES = {"one/a.py": "", "two/a.py": "", "layer/x.py": ""}
LAYER = (
    "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer, CompatibleRuntimes: [python3.12]}}\n"
)


def function(name: str, more: str) -> str:
    given = f"CodeUri: {name.lower()}, Handler: a.h, Runtime: python3.12, {more}"
    return f"  {name}: {{Type: AWS::Serverless::Function, Properties: {{{given}}}}}\n"


def published(template: Template, changed: Mapping[str, str], *, shared: bool = False) -> Json:
    """Return what SAM decides by, for the function One, when these contents are others."""
    templates = SamTemplates()
    layers = templates.shared_layers(template) if shared else ()
    blobs = {asset.key: sha(asset.key + changed.get(asset.key, "")) for asset in (*template.assets, *layers)}
    used = {member: layer.key for layer in layers for member in layer.members}
    properties = at(json_of(templates.seal(template, blobs, used)), "Resources", "One", "Properties")
    assert isinstance(properties, dict)
    return {name: properties[name] for name in ("AutoPublishCodeSha256", "CodeUri") if name in properties}


def version_of(template: Template, values: Mapping[str, str]) -> tuple[str, Json]:
    """Return the logical id of the version that SAM publishes with these values, and where the code comes from."""
    templates = SamTemplates()
    sealed = templates.seal(template, {asset.key: sha(asset.key) for asset in template.assets}, {})
    given = {"SealiftArtifactBucket": "b", **values}
    rendered = templates.render(sealed, parameters=given, account="1" * 12, region="eu-west-1", stack_name="s")
    (version,) = [name for name in mapping_at(rendered.body, "Resources") if name.startswith("OneVersion")]
    bindings = Bindings(parameters={**given})
    return version, resolved(at(rendered.body, "Resources", "One", "Properties", "Code"), bindings)


PARAMETERS = (
    "Parameters: {Tax: {Type: String}, Rest: {Type: String}, Pass: {Type: String, NoEcho: true},"
    " Hosts: {Type: CommaDelimitedList}}\n"
)
GIVEN = {"Tax": "1", "Rest": "1", "Pass": "1", "Hosts": "a"}


@pytest.mark.parametrize("value", ["!Ref Tax", "!Sub 'x-${Tax}'", "!Join ['', [!Ref Tax, !Ref Pass]]"])
@pytest.mark.parametrize("layers", ["", ", Layers: [!Ref L]"])
def test_another_value_of_a_variable_is_another_version_and_no_other_value_is(
    tmp_path: Path, value: str, layers: str
) -> None:
    more = f"AutoPublishAlias: live, Environment: {{Variables: {{A: {value}}}}}{layers}"
    template = load(tmp_path, f"{TOP}{PARAMETERS}Resources:\n{function('One', more)}{LAYER}", FILES)
    first, code = version_of(template, GIVEN)
    assert code == {"S3Bucket": "b", "S3Key": f"blobs/{sha('One.CodeUri')}"}
    assert version_of(template, GIVEN | {"Rest": "2", "Pass": "2", "Hosts": "b"}) == (first, code)
    second, same = version_of(template, GIVEN | {"Tax": "2"})
    assert (second != first, same) == (True, code)


@pytest.mark.parametrize("kind", ["[]", "{a: b}", "1"])
def test_a_parameter_whose_type_is_no_text_is_none_that_the_version_follows(tmp_path: Path, kind: str) -> None:
    one = function("One", "AutoPublishAlias: live, Environment: {Variables: {A: !Ref Odd}}")
    template = load(tmp_path, f"{TOP}Parameters: {{Odd: {{Type: {kind}}}}}\nResources:\n{one}", FILES)
    assert "Fn::Select" not in str(published(template, {}))


def test_the_current_version_of_a_setting_is_another_version_of_the_function(tmp_path: Path) -> None:
    more = "AutoPublishAlias: live, Environment: {Variables: {A: '{{resolve:ssm:/shop/tax}}'}}"
    template = load(tmp_path, f"{TOP}Resources:\n{function('One', more)}", FILES)
    (head,) = template.versioned
    first, second = (version_of(template, {version_parameter(head): f":{number}"})[0] for number in (1, 2))
    assert first != second


@pytest.mark.parametrize(
    ("top", "more"),
    [
        ("", "AutoPublishAlias: live, Layers: [!Ref L]"),
        ("", "AutoPublishAlias: live, AutoPublishCodeSha256: mine, Layers: [!Ref L]"),
        ("Globals: {Function: {AutoPublishAlias: live, Layers: [!Ref L]}}\n", "Timeout: 3"),
    ],
)
def test_another_layer_or_other_code_is_another_version_and_nothing_else_is(
    tmp_path: Path, top: str, more: str
) -> None:
    template = load(
        tmp_path, f"{TOP}{top}Resources:\n{function('One', more)}{LAYER}{function('Two', 'Timeout: 3')}", FILES
    )
    first = published(template, {})
    assert published(template, {}) == first
    assert published(template, {"Two.CodeUri": "x"}) == first
    assert published(template, {"L.ContentUri": "x"}) != first
    assert published(template, {"One.CodeUri": "x"}) != first


def test_a_layer_that_functions_share_is_followed(tmp_path: Path) -> None:
    text = function("One", "AutoPublishAlias: live") + function("Two", "AutoPublishAlias: live")
    template = load(tmp_path, f"{TOP}Resources:\n{text}", FILES)
    first = published(template, {}, shared=True)
    assert published(template, {"SealiftSharedPython312X86": "x"}, shared=True) != first


@pytest.mark.parametrize(
    "more", ["Layers: [!Ref L]", "AutoPublishAlias: live, Layers: ['arn:aws:lambda:x:1:layer:y:1']"]
)
def test_without_an_alias_or_a_layer_of_the_release_nothing_is_added(tmp_path: Path, more: str) -> None:
    template = load(tmp_path, f"{TOP}Resources:\n{function('One', more)}{LAYER}", FILES)
    code = {"Bucket": {"Ref": "SealiftArtifactBucket"}, "Key": f"blobs/{sha('One.CodeUri')}"}
    assert published(template, {}) == {"CodeUri": code}
