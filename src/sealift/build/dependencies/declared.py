"""Finds what says which dependencies a folder has, and every file that this depends on."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sealift.build.cache.keys import digest
from sealift.errors import BuildError

LOCK_NAME = "requirements.lock"
"""What `sealift lock` writes beside requirements.txt."""

Kind = Literal["requirements", "pylock", "uv", "poetry", "pipfile", "pyproject"]

_FILES: tuple[tuple[str, Kind], ...] = (
    ("requirements.txt", "requirements"),
    ("pylock.toml", "pylock"),
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("Pipfile.lock", "pipfile"),
    ("pyproject.toml", "pyproject"),
)
"""What `sam build` reads comes first: an application that moves here gets the dependencies it had."""

_INCLUDE = re.compile(r"^(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_LOCAL = re.compile(
    r"^(?:(?:-e|--editable)[ =]\s*)?(?:[\w.\-]+(?:\[[^]]*\])?\s*@\s*)?"
    r"(?P<path>\.{1,2}(?=[/\s\[]|$)[^\s\[]*|[\w.\-]+/[^\s\[:]*|/[^\s\[]+)"
)
"""A requirement that is a path, as pip sees one: it begins with a dot or a slash, or has a slash and is no address."""
_OPTION = re.compile(r"^--?(?:i|index-url|extra-index-url|find-links|f|no-index|pre|prefer-binary|trusted-host)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPath:
    """A folder or file that requirements name by its path: as written, and where it is."""

    written: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declaration of dependencies. `lines` are those of a requirements file, its includes read in place."""

    kind: Kind
    path: Path
    lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Which registries to ask. They may hold a password, so they go into no record."""
    local: tuple[LocalPath, ...] = ()
    """Folders and files that it names by path."""
    text: str = ""

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self.path.parent

    @property
    def hashed(self) -> bool:
        """Whether the author has locked it with hashes."""
        return any("--hash=" in line for line in self.lines)

    def mark(self) -> str:
        """Return what a lock says that was made from this."""
        return f"sealift-lock: {digest(self.lines)}"

    def key(self) -> str:
        """Return a digest of all that was written, without the content of local paths."""
        return digest(self.kind, self.lines, self.options, self.text)


def declared(folder: Path, *, uv_first: bool = False, bases: tuple[Path, ...] = ()) -> Declared | None:
    """Return what declares the dependencies of this folder, or None when it has none. Raises BuildError.

    A path in a requirements file is relative to that file's folder or, as pip sees it, to where pip was started:
    `bases` are those places.
    """
    order = sorted(_FILES, key=lambda f: f[1] not in ("uv", "pyproject")) if uv_first else _FILES
    for name, kind in order:
        path = folder / name
        if path.is_file() and (found := _read(path, kind, bases)) is not None:
            return found
    return None


def _read(path: Path, kind: Kind, bases: tuple[Path, ...]) -> Declared | None:
    if kind == "requirements":
        return requirements(path, bases)
    text = _text(path)
    if kind == "pyproject":
        return Declared(kind=kind, path=path, text=text) if _has_dependencies(path, text) else None
    project = path.with_name("pyproject.toml")
    if kind in ("uv", "poetry"):
        if not project.is_file():
            raise BuildError(
                f"{path} has no pyproject.toml beside it", code="dependencies-incomplete", hint="Commit both files."
            )
        text += "\0" + _text(project)
    return Declared(kind=kind, path=path, text=text)


def requirements(path: Path, bases: tuple[Path, ...] = (), *, locked: bool = True) -> Declared | None:
    """Read a requirements file and all it includes; None when it names no dependency.

    With `locked`, a lock beside it is read in its place. Raises BuildError when the lock does not fit it.
    """
    found = _requirements(path, bases)
    lock = path.with_name(LOCK_NAME)
    if found is None or not locked or not lock.is_file():
        return found
    if found.mark() not in _text(lock):
        raise BuildError(
            f"{lock} was not made from the {path.name} beside it as it is now",
            code="lock-stale",
            hint="Lock again: sealift lock",
        )
    fitting = _requirements(lock, bases)
    return None if fitting is None else replace(fitting, options=found.options)


def _requirements(path: Path, bases: tuple[Path, ...]) -> Declared | None:
    lines: list[str] = []
    options: list[str] = []
    local: list[LocalPath] = []
    _gather(path, (lines, options, local), bases)
    if not any(not line.startswith("-c ") for line in lines):
        return None
    return Declared(
        kind="requirements", path=path, lines=tuple(lines), options=tuple(options), local=tuple(dict.fromkeys(local))
    )


def _gather(
    path: Path,
    into: tuple[list[str], list[str], list[LocalPath]],
    bases: tuple[Path, ...],
    chain: tuple[Path, ...] = (),
) -> None:
    lines, options, local = into
    if path in chain:
        return
    for line in _logical_lines(_text(path)):
        include = _INCLUDE.match(line)
        if include:
            other = path.parent / include[1]
            if line.startswith(("-c", "--c")):
                lines.extend(f"-c {inner}" for inner in _logical_lines(_text(other)))
            else:
                _gather(other, into, bases, (*chain, path))
        elif _OPTION.match(line):
            options.append(line)
        else:
            named = _LOCAL.match(line)
            if named:
                local.append(LocalPath(written=named["path"], path=_existing(named["path"], (path.parent, *bases))))
            lines.append(line)


def _existing(written: str, bases: tuple[Path, ...]) -> Path:
    """Return the first of the possible places that is there, otherwise the first."""
    places = [(base / written).resolve() for base in bases]
    return next((place for place in places if place.exists()), places[0])


def _logical_lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s+", " ", line) for line in stripped if line]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BuildError(
            f"{path} is included by a requirements file, but is not there",
            code="requirements-missing",
            hint="Correct the -r or -c line; it is relative to the file it stands in.",
        ) from error
    except UnicodeDecodeError as error:
        return _other_encoding(path, error)


def _other_encoding(path: Path, error: UnicodeDecodeError) -> str:
    """Read UTF-16, which PowerShell's `pip freeze >` writes."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    raise BuildError(
        f"{path} is not UTF-8 text", code="requirements-encoding", hint="Save the file as UTF-8."
    ) from error


def _has_dependencies(path: Path, text: str) -> bool:
    import tomllib

    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BuildError(f"{path}: {error}", code="pyproject-invalid", hint="Correct the file.") from error
    project = parsed.get("project", {})
    poetry = parsed.get("tool", {}).get("poetry", {})
    named = [name for name in poetry.get("dependencies", {}) if name.lower() != "python"]
    return bool(project.get("dependencies")) or "dependencies" in project.get("dynamic", ()) or bool(named)
