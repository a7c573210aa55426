import json
import subprocess
import sys
from pathlib import Path

import pytest

from sealift.template.late import imported_late

_SCRIPT = """
import json, sys
{before}
from sealift.template.translation import translate
from sealift.errors import TemplateError
def said(body):
    try:
        return translate(body, {{}}, region="eu-west-1").body
    except TemplateError as error:
        return error.message
bodies = json.load(sys.stdin)
told = [said(body) for body in bodies]
run = [n for n, m in sys.modules.items() if ".schema_source.aws_" in n and "Properties" in vars(m)]
print(json.dumps([told, run]))
"""


def _template(kind: str, **properties: object) -> dict[str, object]:
    one = {"Type": f"AWS::Serverless::{kind}", "Properties": properties}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"One": one}}


_PLAIN = _template("Function", Handler="a.b", Runtime="python3.12", CodeUri="s3://a/b")
_MODELLED = [
    _template("Function", Handler="a.b", Runtime="python3.12", CodeUri="s3://a/b", CapacityProviderConfig={"Arn": "a"}),
    _template("Function", Handler="a.b", Runtime="python3.12", CodeUri="s3://a/b", CapacityProviderConfig={"No": 1}),
    _template("Connector", Source={"Arn": "a"}, Destination={"Id": "One"}, Permissions=["Read"]),
    _template("GraphQLApi", SchemaInline="type Query { a: String }", Auth={"Type": "AWS_IAM"}),
    _template("GraphQLApi", Auth={"Type": 3}),
    _template("CapacityProvider", VpcConfig={"SubnetIds": ["s"], "SecurityGroupIds": ["g"]}),
    _template("CapacityProvider", VpcConfig=3),
    _template("NetworkConnector", Wrong=1),
    _template("MicrovmImage", Wrong=1),
]


def _translated(bodies: object, *, before: str = "") -> tuple[list[object], list[str]]:
    argv = [sys.executable, "-c", _SCRIPT.format(before=before)]
    done = subprocess.run(argv, input=json.dumps(bodies), capture_output=True, text=True, check=True)
    said, run = json.loads(done.stdout)
    return said, run


def test_the_translator_says_the_same_whether_its_models_are_run_late_or_at_once() -> None:
    late, _ = _translated([_PLAIN, *_MODELLED])
    assert late == _translated([_PLAIN, *_MODELLED], before="import samtranslator.translator.translator")[0]
    assert len({json.dumps(one) for one in late}) == len(late)


def test_models_that_a_template_does_not_use_are_not_run() -> None:
    _, run = _translated([_PLAIN])
    assert not any(name.endswith("aws_serverless_function") for name in run)
    _, run = _translated([_MODELLED[0]])
    assert any(name.endswith("aws_serverless_function") for name in run)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("late_good", "late_bad", "early_good"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "late_good.py").write_text("VALUE = 7\nassert __name__ == 'late_good' and __file__\n")
    (tmp_path / "late_bad.py").write_text("raise RuntimeError('as it says')\n")
    (tmp_path / "early_good.py").write_text("VALUE = 8\n")
    return tmp_path


def test_a_module_is_run_when_a_name_of_it_is_used(modules: Path) -> None:
    with imported_late("late_"):
        import early_good  # type: ignore[import-not-found]
        import late_good  # type: ignore[import-not-found]
    assert "VALUE" in vars(early_good)
    assert "VALUE" not in vars(late_good)
    assert late_good.__spec__.origin == str(modules / "late_good.py")
    assert late_good.VALUE == 7
    assert not hasattr(late_good, "OTHER")


def test_a_module_that_cannot_be_run_says_so_when_it_is_used(modules: Path) -> None:
    with imported_late("late_"):
        import late_bad  # type: ignore[import-not-found]
    with pytest.raises(RuntimeError, match="as it says"):
        _ = late_bad.VALUE


def test_what_is_imported_afterwards_is_run_at_once(modules: Path) -> None:
    with imported_late("late_"):
        pass
    import late_good

    assert vars(late_good)["VALUE"] == 7
