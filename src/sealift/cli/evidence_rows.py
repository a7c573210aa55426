"""The rows of the page that `evidence` shows: what an auditor asks of a release. It decides nothing."""

from collections.abc import Iterator
from datetime import datetime

from sealift.model import records
from sealift.model.evidence import Evidence
from sealift.model.ledger import Entry
from sealift.reports.document import Section, Tone
from sealift.usecases.dossier import Dossier

Row = tuple[str, str, Tone]
_TONES: dict[str, Tone] = {"ok": "good", "succeeded": "good", "failed": "bad", "errored": "bad", "refused": "bad"}
_LONGEST = 2_000


def evidence_sections(found: Dossier) -> Iterator[Section]:
    """Yield the sections of the page. A name of a million characters is cut, and that is said."""
    for title, rows in _sections(found):
        cut = [(_cut(label), _cut(text), tone) for label, text, tone in rows]
        yield Section(title=title, rows=cut)


def _sections(found: Dossier) -> Iterator[tuple[str, list[Row]]]:
    yield "Release", list(_release(found))
    yield "Analysis and tests", list(_evidence(found))
    checks: list[Row] = [
        (one.name, f"{one.status}: {one.detail}", _TONES.get(one.status, "dim")) for one in found.checks
    ]
    yield "Proof, provenance and signature, as checked now", checks
    yield "Where it is now", list(_places(found))
    yield "What happened", list(_happened(found))
    names = found.components
    rows: list[Row] = [("", name, "") for name in names or ()]
    none = "the bill of materials lists none" if names is not None else "there is no readable bill of materials"
    yield (
        f"Dependencies ({len(names) if names is not None else 'unknown'})",
        rows or [("", none, "dim" if names is not None else "bad")],
    )


