from pathlib import Path

import pytest

from sealift.template.templates import SamTemplates
from tests.unit.template.apps import load, only, refusal, seal_bytes

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def function(properties: str, *, top: str = SAM) -> str:
    return f"{top}Resources: {{Fn: {{Type: AWS::Serverless::Function, Properties: {{{properties}}}}}}}\n"


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("CodeUri: src/", "src"),
        ("CodeUri: ./src", "src"),
        ("CodeUri: .", "."),
        ("CodeUri: ./", "."),
        ("CodeUri: src/app.py", "src/app.py"),
        ("CodeUri: built.zip", "built.zip"),
        ("CodeUri: ../shared", "../shared"),
        ("CodeUri: ''", "."),
        ("CodeUri: !Sub src", "src"),
        ("MemorySize: 128", "."),
    ],
)
def test_local_code_is_found_in_every_shape(tmp_path: Path, code: str, source: str) -> None:
    root = tmp_path / "app"
    root.mkdir()
    (tmp_path / ".git").mkdir()
    files = {"src/app.py": "", "built.zip": "", "../shared/lib.py": ""}
    asset = only(load(root, function(f"{code}, Runtime: python3.12, Handler: app.handler"), files))
    assert (asset.key, asset.kind, asset.source) == ("Fn.CodeUri", "function", source)
    assert (asset.runtime, asset.handler, asset.architecture) == ("python3.12", "app.handler", "x86_64")
    assert asset.paths == (("Resources", "Fn", "Properties", "CodeUri"),)


@pytest.mark.parametrize(
    "code",
    [
        "CodeUri: 's3://bucket/key'",
        "CodeUri: {Bucket: b, Key: k}",
        "CodeUri: {Bucket: !Ref B, Key: k}",
        "CodeUri: !Sub 's3://${AWS::Region}-code/key'",
        "CodeUri: !Ref Unknown",
        "InlineCode: 'pass'",
    ],
)
def test_code_that_is_stored_or_written_out_is_left_alone(tmp_path: Path, code: str) -> None:
    assert load(tmp_path, function(code)).assets == ()


def test_sources_are_relative_to_the_root_and_paths_to_the_folder_of_the_template(tmp_path: Path) -> None:
    template = load(tmp_path, function("CodeUri: ../../src"), {"src/app.py": ""}, file="infra/backend/template.yaml")
    assert only(template).source == "src"
    absent = load(tmp_path, function("Handler: a.b"), file="infra/backend/template.yaml")
    assert only(absent).source == "infra/backend"


def test_globals_give_code_runtime_handler_and_architecture(tmp_path: Path) -> None:
    top = SAM + ("Globals: {Function: {CodeUri: src, Runtime: python3.13, Handler: a.b, Architectures: [arm64]}}\n")
    template = load(tmp_path, function("MemorySize: 128", top=top), {"src/app.py": ""})
    asset = only(template)
    assert (asset.source, asset.runtime, asset.handler, asset.architecture) == ("src", "python3.13", "a.b", "arm64")
    (spec,) = template.functions
    assert (spec.runtime, spec.handler, spec.architecture) == ("python3.13", "a.b", "arm64")


def test_what_the_function_says_wins_over_globals(tmp_path: Path) -> None:
    top = SAM + "Globals: {Function: {CodeUri: src, Runtime: python3.13}}\n"
    asset = only(load(tmp_path, function("CodeUri: own, Runtime: python3.9", top=top), {"src/a": "", "own/a": ""}))
    assert (asset.source, asset.runtime) == ("own", "python3.9")


def test_the_default_of_a_parameter_and_a_mapping_give_the_runtime(tmp_path: Path) -> None:
    top = SAM + ("Parameters: {Python: {Type: String, Default: python3.11}}\nMappings: {Chip: {all: {cpu: arm64}}}\n")
    text = function("Runtime: !Ref Python, Architectures: [!FindInMap [Chip, all, cpu]]", top=top)
    asset = only(load(tmp_path, text))
    assert (asset.runtime, asset.architecture) == ("python3.11", "arm64")


TWO = (
    SAM
    + """
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Runtime: python3.12, Handler: one.handler}
  Two:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ./src/, Runtime: %s, Handler: two.handler}
    Metadata: %s
"""
)


