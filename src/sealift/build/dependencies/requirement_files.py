"""Reads requirements files as pip does: includes in place, quoted names, addresses, variables, and paths.

A path is relative to the file it stands in or, as pip sees it, to where pip was started. It is rewritten relative to
the folder of the first file, so that equal declarations are equal wherever the repository lies.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

from sealift.build.dependencies.projects import file_path
from sealift.errors import BuildError

_INCLUDE = re.compile(r"^(?:(?P<c>-c|--constraint)|-r|--requirement)(?:[ =]\s*|(?<=-[rc]))(?P<value>.+)$")
_PLACE = re.compile(
    r"^(?P<name>-f|--find-links|-i|--index-url|--extra-index-url|--index)(?:[ =]\s*|(?<=-[fi]))(?P<value>.+)$"
)
"""Options that name a registry, or a folder of packages."""
_OPTION = re.compile(r"^--?(?:no-index|pre|prefer-binary|trusted-host)\b")
_HASHES = "--require-hashes"
_EDITABLE = re.compile(r"^(?:-e|--editable)[ =]\s*")
_NAME = re.compile(r"^[\w.\-]+(?:\s*\[[^]]*\])?\s*@\s*")
_PATH = re.compile(
    r"(?P<path>file:[^\s\[;#]+|\.{1,2}(?=[/\s\[;#]|$)[^\s\[;#]*|[\w.\-+]+/[^\s\[:;#]*|/[^\s\[;#]+"
    r"|[\w.\-+]+\.(?:whl|zip|tar\.gz|tgz|tar\.bz2))"
    r"(?P<extras>\[[^]]*\])?(?P<fragment>#\S*)?(?P<tail>\s*(?:;.*|--.*)?)$"
)
"""A requirement that is a path, as pip sees one: it begins with a dot or a slash, has a slash and is not an address, is
a `file:` address, or the name of an archive."""
_PLACED = re.compile(r"@|^-|^[./]|^file:|://")
"""Is in a requirement that is a path or an address, and in an option of uv's."""
_ADDRESS = re.compile(r"^(?!file:)[a-zA-Z][\w+.\-]*://")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


