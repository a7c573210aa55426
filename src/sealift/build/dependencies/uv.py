"""Runs uv: resolves, exports and installs. The only module that knows uv's options and how it words its errors."""

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.build.cache.store import Cache
from sealift.build.dependencies.backends import PINNED, pinned_digest, uncompiled
from sealift.build.target import PythonPlatform
from sealift.build.tools import version
from sealift.errors import BuildError

if TYPE_CHECKING:
    from sealift.ports import Completed, Process

_TIMEOUT_S = 900.0
_NO_COMPILER = ("CC=/bin/false", "CXX=/bin/false", "SOURCE_DATE_EPOCH=315532800")
_WHEELS_ONLY = ("--only-binary", ":all:")
_RULES_OUT_PINNED = re.compile(r"Failed to resolve requirements from")
"""What uv says when a package's build requirements exclude the pinned versions."""
_AS_ASKED = ("env", "-u", "UV_FROZEN", "-u", "UV_LOCKED", "-u", "UV_PROJECT", "-u", "UV_WORKING_DIRECTORY")
"""Without the variables that contradict what is asked of uv."""
_OTHER_PYTHON = re.compile(r"incompatible with the project's Python requirement")
_NEEDS_SOURCE = re.compile(
    r"only-binary|no-build|building source distributions is disabled|no usable wheels|has no wheels|no wheels with a"
    r"|building .* is disabled|does not have wheels|marked as .*no-build",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """That packages were built from source: uv's cache with their sources, and whether by the pinned backends."""

    cache: Path
    pinned: bool


def uv_binary() -> Path:
    """Return the uv that was installed with us, or the one on PATH."""
    own = Path(sys.executable).parent / "uv"
    found = own if own.exists() else shutil.which("uv")
    if found is None:
        raise BuildError(
            "uv was not found, which resolves and installs the dependencies of functions",
            code="uv-missing",
            hint="Install it: python -m pip install uv",
        )
    return Path(found)


class Uv:
    """uv on this machine, looked for when needed. What it builds from source, without a compiler, it keeps apart."""

    def __init__(self, process: "Process", cache: Cache) -> None:
        self._process = process
        self._cache = cache
        self._version = ""

    def version(self) -> str:
        """Return the version of uv."""
        self._version = self._version or version(uv_binary(), self._cache, self._process)
        return self._version

    def compile(
        self, files: Sequence[Path], target: PythonPlatform, *, cwd: Path, constraints: Path | None = None
    ) -> str:
        """Return the resolution of these requirements as a requirements file with hashes. Raises BuildError."""
        argv = ["pip", "compile", "--generate-hashes", "--no-header", "--no-annotate", "--quiet", *_selected(target)]
        argv += ["--constraints", str(constraints)] if constraints else []
        return self._wheels_first([*argv, *map(str, files)], cwd)[0].stdout

    def export(self, project: Path, *, check: bool) -> str | None:
        """Return what a uv.lock says, without any group, as a requirements file with hashes.

        With `check`, uv first compares it with the projects that it locks, and a lock that does not fit raises
        BuildError; None when uv cannot compare, because they need a newer Python than is here.
        """
        argv = [
            "export",
            "--locked" if check else "--frozen",
            "--no-default-groups",
            "--no-emit-project",
            "--no-header",
        ]
        argv += ["--no-annotate", "--quiet", "--no-editable", "--format", "requirements-txt"]
        argv += ["--python", sys.executable, "--no-python-downloads"]
        done = self._start(argv, project, prefix=_AS_ASKED)
        if check and done.returncode != 0 and _OTHER_PYTHON.search(done.stderr):
            return None
        return _checked(done).stdout

    def install(
        self, requirements: Path, target: PythonPlatform, into: Path, *, cwd: Path, options: Sequence[str]
    ) -> "Built | None":
        """Install a lock into a folder; return where packages were built from source. Raises BuildError."""
        argv = ["pip", "install", "--quiet", "--target", str(into), "--link-mode", "hardlink"]
        _, built = self._wheels_first([*argv, *_selected(target), *options, "-r", str(requirements)], cwd)
        return built

    def _wheels_first(self, argv: list[str], cwd: Path) -> "tuple[Completed, Built | None]":
        """Run with wheels only; where that is not enough, let uv build pure packages, without a C compiler.

        They are built by a pinned set of backends; with any other only where a package rules the pinned ones out.
        """
        done, built = self._start([*argv, *_WHEELS_ONLY], cwd), None
        if done.returncode != 0 and _NEEDS_SOURCE.search(done.stderr):
            built = Built(cache=self._cache.path("outputs", f"uv-{pinned_digest()}"), pinned=True)
            done = self._from_source([*argv, "--build-constraints", str(PINNED)], cwd, built.cache)
            if done.returncode != 0 and _RULES_OUT_PINNED.search(done.stderr):
                built = Built(cache=self._cache.path("outputs", "uv-unpinned"), pinned=False)
                done = self._from_source(argv, cwd, built.cache)
        return _checked(done), built

    def _from_source(self, argv: list[str], cwd: Path, own: Path) -> "Completed":
        with self._cache.writing():
            (own / "tmp").mkdir(parents=True, exist_ok=True)
        places = (f"UV_CACHE_DIR={own}", f"TMPDIR={own / 'tmp'}")
        done = self._start(argv, cwd, prefix=("env", *_NO_COMPILER, *places))
        if done.returncode == 0:
            self.compile_backends(own)
        return done

    def compile_backends(self, own: Path) -> None:
        """Write the backends' bytecode into this cache of uv's, which links it into the new environment of each build.

        Without it each build compiles its backend again, which for setuptools takes longer than the build.
        """
        with self._cache.lock("backends"):
            if folders := uncompiled(own):
                argv = [sys.executable, "-I", "-m", "compileall", "-q", *map(str, folders)]
                self._process.run(argv, cwd=own, timeout_s=_TIMEOUT_S)

    def _start(self, argv: list[str], cwd: Path, prefix: Sequence[str] = ()) -> "Completed":
        return self._process.run([*prefix, str(uv_binary()), *argv], cwd=cwd, timeout_s=_TIMEOUT_S)


_PATCH = 2
"""Lambda runs a late release of each Python. uv takes `3.7` for 3.7.0, which packages such as pandas rule out."""


def _selected(target: PythonPlatform) -> tuple[str, ...]:
    """Return the options that choose packages for `target` without looking for, or loading, that Python."""
    platform = ("--python-platform", target.platform) if target.platform else ("--universal",)
    chosen = ("--python-version", f"{target.python}.{_PATCH}", *platform)
    return (*chosen, "--python", sys.executable, "--no-python-downloads")


def _checked(done: "Completed") -> "Completed":
    if done.returncode == 0 and not done.timed_out:
        return done
    if done.timed_out:
        raise BuildError(
            f"uv did not finish within {_TIMEOUT_S:.0f} s",
            code="dependencies-timeout",
            hint="Check the connection to the package registry.",
            retryable=True,
        )
    raise failure(done.stderr)


def failure(stderr: str) -> BuildError:
    """Return the error for what uv wrote, its reason shortened."""
    reason = shortened(stderr)
    for pattern, code, hint in _FAILURES:
        if re.search(pattern, stderr, re.IGNORECASE):
            message = f"The dependencies cannot be installed: {reason}"
            return BuildError(message, code=code, hint=hint, retryable=code == "registry-unreachable")
    return BuildError(
        f"The dependencies cannot be installed: {reason}",
        code="dependencies-failed",
        hint="Correct the requirements; the reason above is uv's.",
    )


_FAILURES = (
    (
        r"lockfile at .* needs to be updated",
        "lock-stale",
        "Lock again: uv lock",
    ),
    (
        r"no space left on device|file too large|disk quota exceeded",
        "cache-full",
        "Free space on this disk, or run `sealift cache prune`.",
    ),
    (
        r"hash mismatch|hash-checking is required|require-hashes",
        "dependency-hash",
        "A file is not the one that was locked, or has no hash in the lock. Lock again, and find out why it changed.",
    ),
    (
        r"error sending request|failed to lookup address|could not resolve host|connection refused|timed out",
        "registry-unreachable",
        "Check the connection to the package registry or repository, then build again.",
    ),
    (
        r"was unable to detect version|not appear to be a Git project|Unable to detect version control system"
        r"|Cannot find the version from SCM",
        "dependency-version-from-git",
        "A package that is named by its path is built from a copy without .git, so that its files alone decide on it: "
        "write its version down, or give one to fall back on (fallback_version of setuptools-scm, fallback-version of "
        "hatch-vcs).",
    ),
    (
        r"build backend returned[\s\S]*(?:FileNotFoundError|No such file or directory)",
        "dependency-reads-outside",
        "A package that is named by its path is built from a copy of its folder: move what it reads into that folder.",
    ),
    (
        r"failed to build `[^`]* @ file:",
        "dependency-build-failed",
        "A package that is named by its path cannot be built, from a copy of its folder without a compiler: mend it "
        "(`uv build --wheel` there shows all that its build says).",
    ),
    (
        r"failed to build|build backend|not compatible with the target|incompatible with the current",
        "dependency-needs-compiling",
        "It has no wheel for the function's Python and processor, and building one needs a compiler. Choose a version "
        "that has one, build it into a layer, or use BuildMethod: makefile.",
    ),
    (
        r"no solution found|unsatisfiable|not found in the package registry",
        "dependencies-unresolvable",
        "Correct the requirements: a name, a version, or a pair of pins that exclude each other.",
    ),
)


def shortened(stderr: str, limit: int = 700) -> str:
    """Return uv's reason in one paragraph, without its drawing and its advice."""
    text = "\n".join(line for line in stderr.splitlines() if not line.startswith(("warning:", "Using ", "Resolved ")))
    raised = [
        line.strip()
        for line in text.partition("[stderr]")[2].splitlines()
        if re.match(r"\s*\w+(?:Error|Exception): ", line)
    ]
    text = " ".join([re.split(r"\n\s*hint:|\[stdout\]|\[stderr\]", text)[0], *raised[-1:]])
    text = masked(re.sub(r"[×╰─▶│├┬]|error:", " ", text))
    text = re.sub(r"\s+", " ", text).strip().removeprefix("No solution found when resolving dependencies").strip()
    text = text.removeprefix("cause:").strip()
    return text if len(text) <= limit else f"{text[:limit].rstrip()} …"


def masked(text: str) -> str:
    """Return the text without the user names and passwords of its addresses."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)
