"""The verdict as SARIF 2.1.0, so that findings of the proof stand beside the line of the template in a code review.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from sealift.isolation.model import Accepted, Finding, Verdict
from sealift.isolation.prove import PROVER_VERSION
from sealift.isolation.rule import Rule
from sealift.model.finding import Severity
from sealift.model.template import Json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: dict[Severity, str] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
SCORES: dict[Severity, str] = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "3.0", "info": "1.0"}
"""`security-severity` as code hosts read it: from 9 critical, from 7 high, from 4 medium."""


def sarif(
    verdict: Verdict, *, accepted: Sequence[Accepted] = (), folder: str = "", otherwise: str | None = None
) -> dict[str, Json]:
    """Return the verdict as a SARIF log with one run.

    `accepted` gives the reasons of accepted findings; `folder` is the application's folder within the repository;
    `otherwise` is the file at whose first line findings without a place are shown (some code hosts drop them).
    """
    from sealift.isolation.rules import RULES

    places = _Places(folder, otherwise)
    numbers = {rule.id: index for index, rule in enumerate(RULES)}
    results: list[Json] = [_result(finding, numbers, places) for finding in verdict.findings]
    results += [_informational(_result(finding, numbers, places)) for finding in verdict.residuals]
    results += [_suppressed(_result(finding, numbers, places), finding, accepted) for finding in verdict.accepted]
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": "Sealift prove",
                "version": PROVER_VERSION,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "verdict": verdict.level,
            "environments": list(verdict.environments),
            "axioms": list(verdict.axioms),
            "inputs": dict(verdict.inputs),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


class _Places:
    """Turns places of findings into SARIF locations."""

    def __init__(self, folder: str, otherwise: str | None) -> None:
        self._folder = folder.strip("/")
        self._otherwise = otherwise

    def of(self, finding: Finding) -> Iterator[Json]:
        """Yield the place of a finding, if it has one."""
        file = finding.location.file if finding.location else self._otherwise
        line = finding.location.line if finding.location else 0
        logical = finding.logical_id or (finding.location.logical_id if finding.location else None)
        place: dict[str, Json] = {}
        if file:
            # Windows paths and spaces are not URIs; a line of 0 is not known and SARIF counts from 1.
            uri = quote("/".join(p for p in (self._folder, file.replace("\\", "/")) if p), errors="surrogatepass")
            place["physicalLocation"] = {
                "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": max(line, 1)},
            }
        if logical:
            place["logicalLocations"] = [{"name": logical, "kind": "resource"}]
        if place:
            yield place


def _result(finding: Finding, numbers: dict[str, int], places: _Places) -> dict[str, Json]:
    body: dict[str, Json] = {
        "ruleId": finding.id,
        "level": "error" if finding.unproved else LEVELS[finding.severity],
        "message": {"text": _sentences(finding)},
        "locations": list(places.of(finding)),
        "partialFingerprints": {"sealift/v1": _fingerprint(finding)},
        "properties": {
            "severity": finding.severity,
            "from": finding.source,
            "to": finding.target,
            "unproved": finding.unproved,
            **_witness(finding),
        },
    }
    if finding.id in numbers:
        body["ruleIndex"] = numbers[finding.id]
    return body


def _witness(finding: Finding) -> dict[str, Json]:
    if finding.witness is None:
        return {}
    w = finding.witness
    return {
        "witness": {"principal": w.principal, "action": w.action, "resource": w.resource},
        "path": list(w.path),
    }


def _sentences(finding: Finding) -> str:
    parts = [finding.message]
    if finding.witness is not None:
        parts.append(f"Witness: {finding.witness.principal} · {finding.witness.action} · {finding.witness.resource}")
    if finding.fix:
        parts.append(f"Fix: {finding.fix}")
    # `[text](target)` would become a link, and names in a template are anybody's. Braces are left as they are:
    # they would have to be doubled by the letter of the specification, and no reader halves them.
    text = "\n".join(parts).replace("](", "] (")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "\ufffd", text)


def _fingerprint(finding: Finding) -> str:
    """Return what stays the same when lines move."""
    return hashlib.sha256(f"{finding.key}\0{finding.message}".encode("utf-8", "surrogatepass")).hexdigest()


def _informational(result: dict[str, Json]) -> dict[str, Json]:
    """A residual is listed, never claimed: SARIF wants level none for what is not a failure."""
    return {**result, "kind": "informational", "level": "none"}


def _suppressed(result: dict[str, Json], finding: Finding, accepted: Sequence[Accepted]) -> dict[str, Json]:
    answer = next((one for one in accepted if one.covers(finding)), None)
    suppression: dict[str, Json] = {"kind": "external", "status": "accepted"}
    if answer is not None:
        suppression["justification"] = f"{answer.reason} (until {answer.expires.isoformat()})"
    return {**result, "suppressions": [suppression]}


def _rule(rule: Rule) -> dict[str, Json]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", rule.title)),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\nWhat to do: {rule.fix}",
            "markdown": f"**{rule.title}**\n\n{rule.why}\n\n**What to do:** {rule.fix}\n\n"
            f"A template that has this finding:\n\n```yaml\n{rule.failing.template.strip()}\n```\n\n"
            f"One that does not:\n\n```yaml\n{rule.passing.template.strip()}\n```\n",
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "severity": rule.severity,
            "security-severity": SCORES[rule.severity],
            "tags": [
                "security",
                "isolation",
                *(["live"] if rule.live else []),
                *(["residual"] if rule.residual else []),
            ],
        },
    }
