"""The real linters over small applications."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.checks.analyzer import RealAnalyzer
from sealift.model.finding import Finding, SuiteResult
from sealift.ports import Completed
from sealift.system import RealProcess
from tests.component.checks.conftest import Write, make_app, make_template

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
"""
BROKEN_TEMPLATE = (
    TEMPLATE
    + """\
      Nonsense: 1
  F:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python2.7
      Handler: index.handler
      Role: arn:aws:iam::111111111111:role/x
      Code: {ZipFile: "x = 1"}
"""
)


class _Counting:
    """The real process port, which counts how often cfn-lint was started."""

    def __init__(self) -> None:
        self._real = RealProcess()
        self.cfnlint_runs = 0
        self.runs = 0

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        self.runs += 1
        self.cfnlint_runs += any("cfnlint" in word for word in argv)
        return self._real.run(argv, cwd=cwd, env=env, timeout_s=timeout_s)


def _analyse(root: Path, cache: Path, *, local: bool = True) -> SuiteResult:
    return RealAnalyzer(RealProcess(), cache).analyse(make_app(root), {"app": make_template()}, local=local)


def _stopping(result: SuiteResult) -> list[tuple[str, str]]:
    return [(finding.id, str(finding.location)) for finding in result.findings if finding.stops]


def _of(result: SuiteResult, rule: str) -> Finding:
    return next(finding for finding in result.findings if finding.id == rule)


def test_a_good_application_passes_and_nothing_is_written_into_it(write: Write, shared_cache: Path) -> None:
    # A yaml.py of the application's own must not stand in for the module of that name.
    root = write(
        {"template.yaml": TEMPLATE, "src/app.py": "import json\n\nprint(json.dumps(1))\n", "yaml.py": "1 / 0\n"}
    )
    before = sorted(root.rglob("*"))
    result = _analyse(root, shared_cache)
    assert (result.status, result.reason, _stopping(result)) == ("succeeded", "", [])
    assert sorted(root.rglob("*")) == before


def test_what_would_break_stops_with_its_place_and_an_old_runtime_only_on_aws(write: Write, tmp_path: Path) -> None:
    root = write({"template.yaml": BROKEN_TEMPLATE, "src/app.py": "import os\n\nprint(undefined)\n"})
    process = _Counting()
    analyzer = RealAnalyzer(process, tmp_path / "cache")
    app, templates = make_app(root), {"app": make_template()}
    local = analyzer.analyse(app, templates, local=True)
    aws = analyzer.analyse(app, templates, local=False)
    assert local.status == "failed"
    assert set(_stopping(local)) == {("E3002", "template.yaml:9"), ("F821", "src/app.py:3")}
    assert {rule for rule, _ in _stopping(aws)} == {"E3002", "F821", "E2533"}
    nonsense = _of(aws, "E3002").location
    assert nonsense is not None
    assert nonsense.logical_id == "Table"
    assert (_of(local, "F401").stops, _of(local, "F401").severity) == (False, "low")
    # What cfn-lint said of the same template is kept.
    assert process.cfnlint_runs == 1


def test_rules_that_the_configuration_names_count_as_they_are_now(write: Write, tmp_path: Path) -> None:
    queue = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: a}\n"
    root = write({"template.yaml": queue, ".cfnlintrc": "custom_rules: rules.txt\n", "src/app.py": ""})
    for name, broken in (("a", False), ("b", True), ("a", False)):
        (root / "rules.txt").write_text(f'AWS::SQS::Queue QueueName == {name} ERROR "not ours"\n')
        assert ("E9001" in {one.id for one in _analyse(root, tmp_path).findings}) == broken


def test_broken_syntax_stops(write: Write, shared_cache: Path) -> None:
    root = write({"template.yaml": TEMPLATE, "src/app.py": "def f(:\n"})
    assert ("invalid-syntax", "src/app.py:1") in _stopping(_analyse(root, shared_cache))


def test_code_that_is_not_shipped_is_advised_on_only(write: Write, shared_cache: Path) -> None:
    root = write({"template.yaml": TEMPLATE, "scripts/old.py": "print(undefined)\n"})
    result = _analyse(root, shared_cache)
    assert (result.status, _of(result, "F821").stops) == ("succeeded", False)


def test_rules_that_the_project_names_stop_and_ruffs_own_defaults_do_not(write: Write, shared_cache: Path) -> None:
    root = write(
        {
            "template.yaml": TEMPLATE,
            "ruff.toml": '[lint]\nselect = ["E4"]\nextend-select = ["I"]\n',
            "src/app.py": "import sys\nimport json\n\nprint(json, sys)\n",
        }
    )
    assert [rule for rule, _ in _stopping(_analyse(root, shared_cache))] == ["I001"]