def _cut(text: str) -> str:
    """Return a text on one line, of a length that a page can hold."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line) - _LONGEST} more characters)"


def _release(found: Dossier) -> Iterator[Row]:
    noted, written, commit = found.noted, found.written, found.commit
    yield "digest", found.release.digest, ""
    yield "application", found.release.app, ""
    yield "built from commit", commit or "unknown", "" if commit else "bad"
    deployed = dict.fromkeys(one.record.commit for one in found.entries if one.record.commit)
    others = [one for one in deployed if one != commit]
    if others:
        yield "also delivered from", ", ".join(others), ""
    if noted.commit not in (None, *deployed):
        yield "beware", f"the note beside it names commit {noted.commit}, which no ledger names", "bad"
    if noted.dirty:
        yield "work tree", "differed from the commit", "bad"
    # What git says is covered by the commit's own hash, and what a ledger says by its chain; the note by nothing.
    told = noted if noted.commit == commit else None
    yield "subject", (written.subject if written else told.subject if told else None) or "unknown", ""
    wrote = written.author if written else ", ".join(found.authors) or (told.author if told else None)
    yield "author", wrote or "unknown", ""
    when = f"{written.at:%Y-%m-%d %H:%M:%S} UTC" if written else "unknown: this clone does not have the commit"
    yield "committed", when, "" if written else "dim"
    if isinstance(found.reviewers, str):
        yield "reviewers", f"unknown: {found.reviewers}", "dim"
    else:
        yield "reviewers", ", ".join(found.reviewers) or "nobody approved a pull request with this commit", ""
    yield "artifacts", str(len(found.release.artifacts)), ""


def _evidence(found: Dossier) -> Iterator[Row]:
    evidence = found.evidence
    if evidence is None:
        yield "analysis, tests", "nobody recorded that it was analysed and tested", "bad"
        return
    if any(one.name == "evidence" and one.status != "ok" for one in found.checks):
        yield "beware", "the ledger does not name these results: anybody may have written them", "bad"
    if evidence.release != found.release.digest:
        yield "beware", f"these are results of release {evidence.release}", "bad"
    advice = ", ".join(f"{count} of {tool}" for tool, count in evidence.advice.items())
    said = evidence.analysis + (f"; advice: {advice}" if advice else "")
    yield "analysis", said, _TONES.get(evidence.analysis, "bad")
    for tool in evidence.not_run:
        yield "not checked", tool, "bad"
    yield "unit tests", *_tests(evidence)
    yield "vulnerabilities", evidence.vulnerabilities, ""
    yield "on commit", evidence.commit or "unknown", "" if evidence.commit else "bad"
    if evidence.dirty:
        yield "work tree", "differed from the commit", "bad"
    yield "versions there", ", ".join(f"{name} {version}" for name, version in evidence.tools.items()), "dim"


def _tests(evidence: Evidence) -> tuple[str, Tone]:
    counts = f"{evidence.passed} passed, {evidence.failed} failed, {evidence.skipped} skipped"
    told = counts if evidence.tests in _TONES else evidence.reason
    text = f"{evidence.tests}: {told}" if told else evidence.tests
    return text, "bad" if evidence.failed else _TONES.get(evidence.tests, "bad")


def _places(found: Dossier) -> Iterator[Row]:
    for place in found.places:
        now = place.now
        if now is None:
            yield place.environment, "nothing runs there", "dim"
        elif now.release == found.release.digest:
            verified = (
                "verified" if now.is_good else "not verified" if now.verified is None else "its verification failed"
            )
            yield (
                place.environment,
                f"it runs there since {_time(now.at)}, {verified}",
                "good" if now.is_good else "bad",
            )
        else:
            yield place.environment, f"release {now.release[:12]} runs there since {_time(now.at)}", "dim"
    for problem in found.unread:
        yield "not read", problem, "bad"


def _happened(found: Dossier) -> Iterator[Row]:
    rows = list(_entries(found))
    for place in found.places:
        for new in place.replaced:
            text = f"{place.environment}: release {new.release[:12]} replaced it, by {new.kind}, by {new.actor}"
            rows.append((new.at, text, ""))
    for at, text, tone in sorted(rows, key=lambda row: row[0]):
        yield _time(at), text, tone
    for problem in found.unread:
        yield "not read", problem, "bad"
    if all(entry.record.kind != "approval" for entry in found.entries):
        yield "approvals", "there is none", "dim"
    if not found.entries:
        yield "", "no environment deployed it", "dim"


def _entries(found: Dossier) -> Iterator[tuple[datetime, str, Tone]]:
    from sealift.cli.tables import by_whom, what
    from sealift.cli.view import about

    ended = {one.record.operation for one in found.entries if one.record.status != "running"}
    begun: set[str] = set()
    for entry in found.entries:
        record = entry.record
        if record.operation in found.soaked and record.operation not in begun:
            where, seconds = found.soaked[record.operation]
            long = f"soaked {about(seconds)}" if seconds is not None else "the soak is not known"
            yield entry.at, f"{long} in {where} when it was promoted", "" if seconds is not None else "bad"
        status = record.status
        if status == "running" and record.operation not in ended and record.operation not in begun:
            yield entry.at, f"{entry.environment}: {record.kind} begun, no outcome, by {by_whom(entry)}", "bad"
        begun.add(record.operation)
        if status != "running":
            back = " to it" if record.kind == "rollback" else ""
            text = f"{entry.environment}: {what(record, {})}{back} {status}{_more(entry)}, by {by_whom(entry)}"
            yield entry.at, text, _TONES.get(status, "dim") if status != "succeeded" else ""


def _more(entry: Entry) -> str:
    """Return what else an entry says that an auditor asks for."""
    match entry.record.details:
        case records.Waiver() as waiver:
            return f" ({waiver.waives})"
        case records.Override() as override:
            return f" ({'; '.join(override.said)})" if override.said else ""
        case records.Verified() as seen:
            failures = "; ".join(seen.failures or ()) or seen.message
            probes = f"{seen.probes} probe{'s' * (seen.probes != 1)}" if seen.probes is not None else ""
            acceptance = f"acceptance tests {seen.acceptance}" if seen.acceptance else ""
            if seen.probes == 0 and seen.acceptance in ("not tested", "skipped"):
                probes, acceptance = "", "nothing is declared to check; the hashes of its code were compared"
            told = ", ".join(one for one in (probes, acceptance, failures) if one)
            return f" ({told})" if told else ""
        case records.Delivery() as delivery:
            return f" ({delivery.message})" if delivery.message else ""
        case records.Watch() as watch:
            return f" ({watch.reason or watch.message})" if watch.reason or watch.message else ""
        case _:
            return ""


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
