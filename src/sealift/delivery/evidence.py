"""Evidence as it is stored beside the manifest of a release. Pure.

It is bound to the release by the digest that it names, and to what was recorded by its own hash, which the ledger names
with each deployment. It holds no time, so that the same results give the same bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields

from sealift.delivery.history import deliveries
from sealift.model import stored
from sealift.model.evidence import Evidence
from sealift.model.finding import NOT_RUN, Finding, SuiteResult
from sealift.model.ledger import Entry
from sealift.model.release import Origin
from sealift.model.stored import canonical_json, of_type, plain

FORMAT = 1
LEFT_OUT = SuiteResult(name="unit tests", status="not tested", reason="left out by --no-tests")


def evidence_of(
    release: str, origin: Origin, *, analysis: SuiteResult, tests: SuiteResult | None, tools: Mapping[str, str]
) -> Evidence:
    """Return the evidence of a release. `tests` is None when they were skipped."""
    unit = tests or LEFT_OUT
    return Evidence(
        release=release,
        commit=origin.commit,
        dirty=origin.dirty,
        analysis=analysis.status,
        advice=dict(sorted(Counter(one.tool for one in analysis.findings if _is_advice(one)).items())),
        not_run=tuple(sorted({one.message for one in analysis.findings if one.id in NOT_RUN})),
        tests=unit.status if tests else "left out",
        passed=unit.passed,
        failed=unit.failed,
        skipped=unit.skipped,
        reason=unit.reason if unit.status == "not tested" else "",
        tools=tools,
    )


def _is_advice(finding: Finding) -> bool:
    return not finding.stops and finding.id not in NOT_RUN


def written(evidence: Evidence) -> bytes:
    """Return the bytes that are stored."""
    return canonical_json({"format": FORMAT, **plain(evidence)})


def read(body: bytes) -> Evidence | None:
    """Return stored evidence, or None when it is none that this version can read."""
    try:
        said = of_type(dict, json.loads(body))
        known = said.pop("format", None) == FORMAT and said.keys() <= {one.name for one in fields(Evidence)}
        return stored.read(Evidence, said) if known else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def sha256_of(body: bytes) -> str:
    """Return the hash by which the ledger names evidence."""
    return hashlib.sha256(body).hexdigest()


def named_evidence(entries: Sequence[Entry], release: str) -> str | None:
    """Return the hash of the evidence that the newest delivery of a release names; None where none names any."""
    named = [one.evidence for one in deliveries(entries, release=release) if one.evidence]
    return named[-1] if named else None


def kept(before: bytes | None, evidence: Evidence, *, named: str | None) -> bytes:
    """Return which evidence of a release is stored: the new one, unless the recorded one before says as much.

    What the ledger does not name is never kept: somebody else may have written it.
    """
    found = read(before) if before is not None and sha256_of(before) == named else None
    if before is None or found is None or found.release != evidence.release:
        return written(evidence)
    as_much = evidence.wanting or found.settings == evidence.settings
    return before if as_much and not found.wanting else written(evidence)
