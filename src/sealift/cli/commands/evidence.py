"""`evidence`: what an auditor asks of a release, on one page."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from sealift.cli.session import Session, options
from sealift.model.evidence import Evidence
from sealift.reports.document import Section, Tone
from sealift.usecases.dossier import Dossier

Row = tuple[str, str, Tone]
_TONES: dict[str, Tone] = {"ok": "good", "succeeded": "good", "failed": "bad", "errored": "bad", "refused": "bad"}


@click.command("evidence")
@click.argument("release", required=False)
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one HTML page.")
@options()
def evidence_command(session: Session, release: str | None, page: Path | None) -> int:
    """Show all that is known of RELEASE (its digest or the beginning of it; by default what production runs).

    Commit, author, analysis, tests, proof, provenance, signature, approvals, deployments, soak, dependencies. What is
    not known is named. Nothing is written but the page.
    """
    from sealift.usecases.dossier import dossier

    found = dossier(session.app, session.services, release=release)
    sections = session.said(tuple(evidence_sections(found)))
    if page is not None:
        from sealift.cli.files import write_report
        from sealift.reports.document import sections_page

        write_report(page, sections_page(f"{found.release.app}: release {found.release.short()}", sections))
    body = {
        "release": found.release.digest,
        "commit": found.origin.commit,
        "sections": {s.title: [{"name": label, "text": text} for label, text, _ in s.rows] for s in sections},
    }
    return session.show(body, _lines(sections) if page is None else [f"Wrote {page}"])


def _lines(sections: tuple[Section, ...]) -> Iterator[str]:
    for number, section in enumerate(sections):
        yield ("\n" if number else "") + section.title
        for label, text, _ in section.rows:
            yield f"  {label:<24}{text}"


def evidence_sections(found: Dossier) -> Iterator[Section]:
    """Yield the sections of the page."""
    yield Section(title="Release", rows=tuple(_release(found)))
    yield Section(title="Analysis and tests", rows=tuple(_evidence(found.evidence)))
    checks: list[Row] = [
        (one.name, f"{one.status}: {one.detail}", _TONES.get(one.status, "dim")) for one in found.checks
    ]
    there = {one.name for one in found.checks}
    checks += [(name, "there is none", "dim") for name in ("isolation", "provenance", "signature") if name not in there]
    yield Section(title="Proof, provenance and signature, as checked now", rows=checks)
    yield Section(title="What happened", rows=tuple(_happened(found)))
    names = found.components
    rows: list[Row] = [("", name, "") for name in names] or [("", "none recorded", "dim")]
    yield Section(title=f"Dependencies ({len(names)})", rows=rows)


def _release(found: Dossier) -> Iterator[Row]:
    origin, commit = found.origin, found.commit
    yield "digest", found.release.digest, ""
    yield "application", found.release.app, ""
    yield "built from commit", origin.commit or "unknown", "" if origin.commit else "bad"
    if origin.dirty:
        yield "work tree", "differed from the commit", "bad"
    yield "subject", origin.subject or (commit.subject if commit else "unknown"), ""
    yield "author", origin.author or (commit.author if commit else "unknown"), ""
    yield "committed", f"{commit.at:%Y-%m-%d %H:%M:%S} UTC" if commit else "this clone does not have the commit", ""
    yield "artifacts", str(len(found.release.artifacts)), ""


def _evidence(evidence: Evidence | None) -> Iterator[Row]:
    if evidence is None:
        yield "analysis, tests", "nobody recorded that it was analysed and tested", "bad"
        return
    advice = ", ".join(f"{count} of {tool}" for tool, count in evidence.advice.items())
    yield (
        "analysis",
        evidence.analysis + (f"; advice: {advice}" if advice else ""),
        _TONES.get(evidence.analysis, "bad"),
    )
    counts = f"{evidence.passed} passed, {evidence.failed} failed, {evidence.skipped} skipped"
    told = counts if evidence.tests in _TONES else evidence.reason
    yield "unit tests", f"{evidence.tests}: {told}", _TONES.get(evidence.tests, "bad")
    yield "vulnerabilities", evidence.vulnerabilities, ""
    yield "on commit", evidence.commit or "unknown", ""
    yield "with", ", ".join(f"{name} {version}" for name, version in evidence.tools.items()), "dim"


def _happened(found: Dossier) -> Iterator[Row]:
    from sealift.cli.tables import by_whom, what
    from sealift.cli.view import about

    verified: dict[str, datetime] = {}
    for entry in found.entries:
        record = entry.record
        if record.status == "running":
            continue
        place = f"{entry.at:%Y-%m-%d %H:%M:%S}"
        if record.kind == "promotion" and verified:
            where, since = max(verified.items(), key=lambda pair: pair[1])
            yield place, f"soaked {about((entry.at - since).total_seconds())} in {where}", ""
        text = f"{entry.environment}: {what(record, {})} {record.status}, by {by_whom(entry)}"
        yield place, text, _TONES.get(record.status, "dim") if record.status != "succeeded" else ""
        if record.kind == "verification" and record.status == "succeeded":
            verified.setdefault(entry.environment, entry.at)
    for problem in found.unread:
        yield "not read", problem, "bad"
    if all(entry.record.kind != "approval" for entry in found.entries):
        yield "approvals", "there is none", "dim"
    if not found.entries:
        yield "", "no environment deployed it", "dim"
