"""Linters that crash, hang, or print what is not a report: each is named as not run, and none ends the command."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sealift.checks.analyzer import RealAnalyzer
from sealift.checks.notes import COULD_NOT_RUN
from sealift.checks.tools import Bench
from sealift.ports import Completed
from tests.component.checks.conftest import Write, make_app, make_template

FILES = {
    "template.yaml": "Resources: {T: {Type: AWS::SNS::Topic}}\n",
    "src/app.py": "x = 1\n",
    "pyproject.toml": "[tool.mypy]\n",
}
TOOLS = {"ruff", "cfn-lint", "betterleaks", "mypy"}
JUNK = ["", "junk", "[", "[1]", '[{"Filename": 3, "Rule": 4}]', '[{"location": 1}]', "{}", "\x00\ufffd" * 1_000_000]


class Tools:
    """Every program comes to this end."""

    def __init__(self, done: Completed) -> None:
        self._done = done

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        return self._done


def not_run(write: Write, tmp_path: Path, done: Completed) -> set[str]:
    """Return the tools that are named as not run."""
    root = write(FILES)
    mypy = tmp_path / "venv" / "bin" / "mypy"
    mypy.parent.mkdir(parents=True)
    mypy.touch()
    bench = Bench(folder=tmp_path / "venv", variables={})
    analyzer = RealAnalyzer(Tools(done), tmp_path / "cache", bench=lambda _: bench)
    result = analyzer.analyse(make_app(root), {"app": make_template()}, local=True)
    assert result.status != "failed"
    return {finding.tool for finding in result.findings if finding.id == COULD_NOT_RUN}


@pytest.mark.parametrize("text", JUNK, ids=range(len(JUNK)))
def test_a_tool_that_crashes_is_named_whatever_it_printed(write: Write, tmp_path: Path, text: str) -> None:
    assert not_run(write, tmp_path, Completed(returncode=139, stdout=text, stderr=text)) >= TOOLS - {"cfn-lint"}


@pytest.mark.parametrize("text", JUNK, ids=range(len(JUNK)))
def test_a_report_that_is_none_is_no_answer(write: Write, tmp_path: Path, text: str) -> None:
    assert not_run(write, tmp_path, Completed(returncode=0, stdout=text, stderr="")) >= {"betterleaks"}


def test_a_tool_that_hangs_is_named(write: Write, tmp_path: Path) -> None:
    assert not_run(write, tmp_path, Completed(returncode=-9, stdout="[]", stderr="", timed_out=True)) == TOOLS
