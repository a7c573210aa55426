"""The pipeline files of a repository on disk: found, read, and written where there is none.

What stands in one is decided in `pipelines/`.
"""

import difflib
import math
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sealift.boundary import repository
from sealift.config.new_file import write_new
from sealift.errors import ConfigError, UserError
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.values import value
from sealift.pipelines.delivered import Delivered, Entered, Previewed
from sealift.pipelines.lint import FILES, System, lint, system_of
from sealift.pipelines.written import write

_WORKFLOW = "sealift.yml"
_LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock", "pylock.toml", "package-lock.json", "requirements.txt")
_NOT_SOURCE = {".git", ".venv", "venv", "node_modules", ".aws-sam", ".sealift", "cdk.out"}
_MOST_LOCKS, _DEPTH = 10, 4
_LARGEST_BYTES = 1_000_000


@value
class Pipeline:
    """A pipeline file as Sealift would write it, and what stands there instead."""

    path: Path
    text: str
    there: str | None

    @property
    def difference(self) -> str:
        """Return what to change in the file that is there, as a unified diff; empty when nothing."""
        old = (self.there or "").splitlines(keepends=True)
        name = self.path.name
        return "".join(difflib.unified_diff(old, self.text.splitlines(keepends=True), name, f"{name} (proposed)"))


def part_of_repository(folder: Path) -> str:
    """Return where in its repository a folder is, as a POSIX path; empty at the top."""
    part = folder.resolve().relative_to(repository(folder)).as_posix()
    return "" if part == "." else part


def planned(
    apps: Sequence[App], system: System, *, folder: Path, requirement: str, protected: str, one_step: bool
) -> Pipeline:
    """Return the pipeline file of the application in a folder, or of the applications below it. Raises ConfigError.

    `requirement` is what pip installs to get Sealift.
    """
    top = repository(folder)
    locks = {path.relative_to(top).as_posix() for app in apps for path in _locks(app.root.resolve(), _DEPTH)}
    locks = locks or {posixpath.join(part_of_repository(app.root), app.config_path or "sealift.toml") for app in apps}
    several = len(apps) > 1
    what = Delivered(
        folder="" if several else part_of_repository(apps[0].root),
        several=several,
        protected=protected,
        environments=_entered(apps),
        requirement=requirement,
        locks=tuple(sorted(locks))[:_MOST_LOCKS],
        one_step=one_step,
        previews=_previewed([app for app in apps if app.previews is not None]),
    )
    path = top / FILES[system]
    path = path / _WORKFLOW if system == "github" else path
    return Pipeline(path=path, text=write(system, what), there=_text(path) if path.is_file() else None)


def _entered(apps: Sequence[App]) -> tuple[Entered, ...]:
    """Return the environments of all applications; what is called alike has to be entered alike."""
    entered: dict[str, tuple[Entered, App]] = {}
    for app in apps:
        branches = [one.branch for one in app.environments]
        for one in app.environments:
            alone = branches.count(one.branch) == 1
            here = Entered(name=one.name, branch=one.branch, alone=alone, approved=one.approvals > 0)
            known, other = entered.setdefault(one.name, (here, app))
            if known.branch != here.branch:
                raise ConfigError(
                    f"{one.name} follows {known.branch or 'no branch'} in {other.name} and {here.branch or 'none'} in "
                    f"{app.name}: one pipeline cannot deliver both",
                    code="pipeline-apart",
                    hint="Give the environments of one name the same branch, or write a pipeline file for each.",
                )
            both = replace(known, alone=known.alone and here.alone, approved=known.approved or here.approved)
            entered[one.name] = (both, other)
    return tuple(one for one, _ in entered.values())


def _previewed(apps: Sequence[App]) -> Previewed | None:
    each = [
        Previewed(
            app=app.name,
            region=app.previews.region,
            account=app.previews.account,
            role=app.previews.role,
            expires_days=max(1, math.ceil(app.preview_rules.expires_s / 86_400)),
        )
        for app in apps
        if app.previews is not None
    ]
    return replace(each[0], others=tuple(each[1:])) if each else None


def save(pipeline: Pipeline) -> None:
    """Write the file. Raises ConfigError when there is one already or none can be made, OSError on a full disk."""
    try:
        write_new(pipeline.path, pipeline.text)
    except FileExistsError as error:
        raise ConfigError(
            f"{pipeline.path} exists; it is not changed", code="pipeline-exists", hint="Merge the printed part into it."
        ) from error


def pipeline_files(folder: Path) -> tuple[Path, ...]:
    """Return the pipeline files of the repository that holds a folder, of every CI system."""
    top = repository(folder)
    workflows = top / FILES["github"]
    inside = sorted(workflows.iterdir()) if workflows.is_dir() else []
    found = [top / FILES["bitbucket"], *inside, top / FILES["gitlab"]]
    return tuple(path for path in found if path.is_file() and system_of(path.as_posix()) is not None)


def lint_file(path: Path, *, shown: str) -> tuple[Finding, ...]:
    """Return the findings of a pipeline file; `shown` is how they name it. Raises UserError when it is none."""
    system = system_of(path.as_posix())
    if system is None:
        raise UserError(
            f"{shown} is not the name of a pipeline file that Sealift supports",
            code="pipeline-unknown",
            hint=f"Known are {FILES['bitbucket']}, {FILES['github']}/*.yml and {FILES['gitlab']}.",
        )
    return lint(shown, _text(path), system)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise UserError(f"{path} is larger than 1 MB: no pipeline file", code="pipeline-unreadable")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text", code="pipeline-unreadable") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", code="pipeline-unreadable") from error


def _locks(folder: Path, deeper: int) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.name in _LOCKS and entry.is_file():
            yield entry
        elif deeper and entry.is_dir() and not entry.is_symlink() and entry.name not in _NOT_SOURCE:
            yield from _locks(entry, deeper - 1)
