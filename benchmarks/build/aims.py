"""What Sealift aims at, and whether a measurement meets it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.build.timing import Run

OURS = "sealift build"
SAM = "sam build"
CACHED = "sam build --cached --parallel"
SAM_UV = "sam build, method python-uv"
COLD, UNCHANGED, CHANGED = "cold", "nothing changed", "one file changed"

Row = Mapping[str, Run]
Results = Mapping[str, Mapping[str, Row]]
"""Runs by column, by tool, by application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One aim: what is measured, the most that it may be, and what it was; None when it was not measured."""

    what: str
    most: float
    unit: str
    measured: float | None
    cpu_s: float | None = None
    """The time of the processor in it: a machine with other work adds less to that than to the wall clock."""

    @property
    def verdict(self) -> str:
        """Whether it is met."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.most else "missed"

    def written(self, value: float | None) -> str:
        """Return a value of this aim as people read it; a ratio as how many times as fast."""
        if not value:
            return "–"
        if self.unit == "of":
            return f"1/{1 / value:.1f}" if value < 1 else f"{value:.2f}×"
        return f"{value:.3f} s" if self.unit == "s" else f"{value / 1e6:.1f} MB"


def aims(results: Results, *, uploaded: tuple[int, int] | None) -> Iterator[Aim]:
    """Yield every aim. `uploaded` are the bytes sent after a change of one file, and those of that function's zip."""
    yield _ratio(results, "medium", COLD, SAM, 15)
    yield _ratio(results, "medium", COLD, SAM_UV, 1.5)
    yield _ratio(results, "medium", CHANGED, CACHED, 30)
    yield _seconds(results, "medium", CHANGED, 0.35)
    for name in ("medium", "large"):
        yield _ratio(results, name, UNCHANGED, CACHED, 30)
        yield _seconds(results, name, UNCHANGED, 0.25)
    yield _seconds(results, "large", CHANGED, 0.5)
    sent, most = uploaded or (None, 0)
    yield Aim(what="bytes of artifacts to upload, medium, one file changed", most=most, unit="B", measured=sent)
    peaks = [run.peak_bytes for run in _row(results, "large", OURS).values()]
    yield Aim(what="largest process, large", most=300e6, unit="B", measured=max(peaks, default=None))


def _row(results: Results, application: str, tool: str) -> Row:
    return results.get(application, {}).get(tool, {})


def _seconds(results: Results, application: str, column: str, most_s: float) -> Aim:
    run = _row(results, application, OURS).get(column)
    wall_s, cpu_s = (run.wall_s, run.cpu_s) if run else (None, None)
    return Aim(what=f"{application}, {column}", most=most_s, unit="s", measured=wall_s, cpu_s=cpu_s)


def _ratio(results: Results, application: str, column: str, peer: str, times: float) -> Aim:
    ours, theirs = _row(results, application, OURS).get(column), _row(results, application, peer).get(column)
    ratio = ours.wall_s / theirs.wall_s if ours and theirs else None
    return Aim(what=f"{application}, {column}, against `{peer}`", most=1 / times, unit="of", measured=ratio)
