"""Code and template are compared: variables that one has and the other lacks."""

from pathlib import Path

import pytest

from sealift.checks.reads import read_findings
from sealift.model.app import App, Environment, StackSpec
from sealift.model.finding import Finding
from sealift.template.templates import SamTemplates

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: {runtime}
    Handler: app.handler
Resources:
  Place:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Environment:
        Variables:
          TAX: "19"
"""


def _found(root: Path, files: dict[str, str], *, runtime: str = "python3.13", more: str = "") -> list[tuple[str, str]]:
    return [(finding.id, str(finding.location)) for finding in _findings(root, files, runtime=runtime, more=more)]


def _findings(root: Path, files: dict[str, str], *, runtime: str = "python3.13", more: str = "") -> list[Finding]:
    (root / "template.yaml").write_text(TEMPLATE.format(runtime=runtime) + more)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    stacks = (StackSpec(name="app", template="template.yaml"),)
    app = App(name="shop", root=root, config_path=None, stacks=stacks, environments=())
    templates = {"app": SamTemplates().load(root, "template.yaml")}
    return list(read_findings(app, templates))


READS = "import os\ndef handler(event, context): return os.environ['TAX']\n"


def test_where_both_agree_nothing_is_reported(tmp_path: Path):
    assert _found(tmp_path, {"src/app.py": READS}) == []


@pytest.mark.parametrize("name", ["AWS_REGION", "_HANDLER", "LAMBDA_TASK_ROOT", "TZ", "NODE_OPTIONS"])
def test_what_the_runtime_gives_is_not_missing(tmp_path: Path, name: str):
    assert _found(tmp_path, {"src/app.py": f"{READS}import os\nX = os.environ['{name}']\n"}) == []


def test_what_the_template_does_not_give_is_reported_at_the_line_that_reads_it(tmp_path: Path):
    assert _found(tmp_path, {"src/app.py": READS + "X = os.environ['TOKEN']"}) == [("variable-missing", "src/app.py:3")]


def test_imports_are_followed_and_what_the_handler_never_calls_is_not_reported(tmp_path: Path):
    other = "import os\ndef used(): return os.environ['A']\ndef unused(): return os.environ['B']\n"
    files = {"src/app.py": "from lib.other import used\n" + READS + "used()\n", "src/lib/other.py": other}
    assert _found(tmp_path, files) == [("variable-missing", "src/lib/other.py:2")]


@pytest.mark.parametrize(
    ("decorator", "found"),
    [("@tracer.capture_method", []), ("@lru_cache(maxsize=1)", []), ("@app.get('/')", ["src/lib.py:4"])],
)
def test_what_is_decorated_and_never_called_is_not_reported_unless_it_may_be_registered(
    tmp_path: Path, decorator: str, found: list[str]
):
    other = f"import os\nfrom x import *\n{decorator}\ndef unused(): return os.environ['B']\ndef used(): ...\n"
    files = {"src/app.py": "from lib import used\n" + READS + "used()\n", "src/lib.py": other}
    assert [place for _, place in _found(tmp_path, files)] == found


def test_a_module_that_the_handler_does_not_import_is_not_its_code(tmp_path: Path):
    files = {"src/app.py": READS, "src/migrate.py": "import os\nX = os.environ['DATABASE']\n"}
    assert _found(tmp_path, files) == []


def test_what_no_code_names_is_advice_at_the_line_that_gives_it(tmp_path: Path):
    assert _found(tmp_path, {"src/app.py": "def handler(event, context): ...\n"}) == [
        ("variable-unread", "template.yaml:14")
    ]


def test_a_layer_of_somebody_else_may_read_what_it_is_given(tmp_path: Path):
    layer = '      Layers: ["arn:aws:lambda:eu-west-1:111111111111:layer:x:1"]\n'
    assert _found(tmp_path, {"src/app.py": "def handler(event, context): ...\n"}, more=layer) == []


@pytest.mark.parametrize(
    ("metadata", "found"),
    [("", [("variable-unread", "template.yaml:14")]), ("    Metadata: {BuildMethod: makefile}\n", [])],
)
def test_a_layer_that_is_made_by_a_makefile_may_read_what_the_function_is_given(
    tmp_path: Path, metadata: str, found: list[tuple[str, str]]
):
    layer = "  Shared:\n    Type: AWS::Serverless::LayerVersion\n    Properties: {ContentUri: layer}\n"
    files = {"src/app.py": "def handler(event, context): ...\n", "layer/Makefile": "build-Shared:\n\tcp -r ../lib .\n"}
    assert _found(tmp_path, files, more=f"      Layers: [!Ref Shared]\n{layer}{metadata}") == found


def test_a_function_that_is_made_by_a_makefile_may_hold_more_than_its_folder(tmp_path: Path):
    files = {"src/app.py": "def handler(event, context): ...\n", "src/Makefile": "build-Place:\n\tcp -r ../lib .\n"}
    assert _found(tmp_path, files, more="    Metadata: {BuildMethod: makefile}\n") == []


def test_javascript_is_read_too(tmp_path: Path):
    files = {
        "src/app.js": "const o = require('./other'); exports.handler = () => process.env.TAX;\n",
        "src/other.js": "\nmodule.exports = process.env.TOKEN;\n",
    }
    assert _found(tmp_path, files, runtime="nodejs22.x") == [("variable-missing", "src/other.js:2")]


def _messages(root: Path, files: dict[str, str], *, runtime: str) -> list[tuple[str, str, bool]]:
    return [
        (f.message, f.severity, f.stops) for f in _findings(root, files, runtime=runtime) if f.id == "variable-missing"
    ]


def test_what_javascript_lacks_is_undefined_and_stops_nothing(tmp_path: Path):
    files = {"src/app.js": "exports.handler = () => process.env.TAX + process.env.TOKEN;\n"}
    assert _messages(tmp_path, files, runtime="nodejs22.x") == [
        ("Place reads TOKEN, which the template does not give it: it is undefined there", "low", False)
    ]


@pytest.mark.parametrize(
    ("reads", "suggested"),
    [("TOKEN", ""), ("TAXES", ' (did you mean "TAX"?)'), ("TAXES'] + os.environ['TAX", "")],
)
def test_a_misspelled_name_is_one_finding_and_no_name_is_suggested_that_the_code_reads(
    tmp_path: Path, reads: str, suggested: str
):
    found = _findings(
        tmp_path, {"src/app.py": f"import os\ndef handler(event, context): return os.environ['{reads}']\n"}
    )
    (missing,) = (f.message for f in found if f.id == "variable-missing")
    assert missing.endswith(f"which the template does not give it{suggested}")
    assert ("variable-unread" in {f.id for f in found}) == (reads == "TOKEN")


def test_one_line_that_several_functions_share_is_one_finding(tmp_path: Path):
    more = "  Other:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: src}\n"
    files = {
        "src/app.py": "import os\ndef handler(event, context): return os.environ['TOKEN'] + os.getenv('TAX', '')\n"
    }
    (found,) = _findings(tmp_path, files, more=more)
    assert found.message == "Place and 1 more (Other) may fail: it reads TOKEN, which the template does not give it"
    assert str(found.location) == "src/app.py:2"


def _of_two(root: Path, code: str, *, regions: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    globals_ = "  Function:\n    Environment:\n      Variables:\n        STAGE: dev\n"
    functions = "".join(
        f"  {n}:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: {n}\n"
        "      Handler: app.handler\n      Runtime: python3.13\n"
        for n in ("A", "B")
    )
    (root / "template.yaml").write_text(
        f"Transform: AWS::Serverless-2016-10-31\nGlobals:\n{globals_}Resources:\n{functions}"
    )
    for name, text in (("A", code), ("B", "def handler(event, context): ...\n")):
        (root / name).mkdir()
        (root / name / "app.py").write_text(text)
    stacks = (StackSpec(name="app", template="template.yaml"),)
    environments = tuple(
        Environment(name=f"e{n}", region=region, stack_name=f"shop-{n}") for n, region in enumerate(regions)
    )
    app = App(name="shop", root=root, config_path=None, stacks=stacks, environments=environments)
    templates = {"app": SamTemplates().load(root, "template.yaml")}
    return [(str(finding.location), finding.message) for finding in read_findings(app, templates)]


def test_what_globals_give_is_reported_once_and_only_when_nobody_names_it(tmp_path: Path):
    (found,) = _of_two(tmp_path, "def handler(event, context): ...\n")
    assert found == ("template.yaml:6", "every function is given the variable STAGE, which no code names")


def test_what_globals_give_to_all_and_one_reads_is_not_needless(tmp_path: Path):
    assert _of_two(tmp_path, "import os\ndef handler(event, context): return os.environ['STAGE']\n") == []


CLIENT = "import boto3, os\nX = os.getenv('STAGE')\ndef handler(event, context):\n    return boto3.{}\n"


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("client('dynamodb', region_name='us-east-1')", True),
        ("resource('dynamodb', region_name='us-east-1')", True),
        ("session.Session().client('sqs', region_name='us-east-1')", True),
        ("client('dynamodb', region_name='eu-west-1')", False),
        ("client('dynamodb', region_name=os.environ['AWS_REGION'])", False),
        ("client('dynamodb')", False),
        ("client('ses', region_name='us-east-1')", False),
        ("client('bedrock-runtime', region_name='us-east-1')", False),
    ],
)
def test_a_region_in_the_code_is_reported_where_an_environment_is_elsewhere(tmp_path: Path, call: str, found: bool):
    said = _of_two(tmp_path, CLIENT.format(call), regions=("eu-west-1",))
    assert [place for place, _ in said] == (["A/app.py:4"] if found else [])
    assert all("in us-east-1 wherever it runs; e0 is in eu-west-1" in message for _, message in said)


@pytest.mark.parametrize(
    "line",
    [
        "require('dotenv').config();",
        "import 'dotenv/config';",
        "import dotenv from 'dotenv';",
        "process.loadEnvFile('.env');",
    ],
)
def test_a_file_of_variables_may_give_what_javascript_reads(tmp_path: Path, line: str):
    code = "exports.handler = () => process.env.TAX + process.env.TOKEN;\n"
    assert _messages(tmp_path, {"src/app.js": code}, runtime="nodejs22.x")
    assert _messages(tmp_path, {"src/app.js": f"{line}\n{code}"}, runtime="nodejs22.x") == []


def test_a_file_of_variables_may_give_what_python_reads(tmp_path: Path):
    filled = "from dotenv import load_dotenv\nload_dotenv()\n"
    assert _found(tmp_path, {"src/app.py": f"{filled}{READS}X = os.environ['TOKEN']\n"}) == []
