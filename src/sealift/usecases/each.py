"""Several applications of one repository: in the order of their needs, in parallel where none needs the other.

What an application builds decides whether it changed, never the paths of a commit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sealift.errors import ConfigError, SealiftError, did_you_mean
from sealift.model.app import App, Environment
from sealift.model.release import Origin, Release
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.deploy import is_standing, plan_deployment
from sealift.usecases.services import Services, Silence
from sealift.usecases.site import open_site

AT_ONCE = 4
"""Applications that are worked on at the same time."""
_NOT_BUILT = Origin(commit=None, branch=None, dirty=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What came before: the commit, None when it is not known, and how it is compared with."""

    commit: str | None
    differs: Callable[..., bool]
    """Whether files of a folder are not as a commit has them."""
    built: Callable[[Path, str], str]
    """Builds the application of a folder as a commit has it; returns the digest of its release."""
    files: tuple[str, ...]
    """The files that hold a configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the command of one application ended, with what it printed. Without an exit code it was not called."""

    app: App
    exit_code: int | None
    said: str = ""
    """Why it was not called."""
    printed: str = ""

    @property
    def well(self) -> bool:
        """Whether what needs it may be called."""
        return self.exit_code in (None, 0)


def by_name(apps: Iterable[App]) -> Mapping[str, App]:
    """Return applications by name, each after those that it needs. Raises ConfigError."""
    found: dict[str, App] = {}
    for app in apps:
        if app.name in found:
            raise ConfigError(
                f"two applications are called {app.name}: {found[app.name].root} and {app.root}",
                code="app-twice",
                hint="Give each a name of its own: [app] name.",
            )
        found[app.name] = app
    for app in found.values():
        for need in app.needs:
            if need not in found:
                raise ConfigError(
                    f'{app.name} needs "{need}", which is not an application below{did_you_mean(need, found)}',
                    code="app-unknown",
                    hint=f"Applications are: {', '.join(found)}.",
                )
    try:
        order = tuple(TopologicalSorter({app.name: app.needs for app in found.values()}).static_order())
    except CycleError as error:
        ring = " → ".join(error.args[1][::-1])
        raise ConfigError(
            f"applications need each other in a circle: {ring}", code="app-circle", hint="Correct [app] needs."
        ) from error
    return {name: found[name] for name in order}


def unchanged(app: App, services: Services, base: Base, command: Sequence[str]) -> str:
    """Return why an application counts as unchanged for a command; empty when it changed, or when that is not known.

    It changed when it builds another release than before, or its configuration is another; for `check` and `test`
    also when any other file of its folder is. For `run` and `deploy` it is unchanged when they would do nothing.
    """
    verb = command[0]
    try:
        if verb in ("run", "deploy"):
            return _running(app, services, command)
        commit = base.commit
        if commit is None or base.differs(app.root, commit, *(["."] if verb in ("check", "test") else base.files)):
            return ""
        if built(app, services).digest != base.built(app.root, commit):
            return ""
    except SealiftError as error:
        services.note("change-unknown", f"{app.name} counts as changed: {error.message}")
        return ""
    return f"unchanged since {commit[:8]}"


def _running(app: App, services: Services, command: Sequence[str]) -> str:
    entered = _entered(app, services, command)
    if not entered:
        return ""
    release = built(app, services)
    for environment in entered:
        site = open_site(app, environment, services)
        stands = site.standing()
        plan = plan_deployment(site, release, commit=None, kind="deployment")
        if stands.open_watch or stands.rollback_due or not is_standing(site, plan, stands):
            return ""
    return f"unchanged: {', '.join(one.name for one in entered)} runs {release.short()}"


def _entered(app: App, services: Services, command: Sequence[str]) -> list[Environment]:
    """Return where the command would bring a release: a rehearsal on the embedded cloud may go to all environments."""
    if command[0] == "deploy":
        return [one for one in app.environments if one.name in command[1:]]
    if "--local" in command:
        return list(app.environments)
    origin = services.scm.origin(app.root)
    return [one for one in app.environments if origin is not None and one.branch == origin.branch]


def built(app: App, services: Services) -> Release:
    """Return what an application builds. Raises what a build raises."""
    # What a build says is said by the command that is called.
    quiet = replace(services, events=Silence())
    templates = load_templates(app, quiet)
    return build_release(app, quiet, templates=templates, origin=_NOT_BUILT).release


def call_each(
    apps: Mapping[str, App], call: Callable[[App], Ended], told: Callable[[Ended], None]
) -> tuple[Ended, ...]:
    """Call a command for each application, once its needs ended well; `told` is called as each ends."""
    sorter = TopologicalSorter({name: [need for need in app.needs if need in apps] for name, app in apps.items()})
    sorter.prepare()
    ended: dict[str, Ended] = {}
    running: dict[Future[Ended], str] = {}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        while sorter.is_active():
            for name in sorter.get_ready():
                failed = [need for need in apps[name].needs if need in ended and not ended[need].well]
                running[pool.submit(_call, apps[name], failed, call)] = name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for task in done:
                name = running.pop(task)
                ended[name] = task.result()
                told(ended[name])
                sorter.done(name)
    return tuple(ended[name] for name in apps)


def _call(app: App, failed: list[str], call: Callable[[App], Ended]) -> Ended:
    if not failed:
        return call(app)
    return Ended(app=app, exit_code=1, said=f"not called, because {', '.join(failed)} did not succeed")
