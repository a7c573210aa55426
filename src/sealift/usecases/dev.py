"""The work tree in an environment of its own on the embedded cloud: brought once, then renewed as files change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sealift.errors import Refused
from sealift.model.app import App, Environment, GatesRead, Hooks
from sealift.model.release import BuiltRelease, Finished, Looked, Origin
from sealift.ports import Builder
from sealift.usecases.admission import Admission
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.run import deploy_built
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.surroundings import physical_functions

NAME = "dev"
_PUBLISHES = (b"AutoPublishAlias", b"AWS::Lambda::Version")
"""What in a template makes a version of the code, which only an update of the stack does."""
Swap = Callable[[Mapping[str, Path]], None]
"""Gives functions, by their physical names, the code in these files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What runs now, and which functions got their code without an update of the stacks; None when those were made."""

    built: BuiltRelease
    physical: Mapping[tuple[str, str], str]
    """The physical name of each function that was made, by its stack's name and its logical id."""
    swapped: tuple[str, ...] | None = None


def own_name(app: App) -> str:
    """Return the name of the environment, which is not a declared one."""
    return NAME if app.environment(NAME) is None else f"{NAME}-work-tree"


def own_application(app: App, name: str | None = None) -> App:
    """Return the application with one environment, which has the parameters of the first declared one and no gates."""
    first, name = app.environments[0], name or own_name(app)
    own = Environment(
        name=name,
        region=first.region,
        stack_name=f"{app.name}-{name}",
        parameters=first.parameters,
        stack_parameters=first.stack_parameters,
        tags=first.tags,
    )
    tests = replace(app.acceptance_tests, enabled="off")
    return replace(
        app, environments=(own,), previews=None, probes=(), hooks=Hooks(), acceptance_tests=tests, gates=GatesRead()
    )


def renew(app: App, services: Services, before: Renewed | None, swap: Swap) -> Renewed:
    """Build the work tree and bring it to the environment. Raises SealiftError; what ran before goes on then."""
    (environment,) = app.environments
    services = replace(services, builder=_Unlooked(services.builder))
    templates = load_templates(app, services)
    origin = Origin(commit=None, branch=None, dirty=True)
    built = build_release(app, services, templates=templates, origin=origin)
    if before is not None and built.release.digest == before.built.release.digest:
        return replace(before, built=built, swapped=())
    if before is not None and only_code_differs(before.built, built):
        return replace(before, built=built, swapped=_swap(before, built, swap))
    proof = prove_built(app, built, services, templates=templates, local=True)
    outcome = deploy_built(
        app, environment, built, services, proof=proof, force=True, admission=Admission(rehearsal=True)
    )
    if outcome.status != "succeeded":
        raise Refused(outcome.message or f"It {outcome.status}", code="dev-not-deployed", hint=outcome.hint)
    return Renewed(built=built, physical=_physical(open_site(app, environment, services), built))


def _physical(site: Site, built: BuiltRelease) -> dict[tuple[str, str], str]:
    return {
        (stack.name, name): physical
        for stack in built.release.stacks
        for name, physical in physical_functions(site.cloud, site.stack_name(stack))
    }


@dataclass(eq=False)
class _Unlooked:
    """A builder that looks at no finished function: each is loaded where it runs, in a moment."""

    inner: Builder

    def __post_init__(self) -> None:
        self.build = self.inner.build
        self.store = self.inner.store
        self.texts = self.inner.texts

    def look(self, functions: Sequence[Finished]) -> Looked:
        """Look at none."""
        del functions
        return Looked()


def only_code_differs(before: BuiltRelease, after: BuiltRelease) -> bool:
    """Return whether the templates are the same but for the code of functions, and publish no versions of it."""
    one, other = _sketch(before), _sketch(after)
    return one == other and not any(word in body for body in one.values() for word in _PUBLISHES)


def _sketch(built: BuiltRelease) -> dict[str, bytes]:
    """Return the sealed template of each stack, its functions' code named by the functions."""
    sketches = {}
    for stack in built.release.stacks:
        body = built.files[stack.template_sha256].read_bytes()
        for artifact in built.release.artifacts:
            if artifact.kind == "function":
                body = body.replace(artifact.sha256.encode(), ",".join(sorted(artifact.logical_ids)).encode())
        sketches[stack.name] = body
    return sketches


def _swap(before: Renewed, after: BuiltRelease, swap: Swap) -> tuple[str, ...]:
    """Give the functions whose code changed their new code; return their logical ids."""
    known = {(stack.name, name): code for stack in before.built.release.stacks for name, code in stack.functions}
    changed = {
        (stack.name, name): after.files[code]
        for stack in after.release.stacks
        for name, code in stack.functions
        if known.get((stack.name, name)) != code and (stack.name, name) in before.physical
    }
    swap({before.physical[function]: code for function, code in changed.items()})
    return tuple(name for _, name in changed)
