"""Reads versions out of lock files that uv's pip interface does not take."""

import re
import tomllib
from collections.abc import Iterator, Mapping


def lock_constraints(text: str, name: str) -> tuple[str, ...]:
    """Return `name==version` of every package in a poetry.lock or uv.lock that is locked at one version only."""
    if name not in ("poetry.lock", "uv.lock"):
        return ()
    versions: dict[str, set[str]] = {}
    for package in _packages(text, "package"):
        source = package.get("source")
        local = isinstance(source, Mapping) and bool({"editable", "virtual", "directory", "path", "git"} & set(source))
        if not local and isinstance(package.get("version"), str):
            versions.setdefault(str(package.get("name")), set()).add(str(package["version"]))
    return tuple(f"{package}=={next(iter(found))}" for package, found in sorted(versions.items()) if len(found) == 1)


def pylock_requirements(text: str) -> tuple[str, ...]:
    """Return the packages of a pylock.toml as requirements.

    https://packaging.python.org/en/latest/specifications/pylock-toml/
    """
    return tuple(
        f"{package['name']}=={package['version']}" + (f" ; {package['marker']}" if "marker" in package else "")
        for package in _packages(text, "packages")
        if "name" in package and "version" in package
    )


def uv_reason(stderr: str, *, lines: int = 6) -> str:
    """Return why uv could not install, shortened: what stands after its cross or `error:`."""
    kept = [line.strip() for line in stderr.splitlines() if line.strip()]
    start = next((i for i, line in enumerate(kept) if line.startswith("×") or line.lower().startswith("error")), 0)
    told = [re.sub(r"^[×╰─▶│├\s]+|^error:\s*", "", line) for line in kept[start : start + lines]]
    reason = " ".join(line for line in told if line)
    return reason if len(reason) <= 500 else reason[:499] + "…"


def _packages(text: str, key: str) -> Iterator[Mapping[str, object]]:
    try:
        found = tomllib.loads(text).get(key)
    except tomllib.TOMLDecodeError:
        return
    for package in found if isinstance(found, list) else ():
        if isinstance(package, Mapping):
            yield package
