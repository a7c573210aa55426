"""Reads what test runners print: how many tests went how, and which are red. Pure.

For runners that write no JUnit XML unless they are asked to: unittest, node's own, jest, vitest and mocha.
"""

import re
from collections.abc import Iterator
from itertools import islice

from sealift.analysis.junit import MAX_FINDINGS, Counts
from sealift.model.finding import Finding
from sealift.model.template import Location

_MOST = 5 * MAX_FINDINGS
_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_NONE = re.compile(
    r"^(?:No tests? (?:files )?found, exiting with code 0|NO TESTS RAN.*| +Tests +no tests)$", re.MULTILINE
)
_UNITTEST = re.compile(r"^Ran ([0-9]{1,9}) tests? in .*\n\n(?:OK|FAILED|NO TESTS RAN)(?: \(([^)]*)\))?$", re.MULTILINE)
_UNITTEST_RED = re.compile(
    r"^(?P<kind>ERROR|FAIL): (?P<name>.*)\n(?:.*\n)?-{70}\n(?P<said>(?:(?![=-]{70}).*\n)*)", re.MULTILINE
)
_NODE = re.compile(r"^(?:#|ℹ) tests ([0-9]{1,9})\n((?:(?:#|ℹ) .*\n?)*)", re.MULTILINE)
_NODE_FILE = re.compile(r"^(?:ok \d+ - |✔ )\S*\.[cm]?[jt]sx?(?: \([\d.]+ms\))?$", re.MULTILINE)
"""A file without a test in it counts as a test that passed."""
_TAP_RED = re.compile(
    r"^(?P<indent> *)not ok \d+ - (?P<name>.*)\n(?P<said>(?: *(?!not ok|ok \d|# ).*\n)*)", re.MULTILINE
)
_SPEC_RED = re.compile(
    r"^test at (?P<file>.*):(?P<line>[0-9]{1,9}):\d+\n✖ (?P<name>.*?)(?: \([\d.]+ms\))?\n"
    r"(?P<said>(?:  .*\n|\n(?!test at))*)",
    re.MULTILINE,
)
_JEST = re.compile(r"^Tests: +(.*?)(?:, )?([0-9]{1,9}) total$", re.MULTILINE)
_JEST_RED = re.compile(r"^  ● (?P<name>.*)\n(?P<said>(?:(?!  ● |\S).*\n)*)", re.MULTILINE)
_VITEST = re.compile(r"^ +Tests +(.*?) \(([0-9]{1,9})\)$", re.MULTILINE)
_JEST_FILE = re.compile(r"^ ?FAIL +(?P<file>\S.*?\.[cm]?[jt]sx?)(?: \([\d.]+ m?s\))?$", re.MULTILINE)
_VITEST_RED = re.compile(
    r"^ FAIL  (?P<file>\S.*?) (?:>|(?=\[ )) ?(?P<name>.*)\n(?P<said>(?:(?! FAIL  |⎯).*\n)*)", re.MULTILINE
)
_MOCHA = re.compile(r"^  ([0-9]{1,9}) passing\b.*\n((?:  [0-9]+ \w+\n)*)", re.MULTILINE)
_MOCHA_RED = re.compile(
    r"^  [0-9]{1,6}\) (?P<name>\S.*(?:\n {7,60}\S.*){0,20}?):\n(?P<said>(?:(?!  [0-9]{1,6}\) ).*\n)*)", re.MULTILINE
)
_PAIR = re.compile(r"(?:([0-9]{1,9}) ([a-z]+)|([a-z ]+)=([0-9]{1,9})|(?:#|ℹ) ([a-z]+) ([0-9]{1,9}))")
_PLACE = re.compile(
    r"(?:(?:\(|❯ |at (?:async )?)(?:file://)?((?!node:)[^\s()'\"][^()'\"\n]{0,400}?\.[cm]?[jt]sx?)"
    r"|^ *(?:file://)?((?!node:)[^\s()'\"]+?\.[cm]?[jt]sx?)):([0-9]{1,9}):\d+",
    re.MULTILINE,
)
_FRAME = re.compile(r'^  File "(.+)", line ([0-9]{1,9})', re.MULTILINE)
_LOCATION = re.compile(r"location: '(.+):([0-9]{1,9}):\d+'")
_ERROR = re.compile(r"error: (?:\|-\n\s*(.*)\n\s*\n?\s*(.*)|'(.*)')")
_EXPECTED = re.compile(r"^ *((?:Expected|Received)[^:]*: .*)$", re.MULTILINE)
_RAISED = re.compile(r"^ *((?:\w*Error|\w*Exception)\b.*)$(?:(?<=:)\n\s*\n\s*(\S.*))?", re.MULTILINE)


def printed_counts(output: str) -> Counts | None:
    """Return what the runners that printed this say together; None where none is recognised."""
    text = _STYLES.sub("", output).replace("\r\n", "\n") + "\n"
    every = [*_of_unittest(text), *_of_node(text), *_of_others(text)]
    if not every and _NONE.search(text):
        return Counts()
    total = Counts()
    for one in every:
        total = total.plus(one)
    return total if every else None


