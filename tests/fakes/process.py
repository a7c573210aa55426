"""Programs whose behaviour is written in the test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.errors import UserError
from sealift.ports import Completed

Program = Callable[["Run"], Completed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was run. `env` is None when it was ours."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] | None
    timeout_s: float | None


def completed(stdout: str = "", *, returncode: int = 0, stderr: str = "", timed_out: bool = False) -> Completed:
    """Return a process that ended."""
    return Completed(returncode=returncode, stdout=stdout, stderr=stderr, timed_out=timed_out)


class FakeProcess:
    """Runs the program installed for the longest beginning of the command line; others are not found."""

    def __init__(self) -> None:
        self._programs: dict[tuple[str, ...], Program] = {}
        self.runs: list[Run] = []

    def install(self, *argv: str, does: Completed | Program) -> None:
        """Let commands that begin with `argv` do this."""
        self._programs[argv] = (lambda _run: does) if isinstance(does, Completed) else does

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        """Run to the end. UserError when not found."""
        run = Run(argv=tuple(argv), cwd=cwd, env=env, timeout_s=timeout_s)
        self.runs.append(run)
        fitting = [begin for begin in self._programs if run.argv[: len(begin)] == begin]
        if not fitting:
            raise UserError(f"the program {argv[0]!r} was not found", code="program-not-found")
        return self._programs[max(fitting, key=len)](run)
