"""Packs: the files of one installed distribution, compressed once, ready to be copied into any number of zips.

A pack is named by what is in it: the RECORD that the wheel brought along (names and SHA-256 of its files), the list of
what is left out, and the compressor. Each file is checked against RECORD while it is packed. Layout: the streams one
after the other, an index as JSON, its length (8 bytes, little-endian), the SHA-256 of all that. The last is checked
whenever a pack is opened, so damage is found before it is shipped.
"""

import base64
import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sealift.build.cache.keys import FORMAT, digest
from sealift.build.cache.store import Cache
from sealift.build.dependencies.needed import is_test, needed_stubs, needed_tests, tests_folder
from sealift.build.zips.deflating import Stream, compressor, deflated
from sealift.build.zips.leaving_out import DEPENDENCY_STUBS, DEPENDENCY_TESTS, SCRIPTS, patterns
from sealift.build.zips.zipping import Entry
from sealift.errors import BuildError


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An installed distribution: its files with the SHA-256 that RECORD gives, those left out not among them."""

    project: str
    version: str
    site: Path
    files: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]

    def key(self, left_out: tuple[str, ...]) -> str:
        """Return the name of its pack."""
        return digest(FORMAT, compressor(), left_out, self.project, self.files)


def distributions(site: Path, left_out: tuple[str, ...]) -> tuple[Distribution, ...]:
    """Return what is installed in a folder, sorted by name."""
    found = [_distribution(site, info, left_out) for info in site.glob("*.dist-info") if (info / "RECORD").is_file()]
    return tuple(sorted(found, key=lambda d: d.project))


def _distribution(site: Path, info: Path, left_out: tuple[str, ...]) -> Distribution:
    project, _, version = info.name.removesuffix(".dist-info").rpartition("-")
    unwanted = patterns(*(p for p in left_out if p not in (DEPENDENCY_TESTS, DEPENDENCY_STUBS)))
    recorded = [(PurePosixPath(name).as_posix(), sha256) for name, sha256 in _record(info / "RECORD")]
    files = [f for f in recorded if not f[0].startswith(("/", "../")) and not unwanted.match(f[0])]
    if SCRIPTS in left_out and any(name == "bin/__init__.py" for name, _ in recorded):
        files += [f for f in recorded if f[0].startswith("bin/") and "." in f[0] and "__pycache__" not in f[0]]
    if DEPENDENCY_STUBS in left_out:
        stubs = needed_stubs(site, (name for name, _ in files))
        files = [f for f in files if not f[0].endswith(".pyi") or f[0] in stubs]
    if DEPENDENCY_TESTS in left_out:
        tests = needed_tests(site, (name for name, _ in files))
        files = [f for f in files if tests_folder(f[0]) is None or (tests_folder(f[0]) in tests and not is_test(f[0]))]
    return Distribution(project=project, version=version, site=site, files=tuple(sorted(files)), tags=_tags(info))


def _record(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) >= 2:
                kind, _, value = row[1].partition("=")
                yield row[0], _hex(value) if kind == "sha256" else ""


def _hex(value: str) -> str:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()


def _tags(info: Path) -> tuple[str, ...]:
    try:
        lines = (info / "WHEEL").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    return tuple(line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))


def compiled_here(found: Distribution) -> bool:
    """Return whether it was compiled on this machine: its tag names Linux, but no C library that Lambda promises."""
    return any(tag.endswith(("-linux_x86_64", "-linux_aarch64")) or "-macosx_" in tag for tag in found.tags)


def pack(found: Distribution, left_out: tuple[str, ...], cache: Cache, threads: Executor) -> str:
    """Pack a distribution and return the name of the pack; one that is there and whole is used again."""
    key = found.key(left_out)
    if open_pack(cache, key) is None:
        pack_files(key, found.site, found.files, cache, threads)
    return key


def pack_files(key: str, site: Path, files: Iterable[tuple[str, str]], cache: Cache, threads: Executor) -> None:
    """Compress files (name in `site`, SHA-256 or nothing) into the pack `key`. Raises Overwritten."""
    index: list[list[object]] = []
    sha256 = hashlib.sha256()
    with cache.temporary() as folder, cache.writing():
        temporary = folder / "pack"
        with temporary.open("wb") as out:
            for entry in threads.map(lambda file: _compressed(site, *file), files):
                stream = entry.stream
                index.append([entry.name, entry.executable, stream.crc, stream.size, len(stream.data), stream.method])
                sha256.update(stream.data)
                out.write(stream.data)
            tail = json.dumps(index, separators=(",", ":")).encode()
            tail += len(tail).to_bytes(8, "little")
            sha256.update(tail)
            out.write(tail + sha256.digest())
        cache.adopt(temporary, "packs", key)


class Overwritten(Exception):
    """A file is not the one that this distribution brought: another one has a file of the same name."""


def _compressed(site: Path, name: str, sha256: str) -> Entry:
    path = site / name
    try:
        body = path.read_bytes()
        executable = bool(path.stat().st_mode & 0o100)
    except FileNotFoundError as error:
        raise Overwritten(name) from error
    if sha256 and hashlib.sha256(body).hexdigest() != sha256:
        raise Overwritten(name)
    return Entry(name, executable, deflated(body))


def open_pack(cache: Cache, key: str) -> tuple[Entry, ...] | None:
    """Return the files of a pack, or None when it is not there or damaged."""
    try:
        data = memoryview(cache.path("packs", key).read_bytes())
    except OSError:
        return None
    if len(data) < 40 or hashlib.sha256(data[:-32]).digest() != data[-32:]:
        return None
    cache.used("packs", key)
    length = int.from_bytes(data[-40:-32], "little")
    offset = 0
    entries = []
    for name, executable, crc, size, packed, method in json.loads(bytes(data[-40 - length : -40])):
        entries.append(Entry(name, executable, Stream(data[offset : offset + packed], crc, size, method)))
        offset += packed
    return tuple(entries)


def refuse_compiled(found: tuple[Distribution, ...]) -> None:
    """Refuse what was compiled on this machine: it would not load, or only by luck, on Lambda's."""
    names = [f"{d.project} {d.version}" for d in found if compiled_here(d)]
    if names:
        raise BuildError(
            f"No wheel for the function's Python and processor: {', '.join(names)}; it would have to be compiled",
            code="dependency-needs-compiling",
            hint="Choose a version that has one, build it into a layer, or use BuildMethod: makefile.",
        )