def _of_unittest(text: str) -> Iterator[Counts]:
    for ran in _UNITTEST.finditer(text):
        said = _numbers(ran[2] or "")
        failed = said.get("failures", 0) + said.get("unexpected successes", 0)
        yield _counts(
            int(ran[1]), failed, said.get("errors", 0), said.get("skipped", 0) + said.get("expected failures", 0)
        )
    for red in islice(_UNITTEST_RED.finditer(text), _MOST):
        frames = [one for one in _FRAME.findall(red["said"]) if "/lib/python" not in one[0]]
        raised = [line for line in red["said"].splitlines() if line and not line.startswith(" ")]
        message = next((line for line in raised[1:] if line != "Traceback (most recent call last):"), "it is red")
        yield _red(red["name"], message, frames[-1] if frames else None, broken=red["kind"] == "ERROR")


def _of_node(text: str) -> Iterator[Counts]:
    for ran in _NODE.finditer(text):
        said = _numbers(ran[2])
        skipped = said.get("skipped", 0) + said.get("todo", 0)
        whole = max(0, int(ran[1]) - len(_NODE_FILE.findall(text)))
        yield _counts(whole, said.get("fail", 0) + said.get("cancelled", 0), 0, skipped)
        for red in islice(_TAP_RED.finditer(text), _MOST):
            if "failureType: 'subtestsFailed'" not in red["said"]:
                error, at = _ERROR.search(red["said"]), _place(red["said"].partition("stack:")[2])
                message = " ".join(part for part in error.groups() if part) if error else "it is red"
                yield _red(red["name"], message, (at or _LOCATION.search(red["said"])))
        for red in islice(_SPEC_RED.finditer(text), _MOST):
            yield _red(red["name"], _raised(red["said"]), _place(red["said"]) or (red["file"], red["line"]))


def _of_others(text: str) -> Iterator[Counts]:
    for pattern, reds in ((_JEST, _JEST_RED), (_VITEST, _VITEST_RED)):
        for ran in pattern.finditer(text):
            said = _numbers(ran[1])
            yield _counts(int(ran[2]), said.get("failed", 0), 0, said.get("skipped", 0) + said.get("todo", 0))
            seen = {}
            for red in islice(reds.finditer(text), _MOST):
                message = ", ".join(_EXPECTED.findall(red["said"])[:2]) or _raised(red["said"])
                file = red["file"] if pattern is _VITEST else _file_of(text, red.start())
                if red["name"] != "Console":
                    at = _place(red["said"]) or ((file, "0") if file else None)
                    name = "the file cannot be loaded" if red["name"].startswith("[ ") else red["name"]
                    seen[file, name] = _red(name, message, at)
            yield from seen.values()
    for ran in _MOCHA.finditer(text):
        said = _numbers(ran[2])
        yield Counts(passed=int(ran[1]), failed=said.get("failing", 0), skipped=said.get("pending", 0))
        for red in islice(_MOCHA_RED.finditer(text, ran.end()), _MOST if "failing" in said else 0):
            name = " › ".join(part.strip() for part in red["name"].splitlines())
            yield _red(name, _raised(red["said"]), _place(red["said"]))


def _place(text: str) -> tuple[str, str] | None:
    """Return the first file and line that a trace names and that is not installed."""
    every = ((one[1] or one[2], one[3]) for one in _PLACE.finditer(text))
    return next((one for one in every if "node_modules/" not in one[0]), None)


def _file_of(text: str, end: int) -> str:
    """Return the file that jest names above a red test."""
    named = [one["file"] for one in _JEST_FILE.finditer(text, max(0, end - 20_000), end)]
    return named[-1] if named else ""


def _raised(said: str) -> str:
    """Return what was raised; where that has no type, its first line."""
    if raised := _RAISED.search(said):
        return " ".join(filter(None, raised.groups()))
    return next((line.strip() for line in said.splitlines() if line.strip()), "it is red")


def _numbers(said: str) -> dict[str, int]:
    found = {}
    for number, name, other, value, third, last in _PAIR.findall(said):
        found[(name or other or third).strip()] = int(number or value or last)
    return found


def _counts(ran: int, failed: int, errors: int, skipped: int) -> Counts:
    return Counts(passed=max(0, ran - failed - errors - skipped), failed=failed, errors=errors, skipped=skipped)


def _red(name: str, message: str, at: "re.Match[str] | tuple[str, str] | None", *, broken: bool = False) -> Counts:
    file, line = at.groups()[:2] if isinstance(at, re.Match) else at or ("", "")
    said = message.strip()
    finding = Finding(
        tool="tests",
        id="test-broken" if broken else "test-failed",
        severity="high",
        message=f"{name}: {said if len(said) <= 200 else said[:199] + '…'}",
        location=Location(file=file, line=int(line)) if file else None,
        stops=True,
    )
    return Counts(findings=(finding,))
