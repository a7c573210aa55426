"""What is killed where: each sweep is a command, what was there before it, and the command that has to put it right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.chaos.laboratory import EndState, Laboratory

Prepare = Callable[[Laboratory], None]


@dataclass(frozen=True)
class Sweep:
    """A command that is killed, after a preparation; `then` is the next ordinary command."""

    name: str
    command: str
    then: str
    prepare: Prepare
    only_files: bool = False
    """Nothing is cached when it begins, and it is killed where it writes files of this machine."""
    once: bool = False
    """Whether asking for it again, once it ended, asks for more: then nothing follows a kill after its last act."""

    def chosen(self, points: tuple[str, ...]) -> list[int]:
        """Return the numbers of the points at which it is killed."""
        numbers = range(1, len(points) + 1)
        return [n for n in numbers if not self.only_files or "sealift/" in points[n - 1].split()[-1][:8]]


@dataclass(frozen=True)
class Undisturbed:
    """What a command does that nobody kills."""

    points: tuple[str, ...]
    state: EndState


def _nothing(lab: Laboratory) -> None:
    del lab


def _one_release(lab: Laboratory) -> None:
    _went_well(lab, "run")


def _new_code(lab: Laboratory) -> None:
    _went_well(lab, "run")
    lab.write("two")


def _two_releases(lab: Laboratory) -> None:
    _new_code(lab)
    _went_well(lab, "run")


SWEEPS = (
    Sweep("first journey", "run", "run", _nothing),
    Sweep("first build", "run", "run", _nothing, only_files=True),
    Sweep("second journey", "run", "run", _new_code),
    Sweep("roll back", "roll back", "roll back", _two_releases, once=True),
    Sweep("waive", "waive", "waive", _one_release),
    Sweep("destroy", "destroy", "destroy", _one_release),
)


def undisturbed(lab: Laboratory, sweep: Sweep) -> Undisturbed:
    """Return the points that the command passes, and the state it leaves behind."""
    lab.reset(forget=sweep.only_files)
    sweep.prepare(lab)
    ended = lab.command(sweep.command)
    assert not ended.said, ended.said
    return Undisturbed(ended.points, lab.end_state())


def kill(lab: Laboratory, sweep: Sweep, at: int | str, found: Undisturbed) -> Iterator[str]:
    """Kill the command at a point (number, or beginning of its name), run the next one, yield name and outcome."""
    lab.reset(forget=sweep.only_files)
    sweep.prepare(lab)
    killed = lab.command(sweep.command, kill_at=at)
    yield killed.points[-1] if killed.points else "?"
    if not killed.killed:
        yield "ended before the point" if not killed.said else f"the command failed: {killed.said[-400:]}"
        return
    ended = sweep.once and at == len(found.points)
    after = killed if ended else lab.command(sweep.then)
    if after.said:
        yield f"the next command failed: {after.said[-400:]}"
        return
    state = lab.end_state()
    yield "same end state" if state == found.state else f"another end state: {state} instead of {found.state}"


def _went_well(lab: Laboratory, name: str) -> None:
    ended = lab.command(name)
    assert not ended.said, ended.said
