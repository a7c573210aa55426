"""Runs ruff over the application's Python source."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sealift.analysis.locks import normalized
from sealift.analysis.merge import merged
from sealift.analysis.older_names import guarded_names
from sealift.analysis.ruff import (
    ADVICE_RULES,
    EXCLUDES,
    STOP_RULES,
    OwnCode,
    is_named,
    named_rules,
    pinned_version,
    ruff_findings,
    stops,
    target_version,
)
from sealift.checks.cache import TextCache
from sealift.checks.cfnlint import with_nested
from sealift.checks.files import text
from sealift.checks.notes import TIMEOUT_S, advice, could_not_run, said
from sealift.checks.reviewed import RUFF, Given
from sealift.checks.ruff_files import ruff_key
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.template import Template
from sealift.ports import Completed, Process

_PROJECT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*(?:[=<>!~;#]|$)")
"""A requirement of a package index: one of a path is the team's own."""
_UNDEFINED = re.compile(r"Undefined name `(\w+)`")
_TESTS = ("tests", "test")
_HERE = "\0the application"
"""Stands in a kept report for the folder of the application."""
_MAY_PIN = (
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements-test.txt",
    "requirements/dev.txt",
    "tests/requirements.txt",
    "requirements.txt",
    ".pre-commit-config.yaml",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruff:
    """How ruff is run: where, over what, and with which environment and cache."""

    process: Process
    env: Mapping[str, str] | None
    cache: Path
    root: Path
    paths: tuple[str, ...] = (".",)
    given: Path | None = None
    """A configuration instead of those that ruff finds."""
    reports: TextCache

    def check(self, *options: str, version: str | None = None) -> Completed:
        """Check with the ruff that comes with us, or with a given version of it; or return the report on the same."""
        # What is outside of the folder has its own place in the report.
        place = str(self.root.resolve()) if len(self.paths) > 1 else ""
        asked = (version or "", *options, "", place, *self.paths)
        key = ruff_key(self.root, self.paths, asked) if self.given is None else None
        kept = self.reports.get(key) if key else None
        if kept is not None:
            return Completed(returncode=1, stdout=kept.replace(_HERE, self._place), stderr="")
        done = self._run(options, version)
        if key and done.returncode in (0, 1) and not done.timed_out and done.stdout.lstrip().startswith("["):
            self.reports.put(key, done.stdout.replace(self._place, _HERE))
        return done

    @property
    def _place(self) -> str:
        return json.dumps(str(self.root.resolve()))[1:-1]

    def _run(self, options: Sequence[str], version: str | None) -> Completed:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]
        from uv import find_uv_bin

        program = [find_ruff_bin()]
        if version is not None:
            program = [
                find_uv_bin(),
                "tool",
                "run",
                "--quiet",
                "--python",
                sys.executable,
                "--from",
                f"ruff=={version}",
            ]
            program.append("ruff")
        fixed = ("--output-format", "json", "--cache-dir", str(self.cache), "--extend-exclude", ",".join(EXCLUDES))
        chosen = () if self.given is None or "--isolated" in options else ("--config", str(self.given))
        argv = (*program, "check", *fixed, *chosen, *options, "--", *self.paths)
        return self.process.run(argv, cwd=self.root, env=self.env, timeout_s=TIMEOUT_S)


def run_ruff(
    app: App,
    templates: Mapping[str, Template],
    *,
    process: Process,
    env: Mapping[str, str] | None,
    cache: Path,
    reports: TextCache,
    given: Given | None = None,
) -> tuple[Finding, ...]:
    """Return what ruff finds in the application's Python source, with our rules and with the project's own.

    `cache` is ruff's own; `reports` keeps what ruff said of the same files. `given` is a configuration instead of
    those that ruff finds.
    """
    target = target_version(templates.values())
    if target is None:
        return (advice("ruff", "python-2", "Python 2 source was not analysed"),)
    sources = sorted({a.source for one in with_nested(templates.values()) for a in one.assets if a.kind != "file"})
    outside = tuple(source for source in sources if source.startswith("..") and (app.root / source).exists())
    ruff = Ruff(process=process, env=env, cache=cache, root=app.root, paths=(".", *outside), reports=reports)
    scope = OwnCode(
        folder=str(app.root.resolve()),
        shipped=(*sources, *_TESTS),
        vendored=tuple(vendored_packages(app.root, sources)),
    )
    config = find_config(app.root) if given is None else given.file if text(given.file) else None
    plain = ("--isolated", "--target-version", target, "--select", ",".join((*STOP_RULES, *ADVICE_RULES)))
    if config is None:
        return _read(ruff.check(*plain), scope, stops)
    if given is not None:
        # Paths in the configuration are relative to the folder that ruff runs in.
        paths = tuple(str((app.root / path).resolve()) for path in ruff.paths)
        ruff = replace(ruff, given=given.file, root=given.place, paths=paths)
    done = ruff.check("--select", ",".join(STOP_RULES))
    if done.returncode not in (0, 1):
        note = advice("ruff", "configuration", f"the project's own configuration cannot be used: {said(done)}")
        return (note, *_read(ruff.check(*plain), scope, stops))
    return merged(_read(done, scope, stops), _own_rules(ruff, config, scope))


