"""Requirements that are folders or files of the author's: they are built from a copy.

Building in place would leave `build/` and `*.egg-info` in the author's folder, which count as changes the next time,
and uv would take what it has built of the same path before for unchanged.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.build.dependencies.declared import Declared, LocalPath
from sealift.build.zips.tree import local_profile, read_tree
from sealift.errors import BuildError


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Where the copies are: pairs of what stands in the requirements and of the path of its copy."""

    pairs: tuple[tuple[str, str], ...] = ()

    def inward(self, text: str) -> str:
        """Return requirements that point at the copies."""
        return "".join(f"{self._inward(line)}\n" for line in text.splitlines())

    def _inward(self, line: str) -> str:
        for written, copy in self.pairs:
            if line == written or line.startswith((f"{written} ", f"{written}[")):
                return copy + line[len(written) :]
            if f"@ {written}" in line:
                return line.replace(f"@ {written}", f"@ file://{copy}", 1)
        return line

    def outward(self, text: str) -> str:
        """Return a resolution that points at what was written."""
        for written, copy in self.pairs:
            text = text.replace(f"file://{copy}", written).replace(copy, written)
        return text


def copied(local: Sequence[LocalPath], boundary: Path, scratch: Path) -> Copies:
    """Copy every folder and file into `scratch`. Raises BuildError for one that is not there."""
    pairs = []
    for number, path in enumerate(local):
        target = scratch / "local" / str(number) / path.path.name
        target.parent.mkdir(parents=True)
        _copy(path.path, target, boundary)
        pairs.append((path.written, str(target)))
    return Copies(pairs=tuple(sorted(pairs, reverse=True)))


def _copy(path: Path, target: Path, boundary: Path) -> None:
    if path.is_file():
        shutil.copyfile(path, target)
        return
    if not path.is_dir():
        raise BuildError(
            f"The requirements name {path}, which is not there",
            code="requirements-missing",
            hint="Correct the path; it is relative to the folder of the requirements file.",
        )
    for file in read_tree(path, local_profile(boundary), None).files:
        copy = target / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.path, copy)


def flattened(declared: Declared, copies: Copies) -> tuple[str, str]:
    """Return requirements and constraints of a declaration in one file each, pointing at the copies."""
    lines = [line for line in declared.lines if not line.startswith("-c ")]
    plain = "".join(f"{_plain(line)}\n" for line in lines)
    constraints = "".join(f"{line.removeprefix('-c ')}\n" for line in declared.lines if line.startswith("-c "))
    return "".join(f"{option}\n" for option in declared.options) + copies.inward(plain), constraints


def _plain(line: str) -> str:
    for prefix in ("-e ", "-e=", "--editable ", "--editable="):
        line = line.removeprefix(prefix)
    return line
