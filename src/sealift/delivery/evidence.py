"""Evidence as it is stored beside the manifest of a release. Pure.

It is bound to the release by the digest that it names. It holds no time, so that the same results give the same bytes.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields

from sealift.model import stored
from sealift.model.evidence import Evidence
from sealift.model.finding import SuiteResult
from sealift.model.release import Origin
from sealift.model.stored import canonical_json, of_type, plain

FORMAT = 1
LEFT_OUT = SuiteResult(name="unit tests", status="not tested", reason="left out by --no-tests")


def evidence_key(digest: str) -> str:
    """Return the bucket key of a release's evidence."""
    return f"releases/{digest}/evidence.json"


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
        advice=dict(sorted(Counter(one.tool for one in analysis.findings if not one.stops).items())),
        tests=unit.status if tests else "left out",
        passed=unit.passed,
        failed=unit.failed,
        skipped=unit.skipped,
        reason=unit.reason if unit.status == "not tested" else "",
        tools=tools,
    )


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