def no_network(address: str) -> str:
    """Refuse to read a file at an address."""
    raise BuildError(
        f"{address}, which requirements include, is not read here",
        code="registry-unreachable",
        hint="Keep the file in the repository.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPath:
    """A folder or file that a declaration names by its path: as written, and where it is."""

    written: str
    path: Path
    packages: bool = False
    """Whether packages are looked for there, as in a registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a declaration is read: its folder, where else pip may have been started, and the environment."""

    home: Path
    bases: tuple[Path, ...] = ()
    """Where else a path may begin; the last is what nothing in a release comes from outside of."""
    variables: Mapping[str, str] = field(default_factory=dict)
    fetch: Callable[[str], str] = no_network
    """Returns the text of a file at an address."""

    @property
    def boundary(self) -> Path:
        """The repository."""
        return self.bases[-1] if self.bases else self.home

    def find(self, written: str, base: Path) -> Path:
        """Return the first of the possible places that is there, otherwise the first."""
        try:
            places = [(place / written).resolve() for place in (base, *self.bases)]
            return next((place for place in places if place.exists()), places[0])
        except (OSError, ValueError) as error:
            raise _unnamed(written, error) from error

    def spelled(self, path: Path) -> str:
        """Return a path as uv takes it when it is started in `home`."""
        relative = os.path.relpath(path, self.home.resolve())
        dotted = relative if relative.startswith(".") else f"./{relative}"
        return f"file:{quote(dotted)}" if re.search(r"[\s\[\];#%?]", dotted) else dotted

    def expanded(self, text: str) -> str:
        """Return a text with its `${NAME}` replaced by what the environment holds."""
        return _VARIABLE.sub(lambda match: self.variables.get(match[1], match[0]), text)


@dataclass(slots=True, kw_only=True)
class Requirements:
    """What was read so far."""

    places: Places
    lines: list[str] = field(default_factory=list)
    """Requirements; constraints begin with `-c `."""
    options: list[str] = field(default_factory=list)
    local: list[LocalPath] = field(default_factory=list)
    hashed: bool = False
    """Whether it was said that everything has a hash."""

    def file(self, path: Path, chain: tuple[Path, ...] = (), *, constraints: bool = False) -> None:
        """Add what a file holds and includes. Raises BuildError for one that cannot be read."""
        if path not in chain:
            self.text(read_text(path), path.parent, (*chain, path), constraints=constraints)

    def text(self, text: str, base: Path, chain: tuple[Path, ...] = (), *, constraints: bool = False) -> None:
        """Add what a text holds, whose paths are relative to `base`."""
        for line in _logical_lines(text):
            include, place = _INCLUDE.match(line), _PLACE.match(line)
            if include:
                self._include(include["value"], base, chain, constraints=bool(include["c"]))
            elif place:
                self.options.append(self._place(place["name"], place["value"], base))
            elif _OPTION.match(line):
                self.options.append(line)
            elif line == _HASHES:
                self.hashed = True
            else:
                self.lines.append(("-c " if constraints else "") + self._requirement(line, base))

    def refuse_without_hash(self, path: Path) -> None:
        """Refuse a requirement without a hash where others have one, as pip does. Raises BuildError."""
        named = [line for line in self.lines if not line.startswith("-c ") and not _PLACED.search(line)]
        bare = next((line for line in named if "--hash=" not in line), None)
        if bare is not None and (self.hashed or any("--hash=" in line for line in self.lines)):
            raise BuildError(
                f"{path}: {bare} has no hash, and with hashes every requirement needs one",
                code="dependency-hash",
                hint="Lock again with hashes (pip-compile --generate-hashes, uv pip compile --generate-hashes), or "
                "take all of them out and lock with `sealift lock`.",
            )

    def variables(self) -> tuple[tuple[str, str], ...]:
        """Return the variables that are used, with their values; not those of user names and passwords."""
        text = re.sub(r"://[^/@\s]+@", "://", "\n".join([*self.lines, *self.options]))
        return tuple((name, self.places.variables.get(name, "")) for name in sorted(set(_VARIABLE.findall(text))))

    def _include(self, value: str, base: Path, chain: tuple[Path, ...], *, constraints: bool) -> None:
        written = _unquoted(value)
        address = self.places.expanded(written)
        if _ADDRESS.match(address):
            if Path(address) not in chain:
                text = _including(self.places.fetch(address), address)
                self.text(text, base, (*chain, Path(address)), constraints=constraints)
            return
        path = base / file_path(self.places.expanded(written))
        self.file(path, chain, constraints=constraints)

    def _place(self, name: str, value: str, base: Path) -> str:
        written = file_path(self.places.expanded(_unquoted(value)))
        if _ADDRESS.match(written):
            return f"{name} {value}"
        path = self.places.find(written, base)
        if not path.is_relative_to(self.places.boundary.resolve()):
            return f"{name} {path}"  # a registry of this machine
        self.local.append(LocalPath(written=written, path=path, packages=True))
        return f"{name} {self.places.spelled(path)}"

    def _requirement(self, line: str, base: Path) -> str:
        plain = _EDITABLE.sub("", line)
        rest = self.places.expanded(plain)
        named = _NAME.match(rest)
        head = rest[: named.end()] if named else ""
        found = _PATH.match(_escaped(rest[len(head) :]))
        if found is None:
            return line
        written = unquote(found["path"]) if found["path"].startswith("file:") else found["path"].replace("\0", " ")
        fragment = re.search(r"subdirectory=([^&]+)", found["fragment"] or "")
        path = self.places.find(file_path(written), base)
        path = path / unquote(fragment[1]) if fragment else path
        self.local.append(LocalPath(written=written, path=path))
        return f"{head}{self.places.spelled(path)}{found['extras'] or ''}{found['tail']}"


def _including(text: str, address: str) -> str:
    """Return the text of a file at an address with the addresses of what it includes itself."""

    def absolute(line: str) -> str:
        found = _INCLUDE.match(line)
        return f"{'-c' if found['c'] else '-r'} {urljoin(address, _unquoted(found['value']))}" if found else line

    return "\n".join(map(absolute, _logical_lines(text)))


def _escaped(text: str) -> str:
    """Return a text that begins with a quoted path without the quotes, its spaces as NUL."""
    if text[:1] not in ('"', "'") or text[0] not in text[1:]:
        return text
    end = text.index(text[0], 1)
    return text[1:end].replace(" ", "\0") + text[end + 1 :]


def _unquoted(value: str) -> str:
    """Return the first word as a shell reads it."""
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if words else value


def _logical_lines(text: str) -> Iterable[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [re.sub(r"\s+", " ", line) for line in stripped if line]


def read_text(path: Path) -> str:
    """Return the text of a declaration. Raises BuildError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BuildError(
            f"{path} is included by a requirements file, but is not there",
            code="requirements-missing",
            hint="Correct the -r or -c line; it is relative to the file it stands in.",
        ) from error
    except UnicodeDecodeError as error:
        return _other_encoding(path, error)
    except (OSError, ValueError) as error:
        raise _unnamed(str(path), error) from error


def _unnamed(path: str, error: OSError | ValueError) -> BuildError:
    why = getattr(error, "strerror", None) or error
    hint = "Correct the line that names it."
    return BuildError(f"{path!r} cannot be read: {why}", code="requirements-missing", hint=hint)


def _other_encoding(path: Path, error: UnicodeDecodeError) -> str:
    """Read UTF-16, which PowerShell's `pip freeze >` writes."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    raise BuildError(
        f"{path} is not UTF-8 text", code="requirements-encoding", hint="Save the file as UTF-8."
    ) from error
