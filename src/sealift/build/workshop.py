"""Builds by the author's own tools (make, npm, esbuild): in a copy of what a build may read, every file at its place.

The source is left alone, and a relative path leads to what is in the key of the result, or to nothing: what was not
declared is not read unseen.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.build.planning import AssetPlan
from sealift.errors import BuildError
from sealift.ports import Completed, Process

TIMEOUT_S = 1800.0
_FIRST, _LAST = 5, 10
"""Lines that are shown of what a program wrote: npm gives its reason first, most others give it last."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STOPS = ("package.json", "tsconfig.json")
"""npm, Node.js and esbuild look for these upwards; an empty one above the copy ends that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The copy: `top` stands for the repository, `boundary`; `source` for the folder that is built."""

    top: Path
    boundary: Path
    source: Path

    def at(self, path: Path) -> Path:
        """Return where a real path of the repository is in the copy."""
        return self.top / path.relative_to(self.boundary)


def mirrored(plan: AssetPlan, scratch: Path) -> Mirror:
    """Copy the plan's source, and the files beside it, into a folder of `scratch`."""
    scratch = scratch.resolve()
    top = scratch / "repository"
    top.mkdir()
    for name in _STOPS:
        (scratch / name).write_text("{}\n")
    source = top / plan.source.resolve().relative_to(plan.boundary)
    source.mkdir(parents=True, exist_ok=True)
    for base, files in ((top, plan.beside.files), (source, plan.tree.files)):
        for file in files:
            target = base / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.path, target)
    return Mirror(top=top, boundary=plan.boundary, source=source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a tool of the author's made: the folder that it filled, and what npm found where no lock said it."""

    folder: Path
    warnings: tuple[str, ...] = ()
    lock: str | None = None
    held: tuple[tuple[str, int], ...] = ()
    """The packages that a bundle is made of, with their bytes in it."""


def run(
    plan: AssetPlan,
    process: Process,
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    hint: str = "",
) -> Completed:
    """Run a program of the author's. Raises BuildError with the beginning and the end of what it wrote."""
    added = [f"{key}={value}" for key, value in (env or {}).items()]
    found_program(plan, argv[0])
    done = process.run(["env", *added, *argv], cwd=cwd, timeout_s=TIMEOUT_S)
    if done.returncode == 0 and not done.timed_out:
        return done
    command = " ".join(Path(a).name if a.startswith("/") else a for a in argv)
    how = f"did not finish within {TIMEOUT_S:.0f} s" if done.timed_out else f"ended with status {done.returncode}"
    raise BuildError(
        f"{plan.name}: `{command}` {how}:\n{said(done.stdout + done.stderr)}",
        code="build-command-failed",
        hint=hint or f"Run it in {plan.asset.source} by hand, and fix what it reports.",
    )


def said(output: str) -> str:
    """Return the first and the last lines of what a program wrote, without colours and empty lines."""
    lines = [line for line in _COLOUR.sub("", output).splitlines() if line.strip() not in ("", "npm error")]
    left = len(lines) - _FIRST - _LAST
    return "\n".join([*lines[:_FIRST], f"… ({left} more lines)", *lines[-_LAST:]] if left > 1 else lines)


_HOW_TO_INSTALL = {
    "esbuild": "`npm install --save-dev esbuild` beside its package.json fixes the version for everybody; "
    "`npm install --global esbuild` puts it on PATH of this machine only."
}


def found_program(plan: AssetPlan, name: str) -> Path:
    """Return where a program is. Raises BuildError when it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise BuildError(
            f"{plan.name}: {name} is needed to build {plan.asset.source}, but was not found",
            code="tool-missing",
            hint=_HOW_TO_INSTALL.get(name, f"Install {name} and make sure that it is on PATH."),
        )
    return Path(found)
