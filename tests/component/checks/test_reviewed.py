"""The linters' configuration of the protected branch decides what stops a change. Real git, real linters."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.analysis.baseline import NAME as BASELINE
from sealift.analysis.baseline import written
from sealift.model.finding import SuiteResult
from sealift.usecases.build import load_templates
from sealift.wiring.application import load_effective
from sealift.wiring.services import make_services
from tests.component.gates.repositories import Clone, cloned, new_repository
from tests.fakes.events import RecordingEvents
from tests.fakes.prompt import FakePrompt

CONFIG = '[app]\nname = "shop"\n[environments.staging]\nbranch = "main"\n'
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13}
"""
WRONG_CODE = "def handler(event, context):\n    return undefined_name\n"
WRONG_TEMPLATE = TEMPLATE + "  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {TopicNam: x}\n"
QUIET = 'lint.ignore = ["F821"]\nexclude = ["src"]\n'
ATTACKS: Mapping[str, Mapping[str, str]] = {
    "ruff.toml": {"ruff.toml": QUIET},
    "a hidden file": {".ruff.toml": QUIET},
    "pyproject.toml": {"pyproject.toml": '[tool.ruff]\nexclude = ["src"]\nlint.ignore = ["F821"]\n'},
    "a file beside the source": {"src/ruff.toml": QUIET.replace('"src"', '"."')},
    "a file above the application": {"../ruff.toml": QUIET},
}


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, shared_cache: Path) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache / "reviewed"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


def application(tmp_path: Path, files: Mapping[str, str]) -> Clone:
    """Return a clone on a branch of its own; the application is in a folder of the repository."""
    remote = new_repository(tmp_path / "remote")
    given = {"sealift.toml": CONFIG, "template.yaml": TEMPLATE, "src/app.py": "def handler(e, c): ...\n", **files}
    for name, text in given.items():
        remote.write(f"shop/{name}", text)
    remote.commit()
    clone = cloned(remote, tmp_path / "clone")
    clone.git("checkout", "-q", "-b", "change")
    return clone


def analysed(clone: Clone) -> SuiteResult:
    app = load_effective(clone.root / "shop", local=False)
    services = make_services(app, local=False, sink=RecordingEvents(), prompt=FakePrompt(), actor="ann@laptop")
    return services.analyzer.analyse(app, load_templates(app, services), local=False)


def stopping(result: SuiteResult) -> set[str]:
    return {finding.id for finding in result.findings if finding.stops}


def notes(result: SuiteResult) -> set[str]:
    return {finding.tool for finding in result.findings if finding.id == "configuration-not-merged"}


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_a_change_does_not_choose_what_ruff_passes_over(tmp_path: Path, attack: str) -> None:
    clone = application(tmp_path, {})
    for name, text in {"src/app.py": WRONG_CODE, **ATTACKS[attack]}.items():
        clone.write(f"shop/{name}", text)
    result = analysed(clone)
    assert (stopping(result), notes(result)) == ({"F821"}, {"ruff"})


@pytest.mark.parametrize("top", ["extend = 'lint/base.toml'\n", "extend = 'lint/middle.toml'\n"])
def test_a_change_does_not_choose_it_in_a_file_that_the_configuration_extends(tmp_path: Path, top: str) -> None:
    merged = {"ruff.toml": top, "lint/middle.toml": "extend = 'base.toml'\n", "lint/base.toml": "line-length = 88\n"}
    clone = application(tmp_path, merged)
    clone.write("shop/src/app.py", WRONG_CODE)
    clone.write("shop/lint/base.toml", QUIET)
    result = analysed(clone)
    assert (stopping(result), notes(result)) == ({"F821"}, {"ruff"})


def test_a_change_does_not_choose_it_in_a_folder_whose_name_git_quotes(tmp_path: Path) -> None:
    clone = application(tmp_path, {"src/a\tb/c.py": ""})
    clone.write("shop/src/a\tb/c.py", WRONG_CODE)
    clone.write("shop/src/a\tb/ruff.toml", 'lint.ignore = ["F821"]\n')
    assert stopping(analysed(clone)) == {"F821"}


