"""What a stack that another tool made keeps when Sealift takes it over: values of undeclared parameters, and tags.

Which parameters are kept stands in the ledger, so that later deployments keep them, too, until sealift.toml gives them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sealift.delivery.history import standing
from sealift.delivery.identity import owner
from sealift.delivery.parameters import given_parameters
from sealift.errors import IntegrityError
from sealift.model.release import Release
from sealift.usecases.configuration import kept_configuration
from sealift.usecases.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """Parameters of taken-over stacks that keep their values, by stack."""

    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Open ones with their values."""
    secret: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Secrets (NoEcho): nobody can read them, and CloudFormation keeps them."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """All that a taken-over stack had, for the ledger; those that are given now do not keep their values."""

    def told(self) -> dict[str, tuple[str, ...]]:
        """Return the names of what is kept, by stack."""
        stacks = sorted({*self.values, *self.secret})
        return {stack: (*self.values.get(stack, {}), *self.secret.get(stack, ())) for stack in stacks}


def inherited(site: Site, release: Release, *, adopt: bool) -> Inherited:
    """Return the parameters that keep the stack's values: those of a stack that is taken over now, or was before."""
    last = standing(site.ledger.entries()).last
    before = last.inherited if last is not None else {}
    if not adopt and not before:
        return Inherited()
    values: dict[str, dict[str, str]] = {}
    secret: dict[str, tuple[str, ...]] = {}
    known: dict[str, tuple[str, ...]] = dict(before)
    for stack in release.stacks:
        state = site.cloud.stacks.describe(site.stack_name(stack))
        if state is None:
            continue
        taken_over_now = adopt and owner(state) == (None, None)
        names = tuple(state.parameters) if taken_over_now else before.get(stack.name, ())
        known[stack.name] = names
        given = given_parameters(site.app, site.environment, stack)
        kept = [p for p in stack.parameters if p.name in names and p.name in state.parameters and p.name not in given]
        values[stack.name] = {p.name: state.parameters[p.name] for p in kept if not p.no_echo}
        secret[stack.name] = tuple(p.name for p in kept if p.no_echo)
    return Inherited(
        values={stack: found for stack, found in values.items() if found},
        secret={stack: found for stack, found in secret.items() if found},
        names={stack: found for stack, found in known.items() if found},
    )


def tell_inherited(kept: Inherited, site: Site) -> None:
    """Report which parameters keep the values of the stack."""
    for stack, names in kept.told().items():
        site.note(
            "parameters-kept",
            f"Parameters of {stack} that sealift.toml does not set keep their values in the stack: {', '.join(names)}",
            hint=f"Give them under [environments.{site.name}.parameters] to have them reviewed.",
        )


def declared_tags(site: Site) -> frozenset[str]:
    """Return the tags that the newest deployment declared; other tags on the stack are left alone."""
    current = standing(site.ledger.entries()).current
    if current is None or not current.kept:
        return frozenset()
    try:
        return frozenset(kept_configuration(current.config, site.cloud).tags)
    except IntegrityError:
        return frozenset()