def test_functions_with_the_same_source_and_build_share_one_asset(tmp_path: Path) -> None:
    asset = only(load(tmp_path, TWO % ("python3.12", "{}"), {"src/a.py": ""}))
    assert asset.logical_ids == ("One", "Two")
    assert asset.paths == (
        ("Resources", "One", "Properties", "CodeUri"), ("Resources", "Two", "Properties", "CodeUri"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("runtime", "metadata"),
    [("python3.13", "{}"), ("python3.12", "{BuildMethod: python-uv}"), ("python3.12", "{BuildProperties: {X: 1}}")],
)
def test_functions_that_build_differently_do_not_share(tmp_path: Path, runtime: str, metadata: str) -> None:
    assert len(load(tmp_path, TWO % (runtime, metadata), {"src/a.py": ""}).assets) == 2


def test_makefile_functions_never_share_since_each_has_its_own_target(tmp_path: Path) -> None:
    text = TWO.replace("Handler: one.handler}", "Handler: one.handler}\n    Metadata: {BuildMethod: makefile}")
    assets = load(tmp_path, text % ("python3.12", "{BuildMethod: makefile}"), {"src/Makefile": ""}).assets
    assert [(a.logical_ids, a.build_method) for a in assets] == [(("One",), "makefile"), (("Two",), "makefile")]


def test_build_metadata_is_read(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Runtime: nodejs20.x}
    Metadata: {BuildMethod: esbuild, BuildProperties: {Minify: true, EntryPoints: [app.ts]}}
  Built:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Runtime: python3.12}
    Metadata: {SkipBuild: true}
"""
    )
    first, second = load(tmp_path, text, {"src/app.ts": ""}).assets
    assert (first.build_method, first.build_properties) == ("esbuild", {"Minify": True, "EntryPoints": ["app.ts"]})
    assert second.build_method == "skip"


@pytest.mark.parametrize(
    ("kind", "name"), [("AWS::Serverless::LayerVersion", "ContentUri"), ("AWS::Lambda::LayerVersion", "Content")]
)
def test_layers_are_found_with_runtime_and_architecture(tmp_path: Path, kind: str, name: str) -> None:
    text = (
        SAM
        + f"""
Resources:
  Deps:
    Type: {kind}
    Properties: {{{name}: layer, CompatibleRuntimes: [python3.11, python3.12], CompatibleArchitectures: [arm64]}}
  Built:
    Type: {kind}
    Properties: {{{name}: layer}}
    Metadata: {{BuildMethod: python3.13, BuildArchitecture: arm64}}
"""
    )
    plain, built = load(tmp_path, text, {"layer/requirements.txt": ""}).assets
    assert (plain.kind, plain.runtime, plain.architecture, plain.build_method) == ("layer", "python3.11", "arm64", None)
    assert (built.kind, built.runtime, built.architecture) == ("layer", "python3.13", "arm64")
    assert built.build_method == "python3.13"


@pytest.mark.parametrize(
    ("compatible", "functions", "expected"),
    [
        ("[arm64]", ("x86_64",), "arm64"),
        ("[arm64, x86_64]", (), "x86_64"),
        ("[x86_64, arm64]", ("arm64", "arm64"), "arm64"),
        ("[arm64, x86_64]", ("arm64", "x86_64"), "x86_64"),
        ("[]", (), "x86_64"),
    ],
)
def test_a_layer_is_built_for_the_functions_that_use_it(
    tmp_path: Path, compatible: str, functions: tuple[str, ...], expected: str
) -> None:
    layer = f"{{ContentUri: layer, CompatibleArchitectures: {compatible}}}"
    metadata = "{BuildMethod: python3.13}"
    text = f"Resources:\n  L: {{Type: AWS::Serverless::LayerVersion, Properties: {layer}, Metadata: {metadata}}}\n"
    for number, architecture in enumerate(functions):
        given = f"CodeUri: layer, Runtime: python3.13, Architectures: [{architecture}], Layers: [!Ref L]"
        text += f"  F{number}: {{Type: AWS::Serverless::Function, Properties: {{{given}}}}}\n"
    template = load(tmp_path, f"Transform: AWS::Serverless-2016-10-31\n{text}", {"layer/requirements.txt": ""})
    assert next(a.architecture for a in template.assets if a.kind == "layer") == expected


def test_plain_lambda_code_is_found_and_inline_or_stored_code_is_not(tmp_path: Path) -> None:
    text = """