def _own_rules(ruff: Ruff, config: Path, scope: OwnCode) -> tuple[Finding, ...]:
    """Return what the project's configuration finds, in the version of ruff that the project fixes.

    Another version has other rules: what is clean for the team would be red here. Where no version is fixed, only
    rules that the configuration names stop.
    """
    version = next((found for name in _MAY_PIN if (found := pinned_version(text(config.parent / name)))), None)
    if version is not None:
        done = ruff.check(version=version)
        if done.returncode in (0, 1) and done.stdout.lstrip().startswith("["):
            return _read(done, scope, lambda _code: True)
        note = advice("ruff", "own-version", f"the project's ruff {version} could not be run: {said(done)}")
        return (note, *_read(ruff.check(), scope, lambda _code: False))
    named = named_rules(text(config), pyproject=config.name == "pyproject.toml")
    return _read(ruff.check(), scope, lambda code: is_named(code, named))


def _read(done: Completed, scope: OwnCode, stop_on: Callable[[str], bool]) -> tuple[Finding, ...]:
    if done.returncode not in (0, 1) or done.timed_out:
        return (could_not_run("ruff", done),)
    try:
        found = ruff_findings(done.stdout, scope, stop_on=stop_on)
    except ValueError:
        return (could_not_run("ruff", done),)
    return tuple(_unless_older(one, Path(scope.folder)) for one in found)


def _unless_older(one: Finding, root: Path) -> Finding:
    """Return the finding, as advice when it is a name of Python 2 that is used under Python 2 alone."""
    name, place = _UNDEFINED.match(one.message), one.location
    if not one.stops or name is None or place is None:
        return one
    guarded = (place.line, name[1]) in guarded_names(text(root / place.file))
    return replace(one, stops=False, severity="low") if guarded else one


def find_config(root: Path) -> Path | None:
    """Return the file that configures ruff for this folder: in it or above it, up to the top of the repository."""
    for folder in (root.resolve(), *root.resolve().parents):
        for name in RUFF:
            found = text(folder / name)
            if found and (name != "pyproject.toml" or "[tool.ruff" in found):
                return folder / name
        if (folder / ".git").exists():
            return None
    return None


def vendored_packages(root: Path, sources: Iterable[str]) -> Iterator[str]:
    """Yield the folders of packages that were installed into source folders and committed there.

    The installer's own record names them, or a requirement beside them has their name.
    """
    for source in sources:
        folders = [one for one in (root / source, root / source / "python") if one.is_dir()]
        required = {name for folder in folders for name in _required(folder)}
        for folder in folders:
            recorded = {
                PurePosixPath(line.split(",")[0]).parts[0]
                for pattern in ("*.dist-info/RECORD", "*.egg-info/top_level.txt")
                for record in folder.glob(pattern)
                for line in text(record).splitlines()
                if line.strip()
            }
            named = {one.name for one in folder.iterdir() if one.is_dir() and normalized(one.name) in required}
            for name in sorted(recorded | named):
                yield (PurePosixPath(source) / folder.relative_to(root / source).as_posix() / name).as_posix()


def _required(folder: Path) -> Iterator[str]:
    """Yield the projects that the requirements file of a folder names."""
    for line in text(folder / "requirements.txt").splitlines():
        if found := _PROJECT.match(line):
            yield normalized(found[1])
