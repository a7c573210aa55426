"""Reads ruff's report: which findings stop the journey, and which are advice."""

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from sealift.model.finding import Finding
from sealift.model.template import Location, Template

STOP_RULES = ("E9", "F63", "F7", "F82")
"""Syntax errors and undefined names: code that breaks when it is imported or run.

The set that GitHub's and flake8's own examples stop a build for.
"""
ADVICE_RULES = ("B", "E4", "E7", "F")
"""Likely mistakes. Not ruff's default set: that has hundreds of rules, many of them of taste."""
EXCLUDES = (".aws-sam", ".sealift", "cdk.out", "node_modules", "*.ipynb")
"""Build output, and notebooks, which are not part of a function."""
NEWEST = (3, 14)
"""The newest Python whose syntax this ruff knows."""
_OLDEST = (3, 7)
_SYNTAX = ("invalid-syntax", "syntax-error", "E999")


def stops(code: str) -> bool:
    """Whether a rule stops the journey when the project says nothing about it."""
    return code in _SYNTAX or code.startswith(STOP_RULES)


def python_of(runtime: str | None) -> tuple[int, int] | None:
    """Return the version of a Lambda runtime such as `python3.12`, None for another language."""
    found = re.fullmatch(r"python(\d+)\.(\d+)", runtime or "")
    return (int(found[1]), int(found[2])) if found else None


def target_version(templates: Iterable[Template]) -> str | None:
    """Return ruff's target version for the newest runtime of the functions; None when all are Python 2.

    One for all functions: what is too new for an older one of them is found when that one is built.
    """
    versions = {python for t in templates for f in t.functions if (python := python_of(f.runtime))}
    if versions and max(versions) < (3, 0):
        return None
    newest = min(max(versions, default=NEWEST), NEWEST)
    return "py{}{}".format(*max(newest, _OLDEST))


def named_rules(config: str, *, pyproject: bool) -> tuple[str, ...]:
    """Return the rules that a configuration selects by name. Ruff's default set, which grows, is nobody's choice."""
    try:
        data: object = tomllib.loads(config)
    except tomllib.TOMLDecodeError:
        return ()
    for part in ("tool", "ruff") if pyproject else ():
        data = data.get(part, {}) if isinstance(data, dict) else {}
    lint = data.get("lint", {}) if isinstance(data, dict) else {}
    tables = [one for one in (data, lint) if isinstance(one, dict)]
    lists = [table.get(key) for table in tables for key in ("select", "extend-select")]
    return tuple(dict.fromkeys(str(one) for names in lists if isinstance(names, list) for one in names))


def is_named(code: str, rules: Iterable[str]) -> bool:
    """Whether a rule is one of these, or belongs to one of these groups."""
    letters = code.rstrip("0123456789")
    for rule in rules:
        group = rule.rstrip("0123456789")
        if rule == "ALL" or (code.startswith(rule) and (letters == group or group == "PL")):
            return True
    return False


def pinned_version(text: str) -> str | None:
    """Return the version of ruff that a requirements file, lock file or pre-commit configuration fixes."""
    for pattern in (
        r"""(?m)^\s*(?:-\s+)?["']?ruff\s*==\s*([0-9]+(?:\.[0-9]+)+)""",
        r"""["']ruff\s*==\s*([0-9]+(?:\.[0-9]+)+)["']""",
        r"""(?m)^name = "ruff"\nversion = "([0-9]+(?:\.[0-9]+)+)\"""",
        r"""(?m)^ruff\s*=\s*["'](?:==)?([0-9]+\.[0-9]+\.[0-9]+)["']""",
        r""""ruff": \{[^}]*"version": "==([0-9]+(?:\.[0-9]+)+)\"""",
        r"""ruff-pre-commit["']?\s*\n(?:\s*#.*\n)*\s*rev:\s*["']?v?([0-9]+(?:\.[0-9]+)+)""",
    ):
        if found := re.search(pattern, text):
            return found[1]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCode:
    """Where ruff was run (`folder`, absolute), and which folders below it hold code that is deployed or tested.

    Elsewhere, and in packages of others that are committed among it (`vendored`), a finding is advice.
    """

    folder: str
    shipped: tuple[str, ...]
    vendored: tuple[str, ...] = ()

    def matters(self, file: str) -> bool:
        """Whether this file, relative to the folder, is the application's own code."""
        return is_below(file, self.shipped) and not is_below(file, self.vendored)


def ruff_findings(report: str, scope: OwnCode, *, stop_on: Callable[[str], bool] = stops) -> tuple[Finding, ...]:
    """Return ruff's JSON report as findings. Raises ValueError when it is no such report."""
    found = json.loads(report)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("ruff's report is not a list")
    return tuple(_finding(one, scope, stop_on) for one in found)


def _finding(one: dict[str, object], scope: OwnCode, stop_on: Callable[[str], bool]) -> Finding:
    code = str(one.get("code") or "invalid-syntax")
    file = str(one.get("filename", ""))
    if file.startswith("/"):
        file = posixpath.relpath(file, scope.folder)
    place = one.get("location")
    line = place.get("row", 0) if isinstance(place, dict) else 0
    fix = one.get("fix")
    stop = scope.matters(file) and stop_on(code)
    return Finding(
        tool="ruff",
        id=code,
        severity="high" if stop else "low",
        message=str(one.get("message", "")),
        location=Location(file=file, line=line if isinstance(line, int) else 0),
        fix=str(fix.get("message") or "") if isinstance(fix, dict) else f"`ruff rule {code}` explains it.",
        stops=stop,
    )


def is_below(file: str, folders: Iterable[str]) -> bool:
    """Whether a file is one of these, or in one of them; `.` holds everything but what leaves it."""
    parts = PurePosixPath(file).parts
    for folder in folders:
        wanted = PurePosixPath(folder).parts
        if parts[: len(wanted)] == wanted and ".." not in parts[len(wanted) :]:
            return True
    return False
