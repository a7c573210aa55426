"""The one comment on a pull request, as Markdown that all three services show alike. Pure."""

from collections.abc import Iterator, Sequence

from sealift.model.change import ChangeReport, Effect, PreviewLine, Size, Stop
from sealift.pipelines.markdown import plain, shortened

KEY = "change"
DESTROYED = "destroyed"
"""Status of a preview that is not there any more."""
_MOST_LINES = 20
"""How many functions or resources are named for an environment; the rest is counted."""
_MOST_SIZES = 8
_MARKS = {"succeeded": "✅", "skipped": "➖", "refused": "❌", "failed": "❌", "errored": "❌"}


def comment(report: ChangeReport) -> str:
    """Return the comment, without its marker."""
    lines = _gone(report.preview) if report.preview and report.preview.status == DESTROYED else _lines(report)
    return shortened("\n".join(lines).rstrip() + "\n")


def _gone(preview: PreviewLine) -> Iterator[str]:
    """Yield what is left to say of a pull request whose preview was destroyed."""
    yield f"### {plain(preview.name)} is destroyed"
    yield ""
    yield f"Left behind: {plain(preview.message)}" if preview.message else "Nothing of the preview is left."


def _lines(report: ChangeReport) -> Iterator[str]:
    stopping = report.stopping
    unknown = any(effect.unknown for effect in report.effects)
    known = "nothing that is known stops it" if unknown else "nothing stops it"
    yield f"### {'❌ This change is stopped' if stopping else f'✅ What this change does: {known}'}"
    yield ""
    about = [plain(report.app)] if report.app else []
    about += [f"commit `{report.commit[:8]}`"] if report.commit else []
    about += [f"release `{report.release[:12]}`"] if report.release else []
    if about:
        yield f"{', '.join(about)}{', on the embedded cloud of the job' if report.local else ''}"
        yield ""
    if report.preview is not None:
        yield from _preview(report.preview)
    if stopping:
        yield "**What stops it, and how to fix it**"
        yield ""
        yield from (line for stop in stopping for line in _stop(stop))
        yield ""
    for effect in report.effects:
        yield from _effect(effect)
    yield from _isolation(report)
    yield from _sizes(report.sizes)


def _preview(preview: PreviewLine) -> Iterator[str]:
    mark = _MARKS.get(preview.status, "⏳")
    said = f": {plain(preview.message)}" if preview.message else ""
    yield f"**Preview** {mark} {plain(preview.name)} {plain(preview.status)}{said}"
    yield ""
    yield from (f"- {plain(key)}: <{_address(url)}>" for key, url in preview.urls)
    if preview.urls:
        yield ""


def _address(url: str) -> str:
    return "".join(sign for sign in url if sign.isprintable() and sign not in "<> \\")


def _stop(stop: Stop) -> Iterator[str]:
    where = f"**{plain(stop.where)}**: " if stop.where else ""
    yield f"- {where}{plain(stop.message)}"
    if stop.mend:
        yield f"    - To do: {plain(stop.mend)}"


def _effect(effect: Effect) -> Iterator[str]:
    yield f"#### {plain(effect.environment)}"
    yield ""
    if effect.unknown:
        yield f"Not known: {plain(effect.unknown)}"
        yield ""
        return
    yield f"- runs: {f'release `{effect.runs[:12]}`' if effect.runs else 'nothing yet'}"
    other = [line for line in effect.resources if line not in effect.stores]
    yield from _listed("functions", effect.functions)
    yield from _listed("other resources", other)
    yield from _listed("data stores", effect.stores)
    if effect.configuration is None:
        yield "- configuration: what changes is not known"
    else:
        yield from _listed("configuration", effect.configuration)
    yield from _listed("keys missing there", effect.missing, nothing="none")
    yield ""


def _listed(title: str, lines: Sequence[str], *, nothing: str = "no change") -> Iterator[str]:
    if not lines:
        yield f"- {title}: {nothing}"
        return
    yield f"- {title}:"
    yield from (f"    - {plain(line)}" for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"    - and {len(lines) - _MOST_LINES} more"


def _isolation(report: ChangeReport) -> Iterator[str]:
    yield "#### Isolation"
    yield ""
    yield f"Verdict {plain(report.verdict)}" if report.verdict else "Not proved"
    yield ""
    for stop in report.isolation[:_MOST_LINES]:
        yield from _stop(stop)
    if len(report.isolation) > _MOST_LINES:
        yield f"- and {len(report.isolation) - _MOST_LINES} more"
    if report.isolation:
        yield ""


def _sizes(sizes: Sequence[Size]) -> Iterator[str]:
    if not sizes:
        return
    yield "#### Sizes"
    yield ""
    yield "| package | size | change |"
    yield "|---|---|---|"
    grown = sorted(sizes, key=lambda size: (-abs(size.now - (size.before or 0)), size.name))
    for size in grown[:_MOST_SIZES]:
        change = "new" if size.before is None else f"{size.now - size.before:+,} bytes"
        change = "none" if size.before == size.now else change
        yield f"| {plain(size.name)} | {size.now:,} bytes | {change} |"
    if len(grown) > _MOST_SIZES:
        rest = sum(size.now for size in grown[_MOST_SIZES:])
        yield f"| {len(grown) - _MOST_SIZES} others | {rest:,} bytes | |"
