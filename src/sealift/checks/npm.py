"""Known vulnerabilities of packages of npm, by `npm audit` over the lock files: nothing is installed for it.

It asks the registry that the folder's settings name; what that does not answer is not checked.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealift.checks.cache import TextCache, content_key
from sealift.checks.files import project_files, text
from sealift.checks.notes import said
from sealift.errors import UserError
from sealift.model.finding import Finding, Severity
from sealift.model.template import Location
from sealift.ports import Process

TOOL = "npm audit"
_TIMEOUT_S = 60.0
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_SEVERITIES: Mapping[str, Severity] = {"critical": "critical", "high": "high", "moderate": "medium", "low": "low"}


def audit_npm(
    root: Path, *, process: Process, env: Mapping[str, str] | None, cache: TextCache, today: str
) -> tuple[tuple[Finding, ...], str]:
    """Return what is known of the locked packages, and why some were not checked; kept for a day."""
    locks = [file for file in project_files(root) if posixpath.basename(file) in _LOCKS]
    findings: list[Finding] = []
    unchecked = "" if locks else "no package-lock.json fixes their versions"
    for lock in locks:
        key = content_key((TOOL, today, text(root / lock)))
        report = cache.get(key)
        if report is None:
            report, problem = _asked(root / posixpath.dirname(lock), process, env)
            if problem:
                unchecked = f"{lock}: {problem}"
                continue
            cache.put(key, report)
        findings += _findings(json.loads(report), root, lock)
    return tuple({(one.id, one.message, one.location): one for one in findings}.values()), unchecked


def _asked(folder: Path, process: Process, env: Mapping[str, str] | None) -> tuple[str, str]:
    """Return the report of one folder, and what went wrong."""
    argv = ("npm", "audit", "--json", "--omit=dev", "--package-lock-only", "--fetch-retries=0")
    try:
        done = process.run(argv, cwd=folder, env=env, timeout_s=_TIMEOUT_S)
    except UserError as error:
        return "", error.message
    if done.timed_out:
        return "", f"npm did not answer within {_TIMEOUT_S:g} s"
    try:
        report = json.loads(done.stdout)
        list(_findings(report, folder, ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return "", said(done) or "npm gave no report"
    return done.stdout, ""


def _findings(report: Mapping[str, Any], root: Path, lock: str) -> Iterator[Finding]:
    """Yield each advisory of each package. Raises KeyError, TypeError or AttributeError for what is not a report."""
    lines = text(root / lock).splitlines() if lock else []
    for name, one in report["vulnerabilities"].items():
        fix = one["fixAvailable"]
        cure = "`npm audit fix` mends it." if fix else "No version mends it yet."
        if isinstance(fix, dict):
            cure = f"Take {fix['name']} {fix['version']}."
        line = next((n for n, line in enumerate(lines, 1) if f'"node_modules/{name}": {{' in line), 0)
        for advisory in one["via"]:
            if isinstance(advisory, dict):  # a name stands for a package that brings the fault along
                yield Finding(
                    tool=TOOL,
                    id=str(advisory["url"]).rpartition("/")[2],
                    severity=_SEVERITIES.get(advisory["severity"], "medium"),
                    message=f"{name} {advisory['range']} has a known vulnerability: {advisory['title']}",
                    location=Location(file=lock, line=line),
                    fix=cure,
                    data={"package": name, "link": str(advisory["url"])},
                )
