"""Reads the JUnit XML that pytest writes."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sealift.model.finding import Finding
from sealift.model.template import Location

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

MAX_FINDINGS = 20
_STYLES = re.compile(r"#x1[Bb]\[[0-9;]*m")
"""Colours as pytest writes them into XML, which cannot hold an escape."""
_WHERE_FROM = re.compile(r" \(/\S*\.py\)$")
"""At the end of an ImportError: a path in our own cache, of use to nobody."""
_WAYS_OUT = (
    (
        re.compile(r"KeyError: '([A-Z][A-Z0-9_]+)'"),
        "if that is an environment variable, give {0} under `variables` of these tests in sealift.toml",
    ),
    (
        re.compile(r"ModuleNotFoundError: No module named '([^']+)'"),
        "name what brings {0} in a requirements file, or its folder in PYTHONPATH under `variables` of these tests",
    ),
)
"""What the application's own Makefile or CI file often gives its tests, and nobody else knows of."""
_WITHOUT = "--no-tests goes on without them"
OTHER_WAYS = (
    f"run them as your own CI does, by `command`, `variables` or `path` under [tests.unit] in sealift.toml; {_WITHOUT}"
)
"""What to do about tests that break before they test anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many tests went how. `errors` are those that broke outside the test itself, in collection or fixtures."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    retried: int = 0
    """How many times a test was run again, each counted once by its last outcome."""
    findings: tuple[Finding, ...] = ()

    @property
    def red(self) -> int:
        """How many are not as they should be."""
        return self.failed + self.errors

    def plus(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            errors=self.errors + other.errors,
            skipped=self.skipped + other.skipped,
            retried=self.retried + other.retried,
            findings=(*self.findings, *other.findings)[:MAX_FINDINGS],
        )


def junit_counts(text: str) -> Counts:
    """Return the counts of a report, and a finding for each red test. Raises ValueError when it is not a report."""
    import xml.etree.ElementTree as ET

    try:
        # Written a moment ago by the tests we ran; expat itself guards against entities that explode.
        every = list(ET.fromstring(_STYLES.sub("", text)).iter("testcase"))  # noqa: S314
    except ET.ParseError as error:
        raise ValueError(f"not a JUnit report: {error}") from error
    # That pytest itself was ended says no test; its output has the reason.
    named = [case for case in every if (case.get("classname"), case.get("name")) != ("pytest", "internal")]
    cases = _once(named)
    failed = [case for case in cases if case.find("failure") is not None]
    broken = [case for case in cases if case.find("error") is not None and case.find("failure") is None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    other = {id(case) for case in (*failed, *broken, *skipped)}
    return Counts(
        passed=len(cases) - len(other),
        failed=len(failed),
        errors=len(broken),
        skipped=len(skipped),
        retried=_retried(named),
        findings=tuple(_red(case) for case in (*failed, *broken))[:MAX_FINDINGS],
    )


def _test(case: "ET.Element") -> tuple[str | None, ...]:
    return case.get("file"), case.get("classname"), case.get("name")


def _once(cases: list["ET.Element"]) -> list["ET.Element"]:
    """Return the cases, each test of pytest once: one that is run again has an empty case for each time before."""
    said = {_test(case) for case in cases if len(case)}
    alone = {_test(case): case for case in cases if case.get("file") is not None and not len(case)}
    others = [case for case in cases if len(case) or case.get("file") is None]
    return [*(case for test, case in alone.items() if test not in said), *others]


def _retried(cases: list["ET.Element"]) -> int:
    empty = [_test(case) for case in cases if case.get("file") is not None and not len(case)]
    return len(empty) - len(set(empty))


def _red(case: "ET.Element") -> Finding:
    failure, error = case.find("failure"), case.find("error")
    what = failure if failure is not None else error
    text = "" if what is None else what.get("message") or what.text or ""
    message = _first_line(_missing(what) or text)
    name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
    file, name_alone = case.get("file"), (case.get("name") or "").partition("[")[0]
    way_out = _way_out(message, broken=failure is None)
    return Finding(
        tool="pytest",
        id="test-failed" if failure is not None else "test-broken",
        severity="high",
        message=f"{name}: {message}",
        fix=way_out or (f"To run it alone: pytest {file} -k {name_alone}" if file else ""),
        location=Location(file=file, line=_line(case, what, file)) if file else None,
        stops=True,
    )


def _line(case: "ET.Element", what: "ET.Element | None", file: str) -> int:
    """Return the last line of the file that the traceback names, else that of the test; 0 when neither is known."""
    named = re.findall(
        rf"^{re.escape(file)}:([0-9]{{1,9}}): ", (what.text if what is not None else None) or "", re.MULTILINE
    )
    line = case.get("line") or ""
    # pytest counts lines of tests from 0.
    return int(named[-1]) if named else int(line) + 1 if re.fullmatch("[0-9]{1,9}", line) else 0


def _missing(what: "ET.Element | None") -> str:
    """Return the line that names a missing module, which pytest buries under `collection failure`."""
    lines = ((what.text if what is not None else None) or "").splitlines()
    return next((line.removeprefix("E").strip() for line in lines if line.startswith("E  ")), "")


def _way_out(message: str, *, broken: bool) -> str:
    found = ((pattern.search(message), advice) for pattern, advice in _WAYS_OUT)
    special = next((advice.format(match[1]) for match, advice in found if match), "")
    if not broken:
        return special
    return f"{special}; {_WITHOUT}" if special else OTHER_WAYS


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = _WHERE_FROM.sub("", line)
    return line if len(line) <= 200 else line[:199] + "…"
