"""Call one function of an environment by hand, with an event of the caller's or one made from the template."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealift.cfn.sources import Source, sources
from sealift.delivery.sample_events import KINDS, Place, sample_event
from sealift.errors import Refused
from sealift.model.stack import Invocation, StackResource
from sealift.model.template import Json, Template
from sealift.usecases.build import load_templates
from sealift.usecases.reach import functions_of
from sealift.usecases.site import Site
from sealift.usecases.writing import check_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An event, what it stands for, and whether the template declares that."""

    event: Json
    source: Source
    declared: bool


def invoke(site: Site, function: str, event: Json, *, confirmed_name: str | None) -> Invocation:
    """Call a function and return how that ended. Raises Refused for a protected environment that is not named."""
    _confirm(site, function, confirmed_name)
    check_account(site)
    physical = next(iter(functions_of(site, function)))
    return site.cloud.functions.invoke(physical, event)


def sample(site: Site, function: str, kind: str | None) -> Sample | None:
    """Return an event of a kind; without a kind one of what the template declares first, None when it declares none."""
    _, logical_id = next(iter(functions_of(site, function).items()))
    templates = load_templates(site.app, site.services, buildable=False)
    declared = [s for t in templates.values() for s in _sources(t, logical_id)]
    chosen = next((s for s in declared if kind in (None, s.kind)), None)
    if chosen is None and kind is None:
        return None
    source = chosen or Source(kind=kind or KINDS[0])
    return Sample(event=sample_event(source, _place(site)), source=source, declared=chosen is not None)


def _sources(template: Template, logical_id: str) -> tuple[Source, ...]:
    """Return the sources of a function, which may be in a nested template: `Nested/LogicalId`."""
    scope, _, own = logical_id.partition("/")
    if not own:
        return sources(template.body, logical_id)
    inner = (t for key, t in template.nested.items() if key == scope)
    return tuple(s for t in inner for s in _sources(t, own))


def _place(site: Site) -> Place:
    physical = {r.logical_id: r.physical_id or "" for stack in site.stack_names() for r in _resources(site, stack)}
    return Place(account=site.cloud.account, region=site.cloud.region, now=site.services.clock.now(), physical=physical)


def _resources(site: Site, stack: str) -> Iterator[StackResource]:
    yield from site.cloud.stacks.resources(stack) if site.cloud.stacks.describe(stack) else ()


def _confirm(site: Site, function: str, confirmed_name: str | None) -> None:
    """Ask for the name of a protected environment, as `destroy` does."""
    name = site.name
    if not site.environment.protected or confirmed_name == name:
        return
    typed = site.services.prompt.text(f'{name} is protected. Type "{name}" to call {function} there')
    if typed != name:
        raise Refused(
            f"{function} was not called: {name} is protected, and its name was not typed",
            code="invoke-unconfirmed",
            hint=f"Without a terminal: `sealift invoke {name} {function} --yes-invoke {name}`",
        )
