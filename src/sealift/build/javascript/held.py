"""Which packages of npm a function's package holds: those in its node_modules, and those that its bundle is made of."""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sealift.build.zips.deflating import DEFLATED
from sealift.build.zips.zipping import Entry

Held = tuple[tuple[str, int], ...]
"""`name==version`, and how many bytes there are of it, unpacked."""
_IN_PACKAGE = re.compile(r"(.*/)?node_modules/(@[^/]+/)?[^/@.][^/]*(?=/)", re.DOTALL)


def installed(entries: Iterable[Entry]) -> Held:
    """Return what node_modules folders among the files of a package hold, whoever installed it."""
    bytes_of, declared = Counter[str](), dict[str, str]()
    for entry in entries:
        folder = _folder(entry.name)
        if folder is not None:
            bytes_of[folder] += entry.stream.size
            if entry.name == f"{folder}/package.json":
                declared[folder] = _text(entry)
    return _held(bytes_of, declared)


def bundled(metafile: str, source: Path) -> Held:
    """Return what esbuild's record says that a bundle is made of; `source` is the folder that it was run in."""
    bytes_of = Counter[str]()
    for output in json.loads(metafile)["outputs"].values():
        for name, part in output.get("inputs", {}).items():
            folder = _folder(name)
            if folder is not None and part.get("bytesInOutput"):
                bytes_of[folder] += part["bytesInOutput"]
    return _held(bytes_of, dict(_declared(source, bytes_of)))


def _folder(name: str) -> str | None:
    """Return the folder of the package that a file belongs to, the innermost one."""
    found = _IN_PACKAGE.match(name)
    return found[0] if found else None


def _declared(source: Path, folders: Iterable[str]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        try:
            yield folder, (source / folder / "package.json").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue


def _text(entry: Entry) -> str:
    data = bytes(entry.stream.data)
    body = zlib.decompress(data, -zlib.MAX_WBITS) if entry.stream.method == DEFLATED else data
    return body.decode(errors="replace")


def _held(bytes_of: Mapping[str, int], declared: Mapping[str, str]) -> Held:
    found = Counter[str]()
    for folder, size_bytes in bytes_of.items():
        try:
            said = json.loads(declared.get(folder, ""))
            name, version = said["name"], said["version"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # a folder with another package.json, as of `exports`, is part of the one above
        if isinstance(name, str) and isinstance(version, str):
            found[f"{name}=={version}"] += size_bytes
    return tuple(sorted(found.items()))