def test_a_change_does_not_choose_what_cfn_lint_passes_over(tmp_path: Path) -> None:
    clone = application(tmp_path, {})
    clone.write("shop/template.yaml", WRONG_TEMPLATE)
    clone.write("shop/.cfnlintrc", "ignore_checks: [E, W]\n")
    result = analysed(clone)
    assert result.status == "failed"
    assert notes(result) == {"cfn-lint"}


def test_taking_a_rule_out_counts_once_it_is_merged(tmp_path: Path) -> None:
    strict = {"pyproject.toml": '[tool.ruff.lint]\nselect = ["T201"]\n', "src/app.py": "def handler(e, c): ...\n"}
    clone = application(tmp_path, strict)
    clone.write("shop/src/app.py", "def handler(e, c):\n    print(e)\n")
    clone.write("shop/pyproject.toml", "[tool.ruff.lint]\nselect = []\n")
    assert "T201" in stopping(analysed(clone))


def test_exceptions_of_the_merged_configuration_hold_where_they_stand(tmp_path: Path) -> None:
    kept = {"pyproject.toml": '[tool.ruff.lint.per-file-ignores]\n"src/app.py" = ["F821"]\n', "src/app.py": WRONG_CODE}
    clone = application(tmp_path, kept)
    clone.write("shop/pyproject.toml", "[tool.ruff]\nline-length = 20\n")
    assert stopping(analysed(clone)) == set()


def test_another_part_of_pyproject_changes_nothing(tmp_path: Path) -> None:
    clone = application(tmp_path, {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"})
    clone.write("shop/pyproject.toml", '[project]\nname = "x"\nversion = "1"\n[tool.ruff]\nline-length = 100\n')
    result = analysed(clone)
    assert (result.status, notes(result)) == ("succeeded", set())


def test_what_is_merged_is_found_as_ever(tmp_path: Path) -> None:
    clone = application(tmp_path, {"ruff.toml": QUIET, "src/app.py": WRONG_CODE})
    result = analysed(clone)
    assert (stopping(result), notes(result)) == (set(), set())


def baseline(clone: Clone) -> str:
    """Return a baseline of all that is found now."""
    found = analysed(clone)
    return written((*found.findings, *found.known))


def test_a_baseline_of_the_protected_branch_is_neither_shown_nor_stopped_at(tmp_path: Path) -> None:
    clone = application(tmp_path, {"src/app.py": WRONG_CODE})
    assert analysed(clone).status == "failed"
    kept = baseline(clone)
    clone = application(tmp_path / "later", {"src/app.py": "# moved\n" + WRONG_CODE, BASELINE: kept})
    result = analysed(clone)
    assert result.status == "succeeded"
    assert "F821" not in {one.id for one in result.findings}
    (note,) = (one for one in result.findings if one.id == "baseline")
    assert note.message.startswith(f"{len(result.known)} findings")
    clone.write("shop/src/more.py", "print(another_undefined_name)\n")
    clone.write("shop/src/app.py", "import more\n" + WRONG_CODE)
    assert analysed(clone).status == "failed"


def test_a_change_cannot_add_to_the_baseline(tmp_path: Path) -> None:
    clone = application(tmp_path, {"src/app.py": WRONG_CODE})
    clone.write(f"shop/{BASELINE}", baseline(clone))
    result = analysed(clone)
    assert result.status == "failed"
    (note,) = (one for one in result.findings if one.id == "configuration-not-merged")
    assert note.message.startswith(f"{BASELINE} counts as on ")


def test_a_damaged_baseline_hides_nothing_and_says_so(tmp_path: Path) -> None:
    clone = application(tmp_path, {"src/app.py": WRONG_CODE, BASELINE: '{"version": 1, "findings": []}'})
    result = analysed(clone)
    assert result.status == "failed"
    assert "every finding is shown" in next(one.message for one in result.findings if one.id == "baseline")