Resources:
  Local: {Type: AWS::Lambda::Function, Properties: {Code: src, Runtime: python3.12}}
  Inline: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: "pass"}}}
  Stored: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: b, S3Key: k}}}
"""
    template = load(tmp_path, text, {"src/a.py": ""})
    assert (only(template).key, only(template).runtime) == ("Local.Code", "python3.12")
    assert [f.logical_id for f in template.functions] == ["Local", "Inline", "Stored"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::Serverless::StateMachine", "DefinitionUri"),
        ("AWS::Serverless::Api", "DefinitionUri"),
        ("AWS::Serverless::HttpApi", "DefinitionUri"),
        ("AWS::ApiGateway::RestApi", "BodyS3Location"),
        ("AWS::ApiGatewayV2::Api", "BodyS3Location"),
        ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
        ("AWS::AppSync::GraphQLSchema", "DefinitionS3Location"),
        ("AWS::AppSync::Resolver", "CodeS3Location"),
        ("AWS::AppSync::Resolver", "RequestMappingTemplateS3Location"),
        ("AWS::AppSync::FunctionConfiguration", "ResponseMappingTemplateS3Location"),
    ],
)
def test_definitions_are_files(tmp_path: Path, kind: str, name: str) -> None:
    text = SAM + f"Resources: {{It: {{Type: '{kind}', Properties: {{{name}: spec/it.json}}}}}}"
    asset = only(load(tmp_path, text, {"spec/it.json": "{}"}))
    assert (asset.key, asset.kind, asset.source) == (f"It.{name}", "file", "spec/it.json")


def test_a_script_inside_a_mapping_is_found(tmp_path: Path) -> None:
    text = "Resources: {Job: {Type: AWS::Glue::Job, Properties: {Command: {ScriptLocation: job.py}}}}"
    asset = only(load(tmp_path, text, {"job.py": ""}))
    assert (asset.key, asset.paths) == (
        "Job.Command.ScriptLocation", (("Resources", "Job", "Properties", "Command", "ScriptLocation"),),
    )  # fmt: skip


def test_resources_under_conditions_are_found(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Conditions: {Never: !Equals [a, b]}
Resources:
  Fn: {Type: AWS::Serverless::Function, Condition: Never, Properties: {CodeUri: src}}
"""
    )
    assert only(load(tmp_path, text, {"src/a.py": ""})).logical_ids == ("Fn",)


def test_a_link_to_nowhere_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "src").symlink_to("gone")
    error = refusal(
        tmp_path, SAM + "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: src}}}", {}
    )
    assert error.hint.endswith("; src is a symbolic link to gone, which is not there")


def test_what_a_build_of_ones_own_makes_is_to_be_made_first(tmp_path: Path) -> None:
    text = SAM + "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: target/shop.jar}}}"
    assert refusal(tmp_path, text, {"pom.xml": ""}).hint.endswith("if your own build creates it, run that first")


def test_a_missing_folder_is_told_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    text = SAM + "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: ./scr\n"
    error = refusal(tmp_path, text, {"src/app.py": ""})
    assert error.code == "template-asset-missing"
    assert error.message == "template.yaml:6: CodeUri of Fn is ./scr, but there is no scr"
    assert error.hint.endswith('(did you mean "src"?)')
    assert error.context == {"file": "template.yaml", "line": 6}


def test_a_folder_where_a_file_is_needed_is_refused(tmp_path: Path) -> None:
    text = SAM + "Resources: {M: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: machines}}}"
    assert refusal(tmp_path, text, {"machines/a.json": ""}).code == "template-asset-kind"


@pytest.mark.parametrize(
    "text",
    [
        SAM + "Resources: {Img: {Type: AWS::Serverless::Function, Properties: {PackageType: Image}}}",
        SAM + "Globals: {Function: {PackageType: Image}}\nResources: {Img: {Type: AWS::Serverless::Function}}",
        SAM + "Resources: {Img: {Type: AWS::Serverless::Function, Properties: {ImageUri: x}}}",
        "Resources: {Img: {Type: AWS::Lambda::Function, Properties: {Code: {ImageUri: x}}}}",
    ],
)
def test_a_container_image_is_refused_by_name(tmp_path: Path, text: str) -> None:
    error = refusal(tmp_path, text)
    assert SamTemplates().load(tmp_path, "template.yaml", buildable=False).functions[0].logical_id == "Img"
    assert error.code == "template-image-function"
    assert "function Img is a container image" in error.message
    assert "PackageType: Zip" in error.hint


