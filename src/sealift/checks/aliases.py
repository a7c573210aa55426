"""Finds where the modules lie that a program in JavaScript or TypeScript names by `paths`, `baseUrl` or `imports`.

https://www.typescriptlang.org/tsconfig/#paths, https://nodejs.org/api/packages.html#subpath-imports
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sealift.analysis.tsconfig import NAMES, body_of, extended, targets
from sealift.cfn.values import mapping_at
from sealift.model.template import Json

_DEPTH = 8
_Text = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Aliases:
    """The names that stand for modules of the program, each with the files that it may lead to."""

    declared: tuple[tuple[Path, dict[str, Json]], ...]
    base: Path | None = None

    def places(self, name: str) -> Iterator[Path]:
        """Yield where a module may be, without its suffix, that is not named by its path."""
        for folder, paths in self.declared:
            yield from (folder / target for target in targets(name, paths))
        if self.base is not None:
            yield self.base / name


def aliases_of(folder: Path, is_file: Callable[[Path], bool], text: _Text) -> Aliases:
    """Return the aliases in a folder: of the nearest `tsconfig.json` with what it extends, and `package.json`."""
    above = (folder, *folder.parents)
    package = next((one / "package.json" for one in above if is_file(one / "package.json")), None)
    file = next((one / name for one in above for name in NAMES if is_file(one / name)), None)
    options = _options(file, is_file, text) if file is not None else {}
    origin, base = options.get("baseUrl", (folder, None))
    root = origin / base if isinstance(base, str) else None
    owner, paths = options.get("paths", (folder, None))
    imports = mapping_at(body_of(text(package)), "imports") if package is not None else {}
    inner = {name: _first(target) for name, target in imports.items()}
    declared = [(root or owner, paths)] if isinstance(paths, dict) else []
    return Aliases((*declared, *([(package.parent, inner)] if package is not None and inner else [])), root)


def _options(file: Path, is_file: Callable[[Path], bool], text: _Text, depth: int = 0) -> dict[str, tuple[Path, Json]]:
    """Return the options of a compiler, each with the folder of the file that gives it."""
    body = body_of(text(file))
    found: dict[str, tuple[Path, Json]] = {}
    for name in extended(body) if depth < _DEPTH else ():
        path = file.parent / name
        candidates = (path, path.with_name(f"{path.name}.json"), path / NAMES[0])
        other = next((one for one in candidates if is_file(one)), None)
        found |= _options(other, is_file, text, depth + 1) if other is not None else {}
    return found | {name: (file.parent, value) for name, value in mapping_at(body, "compilerOptions").items()}


def _first(target: Json) -> Json:
    """Return the file that a name of `imports` leads to, the first where several conditions are named."""
    while isinstance(target, dict) and target:
        target = next(iter(target.values()))
    return target