def test_a_configuration_that_ruff_cannot_read_is_told_and_passed_over(write: Write, shared_cache: Path) -> None:
    root = write({"template.yaml": TEMPLATE, "ruff.toml": "nonsense = 1\n", "src/app.py": "print(undefined)\n"})
    result = _analyse(root, shared_cache)
    assert _of(result, "configuration").severity == "medium"
    assert [rule for rule, _ in _stopping(result)] == ["F821"]


@pytest.mark.parametrize(
    ("place", "named_by", "text", "stopping"),
    [
        ("lib", "lib-1.0.dist-info/RECORD", "lib/__init__.py,,\nlib-1.0.dist-info/RECORD,,\n", []),
        ("lib", "Lib.egg-info/top_level.txt", "lib\n", []),
        ("my_lib", "requirements.txt", "# what\nMy.Lib[extra] >= 1.0\n", []),
        ("python/my_lib", "python/requirements.txt", "my-lib\n", []),
        ("python/my_lib", "requirements.txt", "my-lib==1 ; python_version > '3'\n", []),
        ("my_lib", "requirements.txt", "my-lib @ file:./my_lib\n", ["F821"]),
        ("my_lib", "requirements.txt", "my-lib-more\n", ["F821"]),
    ],
)
def test_packages_of_others_that_are_committed_are_advised_on_only(
    write: Write, shared_cache: Path, place: str, named_by: str, text: str, stopping: list[str]
) -> None:
    files = {f"src/{named_by}": text, f"src/{place}/__init__.py": "print(undefined)\n"}
    result = _analyse(write({"template.yaml": TEMPLATE, **files}), shared_cache)
    assert [rule for rule, _ in _stopping(result)] == stopping


@pytest.mark.parametrize(
    ("code", "stopping"),
    [("import six\nN = int if six.PY3 else long\n", []), ("N = long\n", ["F821"])],
)
def test_a_name_of_python_2_stops_unless_only_python_2_comes_to_it(
    write: Write, shared_cache: Path, code: str, stopping: list[str]
) -> None:
    result = _analyse(write({"template.yaml": TEMPLATE, "src/app.py": code}), shared_cache)
    assert [rule for rule, _ in _stopping(result)] == stopping


def test_switched_off_is_not_tested(write: Write, shared_cache: Path) -> None:
    root = write({"template.yaml": TEMPLATE, "src/app.py": "print(undefined)\n"})
    app = replace(make_app(root), lint="off")
    result = RealAnalyzer(RealProcess(), shared_cache).analyse(app, {"app": make_template()}, local=True)
    assert (result.status, result.findings) == ("not tested", ())
    assert "switched off" in result.reason


def test_nothing_is_run_again_over_the_same_files_even_in_another_folder(tmp_path: Path) -> None:
    files = {
        "template.yaml": TEMPLATE,
        "src/app.py": "import os\n",
        "pyproject.toml": "[tool.ruff.lint]\nselect = ['F']\n",
    }
    process, found = _Counting(), []
    for name in ("here", "there"):
        for file, content in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_text(content)
        root, runs = tmp_path / name, process.runs
        analyzer = RealAnalyzer(process, tmp_path / "cache")
        found.append(analyzer.analyse(make_app(root), {"app": make_template()}, local=True).findings)
    assert process.runs == runs
    assert found[0] == found[1]
    assert [str(one.location) for one in found[0] if one.id == "F401"] == ["src/app.py:1"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("src/app.py", "x = 1\n"),
        (".hidden/mine.py", "import os\n"),
        (".gitignore", "src/\n"),
        ("ruff.toml", "lint.ignore = ['F401']\n"),
        ("../ruff.toml", "lint.ignore = ['F401']\n"),
    ],
)
def test_ruff_looks_again_at_whatever_changes_its_report(write: Write, tmp_path: Path, file: str, content: str) -> None:
    root = write({"template.yaml": TEMPLATE, "src/app.py": "import os\n", "../.git/HEAD": "ref: refs/heads/main\n"})
    process = _Counting()

    def found() -> set[str]:
        analyzer = RealAnalyzer(process, tmp_path / "cache")
        result = analyzer.analyse(make_app(root), {"app": make_template()}, local=True)
        return {str(one.location) for one in result.findings if one.id == "F401"}

    before = found()
    write({file: content})
    assert found() != before


def test_ruff_is_run_each_time_where_its_settings_name_other_files(write: Write, tmp_path: Path) -> None:
    other = tmp_path / "shared.toml"
    other.write_text("")
    root = write({"template.yaml": TEMPLATE, "src/app.py": "import os\n", "ruff.toml": f"extend = {str(other)!r}\n"})

    def found() -> list[str]:
        return [one.id for one in _analyse(root, tmp_path / "cache").findings if one.tool == "ruff"]

    assert found() == ["F401"]
    other.write_text("lint.ignore = ['F401']\n")
    assert found() == []
