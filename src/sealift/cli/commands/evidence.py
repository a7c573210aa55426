"""`evidence`: what an auditor asks of a release, on one page."""

from collections.abc import Iterator
from pathlib import Path

import click

from sealift.cli.evidence_rows import evidence_sections
from sealift.cli.session import Session, options
from sealift.reports.document import Section


@click.command("evidence")
@click.argument("release", required=False)
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one HTML page.")
@options()
def evidence_command(session: Session, release: str | None, page: Path | None) -> int:
    """Show all that is known of RELEASE (its digest or the beginning of it; by default what production runs).

    Commit, author, reviewers, analysis, tests, proof, provenance, signature, approvals, deployments, soak and
    dependencies. What is not known is named. Nothing is written but the page.
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
        "commit": found.commit,
        "sections": {s.title: [{"name": label, "text": text} for label, text, _ in s.rows] for s in sections},
    }
    return session.show(body, lines(sections) if page is None else [f"Wrote {page}"])


def lines(sections: tuple[Section, ...]) -> Iterator[str]:
    """Yield the page as text."""
    for number, section in enumerate(sections):
        yield ("\n" if number else "") + section.title
        for label, text, _ in section.rows:
            yield f"  {label:<24}{text}"
