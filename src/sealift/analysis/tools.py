"""Type checkers and linters that a team uses: how each is configured and called, and how its report is read. Pure."""

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sealift.analysis.redact import redacted, unstyled
from sealift.model.finding import Finding, Severity
from sealift.model.template import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool of others: the files that configure it, its table in pyproject.toml, and how it is called."""

    argv: tuple[str, ...]
    files: tuple[str, ...] = ()
    table: str = ""
    package: str = ""
    """The package of npm that brings it; empty for one of Python."""

    @property
    def node(self) -> bool:
        """Whether it runs on Node.js."""
        return bool(self.package)


TOOLS: Mapping[str, Tool] = {
    "mypy": Tool(
        argv=("mypy", "--no-error-summary", "--no-pretty", "--hide-error-context"),
        files=("mypy.ini", ".mypy.ini"),
        table="mypy",
    ),
    "pyright": Tool(argv=("pyright",), files=("pyrightconfig.json",), table="pyright"),
    "ty": Tool(argv=("ty", "check", "--output-format", "concise"), files=("ty.toml",), table="ty"),
    "pyrefly": Tool(argv=("pyrefly", "check", "--output-format", "min-text"), files=("pyrefly.toml",), table="pyrefly"),
    "bandit": Tool(
        argv=(
            *("bandit", "-r", ".", "-q", "-f", "custom"),
            *("--msg-template", "{relpath}:{line}: {severity}: {msg} [{test_id}]"),
        ),
        files=(".bandit", "bandit.yaml"),
        table="bandit",
    ),
    "eslint": Tool(
        argv=("eslint", ".", "-f", "json"),
        files=(
            *(f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts", "cts")),
            *(f".eslintrc{end}" for end in ("", ".js", ".cjs", ".json", ".yaml", ".yml")),
        ),
        package="eslint",
    ),
    "tsc": Tool(argv=("tsc", "--noEmit", "--pretty", "false"), files=("tsconfig.json",), package="typescript"),
}
MOST_FINDINGS = 10_000
"""How many are read of one report."""
_LONGEST_LINE = 2_000
SETUP = "setup.cfg"
"""Of these tools mypy alone reads it: https://mypy.readthedocs.io/en/stable/config_file.html"""
_LINE = re.compile(
    r"\s*(?:(?P<before>ERROR|WARN(?:ING)?|INFO)\s+)?(?P<file>[^\s:()][^:()]*?)"
    r"(?::(?P<line>[0-9]{1,9})(?::\d+)?(?:-\d+(?::\d+)?)?|\((?P<at>[0-9]{1,9}),\d+\))(?::| -)\s+(?P<said>\S.*)"
)
_LEVEL = re.compile(
    r"(?P<level>error|warning|warn|note|info|information|hint|low|medium|high)\b(?:\[(?P<rule>[\w-]+)\])?:?\s*",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?P<rule>[A-Z]{1,5}\d{2,6}):?\s+")
_RULE = re.compile(r"\s+(?:\[(?:Error/|Warning/)?(?P<rule>[\w@/.-]+)\]|\((?P<report>report\w+)\))$")
_NOT_SHOWN = ("note", "info", "information", "hint")
_SEVERITIES: Mapping[str, Severity] = {"warning": "low", "warn": "low", "low": "low", "medium": "medium"}


def is_configured(tool: Tool, name: str, body: str) -> bool:
    """Return whether this file, by its name and what is in it, configures the tool."""
    if name in tool.files:
        return True
    if name == SETUP:
        return tool.table == "mypy" and re.search(r"^\[mypy\]", body, re.MULTILINE) is not None
    if name != "pyproject.toml" or not tool.table:
        return False
    try:
        return tool.table in tomllib.loads(body).get("tool", {})
    except (ValueError, TypeError, RecursionError):
        return False


def is_report(tool: str, report: str) -> bool:
    """Return whether a tool that found nothing would print this: eslint prints JSON even then."""
    return tool != "eslint" or _json(report) is not None


def report_findings(tool: str, report: str, *, folder: str, stops: bool) -> Iterator[Finding]:
    """Yield what a report says of files, a line each, in the form `file:line: message` or as JSON of eslint.

    `folder` is where the tool was run, absolute; paths are given relative to it. Of a huge report the beginning counts.
    """
    every = dict.fromkeys(islice((one for read in (_of_eslint, _of_lines) for one in read(report)), MOST_FINDINGS))
    for file, line, level, rule, message in every:
        yield Finding(
            tool=tool,
            id=rule or tool,
            severity="high" if stops else _SEVERITIES.get(level, "medium"),
            message=redacted(message),
            fix=f"The documentation of {tool} explains {rule or 'it'}.",
            location=Location(file=posixpath.relpath(file, folder) if file.startswith("/") else file, line=line),
            stops=stops,
        )


def _of_lines(report: str) -> Iterator[tuple[str, int, str, str, str]]:
    for text in unstyled(report).splitlines():
        found = _LINE.fullmatch(_shortened(text).rstrip())
        if found is None:
            continue
        said, rule, level = found["said"], "", (found["before"] or "").lower()
        if leveled := _LEVEL.match(said):
            said, level, rule = said[leveled.end() :], leveled["level"].lower(), leveled["rule"] or ""
        if coded := _CODE.match(said):
            said, rule = said[coded.end() :], coded["rule"]
        if ruled := _RULE.search(said):
            said, rule = said[: ruled.start()], rule or ruled["rule"] or ruled["report"]
        if said and level not in _NOT_SHOWN:
            yield posixpath.normpath(found["file"]), int(found["line"] or found["at"]), level, rule, said


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def _of_eslint(report: str) -> Iterator[tuple[str, int, str, str, str]]:
    """Yield what eslint reports; nothing of what only looks like it."""
    for file in _json(report) or ():
        match file:
            case {"filePath": str(name), "messages": list(messages)}:
                for one in (one for one in messages if isinstance(one, dict)):
                    level, line = "error" if one.get("severity") == 2 else "warning", one.get("line")
                    said = _shortened(str(one.get("message")))
                    yield name, line if isinstance(line, int) else 0, level, str(one.get("ruleId") or ""), said


def _json(report: str) -> list[object] | None:
    try:
        said = json.loads(report) if report.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, list) else None
