"""Type checkers and linters that a team uses: how each is configured and called, and how its report is read. Pure."""

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sealift.analysis.diagnostics import Diagnostic, diagnostics
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
        argv=("bandit", "-r", ".", "-q", "-f", "json"),
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
_WARNINGS = ("warning", "warn")
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
    """Return whether a tool that found nothing would print this: eslint and bandit print JSON even then."""
    kind = {"eslint": list, "bandit": dict}.get(tool)
    return kind is None or isinstance(_json(report), kind)


def report_findings(tool: str, report: str, *, folder: str, stops: bool) -> Iterator[Finding]:
    """Yield what a report says of files: as JSON of eslint or bandit, or as linters print it for people.

    `folder` is where the tool was run, absolute; paths are given relative to it. Of a huge report the beginning counts.
    """
    read = (one for form in (_of_eslint, _of_bandit, _of_text) for one in form(report) if one.said)
    every = dict.fromkeys(islice(read, MOST_FINDINGS))
    # What fails beside errors is not the warnings.
    only_warns = all(one.level in _WARNINGS for one in every)
    for one in every:
        file, stopping = posixpath.normpath(one.file), stops and (only_warns or one.level not in _WARNINGS)
        yield Finding(
            tool=tool,
            id=one.rule or tool,
            severity="high" if stopping else _SEVERITIES.get(one.level, "medium"),
            message=redacted(one.said),
            fix=redacted(one.fix) or f"The documentation of {tool} explains {one.rule or 'it'}.",
            location=Location(file=posixpath.relpath(file, folder) if file.startswith("/") else file, line=one.line),
            stops=stopping,
        )


def warnings(said: str) -> str:
    """Return what a tool says beside its report: that it does not understand its settings, or has nothing to read."""
    lines = [line.strip() for line in unstyled(said).splitlines() if line.strip()]
    return " ".join(line for line in lines if not _CHATTER.match(line))


_CHATTER = re.compile(
    r"(?:INFO\b|\[\w+\]\s+INFO\b|npm |\(node:\d+\)|\(Use `node|stubPath |added \d+ package|WARN ty is pre-release"
    r"|WARNING: there is a new pyright|Please install the new version|Working\.\.\.)"
)
"""What tools say on their error stream although all is well."""


def _of_text(report: str) -> Iterator[Diagnostic]:
    return diagnostics(_shortened(line).rstrip() for line in unstyled(report).splitlines())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def _of_eslint(report: str) -> Iterator[Diagnostic]:
    """Yield what eslint reports; nothing of what only looks like it."""
    said = _json(report)
    for file in said if isinstance(said, list) else ():
        match file:
            case {"filePath": str(name), "messages": list(messages)}:
                for one in (one for one in messages if isinstance(one, dict)):
                    level, line = "error" if one.get("severity") == 2 else "warning", one.get("line")
                    rule, fix = str(one.get("ruleId") or ""), "`eslint --fix` corrects it." if one.get("fix") else ""
                    message = _shortened(str(one.get("message")))
                    yield Diagnostic(name, line if isinstance(line, int) else 0, level, rule, message, fix)


def _of_bandit(report: str) -> Iterator[Diagnostic]:
    """Yield what bandit reports, and which files it could not read."""
    match _json(report):
        case {"results": list(results), "errors": list(errors)}:
            for one in (one for one in (*results, *errors) if isinstance(one, dict)):
                line, more = one.get("line_number"), one.get("more_info")
                yield Diagnostic(
                    str(one.get("filename")),
                    line if isinstance(line, int) else 0,
                    str(one.get("issue_severity") or "").lower(),
                    str(one.get("test_id") or ""),
                    _shortened(str(one.get("issue_text") or one.get("reason"))),
                    f"{more} explains it." if more else "",
                )


def _json(report: str) -> object:
    """Return a report that is JSON, None for another one."""
    try:
        return json.loads(report) if report.lstrip().startswith(("[", "{")) else None
    except (ValueError, RecursionError):
        return None
