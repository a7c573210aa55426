"""Known vulnerabilities of what a release holds, by `uv audit`. What its service does not answer is not checked.

uv audits projects, so the locked versions are given to it as one: a lock file of a project that is never installed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from uv import find_uv_bin

from sealift.analysis.requirements import is_test_requirements
from sealift.checks.cache import TextCache, content_key
from sealift.checks.files import project_files, text
from sealift.model.finding import Finding, SuiteResult
from sealift.model.template import Location
from sealift.ports import Completed, Process

NAME = "vulnerabilities"
TOOL = "uv audit"
TIMEOUT_S = 30.0
SERVICE = "SEALIFT_OSV_URL"
"""The environment variable with the address of another OSV service, where uv's own cannot be reached."""
_PREVIEWS = "audit-command,json-output"
_PROJECT = '[project]\nname = "audited"\nversion = "0"\nrequires-python = ">=3.8"\ndependencies = {}\n'
_DECLARE = ("pyproject.toml", "Pipfile", "Pipfile.lock", "uv.lock", "poetry.lock", "pylock.toml")
_NOWHERE = "http://127.0.0.1:9/simple"
"""The index of the lock file: nothing is read from it."""


def audit(
    pins: Sequence[str],
    *,
    process: Process,
    env: Mapping[str, str],
    cache: TextCache,
    today: str,
    service: str | None = None,
) -> SuiteResult:
    """Return what is known of these packages of Python (`name==version`); kept for a day.

    `service` is the address of an OSV service, in place of uv's own. "not tested" when it could not be asked.
    """
    if not pins:
        return SuiteResult(name=NAME, status="not tested", reason="it holds no package of Python")
    findings: list[Finding] = []
    for some in _rounds(pins):
        key = content_key(("uv audit", today, service or "", *some))
        report, done = cache.get(key), None
        if report is None:
            done = _run(some, process, env, service)
            report = done.stdout
        try:
            found = None if done and (done.timed_out or done.returncode not in (0, 1)) else _findings(report)
        except (ValueError, TypeError, KeyError):
            found = None
        if found is None:
            why = _why(done) if done else "its report cannot be read"
            return SuiteResult(name=NAME, status="not tested", reason=f"not checked: {why}")
        cache.put(key, report)
        findings += found
    return SuiteResult(name=NAME, status="succeeded", passed=len(pins), findings=tuple(findings))


def _rounds(pins: Sequence[str]) -> Iterator[list[str]]:
    """Yield the packages in lots: a project has each package in one version, functions may have several."""
    left = sorted(set(pins))
    while left:
        first = {pin.partition("==")[0]: pin for pin in reversed(left)}
        yield sorted(first.values())
        left = [pin for pin in left if pin not in first.values()]


def _run(pins: Sequence[str], process: Process, env: Mapping[str, str], service: str | None) -> Completed:
    with TemporaryDirectory(prefix="sealift-audit-") as folder:
        Path(folder, "pyproject.toml").write_text(_PROJECT.format(json.dumps(list(pins))))
        Path(folder, "uv.lock").write_text("\n".join(_lock(pins)))
        argv = [find_uv_bin(), "audit", "--frozen", "--preview-features", _PREVIEWS, "--output-format", "json"]
        argv += ["--service-url", service] if service else []
        given = {**env, "UV_HTTP_RETRIES": "0", "UV_NO_CONFIG": "1"}
        return process.run(argv, cwd=Path(folder), env=given, timeout_s=TIMEOUT_S)


def _lock(pins: Sequence[str]) -> Iterator[str]:
    pairs = [pin.partition("==")[::2] for pin in pins]
    names = ", ".join(f"{{ name = {json.dumps(name)}, version = {json.dumps(version)} }}" for name, version in pairs)
    yield 'version = 1\nrequires-python = ">=3.8"\n'
    yield '[[package]]\nname = "audited"\nversion = "0"\nsource = { virtual = "." }'
    yield f"dependencies = [{names}]\n"
    for name, version in pairs:
        yield f"[[package]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}"
        yield f"source = {{ registry = {json.dumps(_NOWHERE)} }}\n"


def _why(done: Completed) -> str:
    if done.timed_out:
        return f"the service did not answer within {TIMEOUT_S:g} s"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith("warning:")]
    return (lines[0].removeprefix("error: ") if lines else f"uv ended with {done.returncode}")[:300]


def _findings(report: str) -> tuple[Finding, ...]:
    """Return what a report of uv says. Raises ValueError, TypeError or KeyError when it is none."""
    return tuple(_known(json.loads(report)["vulnerabilities"]))


def _known(listed: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for one in listed:
        package = f"{one['dependency']['name']} {one['dependency']['version']}"
        fixed = ", ".join(one.get("fix_versions") or ())
        yield Finding(
            tool=TOOL,
            id=str(one["display_id"]),
            severity="high",
            message=f"{package} has a known vulnerability: {one.get('summary') or one['display_id']}",
            fix=f"Take {one['dependency']['name']} {fixed}." if fixed else "No version mends it yet.",
            data={"package": package, "link": str(one.get("link") or "")},
        )


def placed(root: Path, finding: Finding) -> Finding:
    """Return a finding with the line that names its package, where a requirements or lock file has one."""
    name = re.sub(r"[-_.]+", "[-_.]+", finding.data["package"].partition(" ")[0])
    line = re.compile(rf"""\s*(?:name = |-\s+)?["']?{name}(?:["'\s=<>~!;\[@].*)?""", re.IGNORECASE)
    files = [file for file in project_files(root) if PurePosixPath(file).name in _DECLARE or "requirements" in file]
    for file in sorted(files, key=lambda one: (is_test_requirements(one), one)):
        for number, said in enumerate(text(root / file).splitlines(), 1):
            if line.fullmatch(said):
                return replace(finding, location=Location(file=file, line=number))
    return finding