def test_code_chosen_by_a_condition_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, function("CodeUri: !If [Prod, ./a, ./b]"), {"a/x": "", "b/x": ""})
    assert error.code == "template-asset-choice"
    assert "depends on a condition" in error.message


def test_stored_code_chosen_by_a_condition_is_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, function("CodeUri: !If [Prod, 's3://a/b', 's3://c/d']")).assets == ()


def test_a_resource_that_is_no_mapping_is_told_by_name(tmp_path: Path) -> None:
    error = refusal(tmp_path, "Resources:\n  A: {Type: AWS::SNS::Topic}\n  Type: AWS::SNS::Topic\n")
    assert (error.code, error.context["line"]) == ("template-resource", 3)
    assert "resource Type has to be a mapping" in error.message


def test_properties_that_are_no_mapping_are_told_by_name(tmp_path: Path) -> None:
    error = refusal(tmp_path, "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: [x]\n")
    assert (error.code, error.context["line"]) == ("template-resource", 4)


def test_a_function_with_empty_properties_is_built_from_the_folder(tmp_path: Path) -> None:
    template = load(tmp_path, SAM + "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n")
    assert only(template).source == "."
    assert b'"Key": "blobs/' in seal_bytes(template)


def test_the_location_of_an_asset_names_file_line_and_resource(tmp_path: Path) -> None:
    text = SAM + "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: src\n"
    location = only(load(tmp_path, text, {"src/a": ""})).location
    assert location is not None
    assert (str(location), location.logical_id) == ("template.yaml:6", "Fn")


@pytest.mark.parametrize(
    ("compatible", "users", "metadata", "undecided"),
    [
        ("[arm64, x86_64]", [], "", ("arm64", "x86_64")),
        ("[arm64, x86_64]", ["arm64"], "", ()),
        ("[arm64, x86_64]", ["arm64", "x86_64"], "", ("arm64", "x86_64")),
        ("[arm64]", [], "", ()),
        ("[arm64, x86_64]", [], ", BuildArchitecture: x86_64", ()),
    ],
)
def test_a_layer_for_several_processors_is_known_where_nothing_decides(
    tmp_path: Path, compatible: str, users: list[str], metadata: str, undecided: tuple[str, ...]
) -> None:
    layer = f"ContentUri: lay, CompatibleArchitectures: {compatible}, CompatibleRuntimes: [python3.12]"
    using = "".join(
        f"  F{n}: {{Type: AWS::Serverless::Function, Properties: {{InlineCode: x, Runtime: python3.12, Handler: a.b, "
        f"Architectures: [{one}], Layers: [!Ref Lay]}}}}\n"
        for n, one in enumerate(users)
    )
    text = (
        f"{SAM}Resources:\n  Lay: {{Type: AWS::Serverless::LayerVersion, Properties: {{{layer}}}, "
        f"Metadata: {{BuildMethod: python3.12{metadata}}}}}\n{using}"
    )
    assert only(load(tmp_path, text, {"lay/requirements.txt": ""})).architectures == undecided


@pytest.mark.parametrize("name", ["x" * 5000, "a\\0b", "src/" + "é" * 300])
@pytest.mark.parametrize(
    "properties",
    ["CodeUri: {}, Runtime: python3.12, Handler: a.b", "DefinitionUri: {}", "Layers: [], CodeUri: {}, Handler: a.b"],
)
def test_a_name_that_no_file_can_have_is_a_missing_one(tmp_path: Path, name: str, properties: str) -> None:
    kind = "AWS::Serverless::Api" if properties.startswith("Def") else "AWS::Serverless::Function"
    given = properties.format(f'"{name}"')
    text = f"{SAM}Resources: {{Fn: {{Type: {kind}, Properties: {{{given}}}}}}}\n"
    assert refusal(tmp_path, text).code == "template-asset-missing"
