"""Programs for the tests of the builder: they do to files what uv does, with a registry that is a dictionary."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sealift.model.template import Asset
from sealift.ports import Completed

Registry = dict[str, dict[str, dict[str, bytes]]]
"""Files by name, by version, by project."""


def registry() -> Registry:
    return {
        "alpha": {
            "1.0": {"alpha/__init__.py": b"VERSION = '1.0'\n" * 40, "alpha/types.pyi": b"x: int\n"},
            "2.0": {"alpha/__init__.py": b"VERSION = '2.0'\n" * 40, "alpha/tests/test_it.py": b"assert True\n"},
        },
        "beta": {"1.5": {"beta.py": b"BETA = 1\n" * 100}},
    }


class FakeUv:
    """uv on a machine without a network: resolves to the newest version, or the pinned one, and installs files."""

    def __init__(self, known: Registry | None = None, *, version: str = "uv 9.9.9") -> None:
        self.registry = registry() if known is None else known
        self.version = version

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        if argv[1:] == ["--version"]:
            return _done(self.version)
        if argv[1:3] == ["pip", "compile"]:
            return self._compile(Path(argv[-3]))
        if argv[1:3] == ["pip", "install"]:
            try:
                return self._install(Path(argv[argv.index("-r") + 1]), Path(argv[argv.index("--target") + 1]))
            except OSError as error:
                return _failed(f"error: failed to write: {error.strerror} (os error {error.errno})")
        raise AssertionError(f"not expected: {argv}")

    def _compile(self, path: Path) -> Completed:
        lines = []
        for line in path.read_text().splitlines():
            project, _, version = line.partition("==")
            if not line.strip() or line.startswith(("#", "--constraint ")):
                continue
            if project not in self.registry or (version and version not in self.registry[project]):
                return _failed(f"  × No solution found\n  ╰─▶ Because {line} was not found in the package registry")
            lines.append(f"{project}=={version or max(self.registry[project])} \\\n    --hash=sha256:{'0' * 64}\n")
        return _done("".join(lines))

    def _install(self, requirements: Path, site: Path) -> Completed:
        for project, version in re.findall(r"^(\w+)==(\S+)", requirements.read_text(), re.MULTILINE):
            install(site, project, version, self.registry[project][version])
        return _done("")


def install(site: Path, project: str, version: str, files: Mapping[str, bytes], *, tag: str = "py3-none-any") -> None:
    """Write what an installer writes for one distribution."""
    info = f"{project}-{version}.dist-info"
    body = {
        **files,
        f"{info}/METADATA": f"Name: {project}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Tag: {tag}\n".encode(),
        f"{info}/INSTALLER": b"fake",
        "bin/run-it": f"#!{site}/python\n".encode(),
    }
    record = ""
    for name, data in body.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        sha256 = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        record += f"{name},sha256={sha256},{len(data)}\n"
    (site / info / "RECORD").write_text(record + f"{info}/RECORD,,\n")


class NoTools:
    """A machine on which nothing may be started."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Completed:
        raise AssertionError(f"nothing was to be started, but was: {argv}")


def _done(stdout: str) -> Completed:
    return Completed(returncode=0, stdout=stdout, stderr="")


def _failed(stderr: str) -> Completed:
    return Completed(returncode=1, stdout="", stderr=stderr)


def function(source: str = "fn", **changes: object) -> Asset:
    """Return the asset of a Python function."""
    values: dict[str, object] = {
        "key": f"app:{source}",
        "kind": "function",
        "source": source,
        "logical_ids": (source.title().replace("/", ""),),
        "paths": (),
        "runtime": "python3.12",
    }
    return Asset(**{**values, **changes})  # type: ignore[arg-type]


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
