"""A copy of what a build may read, every file at its place in the repository; nothing else is there.

So a relative path leads to what is in the key of the result, or to nothing: what was not declared is not read unseen.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sealift.build.planning import AssetPlan

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
