"""The findings that an application had when it began: they are counted, and neither shown nor stopped at. Pure.

A finding is known by tool, rule, file and message, not by its line, which changes with every edit above it, nor by
lines that the message names. The file holds how often each was there: one more of the same is new.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from sealift.model.finding import Finding

NAME = "sealift-baseline.json"
_LINE = re.compile(r"\bline [0-9]+")
"""As in ruff's "Redefinition of unused `os` from line 3" and mypy's "already defined on line 5"."""


def fingerprint(finding: Finding) -> str:
    """Return what a finding is known by."""
    file = finding.location.file if finding.location else ""
    message = _LINE.sub("line", finding.message)
    said = hashlib.sha256(message.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{finding.tool} {finding.id} {file} {said}"


def written(findings: Iterable[Finding]) -> str:
    """Return the text of a baseline with these findings."""
    counts = Counter(map(fingerprint, findings))
    return json.dumps({"version": 1, "findings": dict(sorted(counts.items()))}, indent=1) + "\n"


def read(text: str) -> Mapping[str, int] | None:
    """Return how often each finding was there, or None when the text is not a baseline."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("version") != 1:
        return None
    counts = said.get("findings")
    if not isinstance(counts, dict) or not all(type(count) is int for count in counts.values()):
        return None
    return counts


def divided(findings: Iterable[Finding], known: Mapping[str, int]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that are new, and those that the baseline has."""
    left, new, old = Counter(known), list[Finding](), list[Finding]()
    for finding in findings:
        name = fingerprint(finding)
        left[name] -= 1
        (old if left[name] >= 0 else new).append(finding)
    return tuple(new), tuple(old)
