"""What names with parameters in a nested template are for the template that holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealift.cfn.substitution import as_sub, names, replaced
from sealift.cfn.values import mapping_at
from sealift.model.template import Json, ParameterSpec, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesting:
    """A nested stack of a template."""

    template: Template
    values: Mapping[str, str]
    """What each of its parameters is in the template that holds it, as a text of `Fn::Sub`."""
    known: frozenset[str]
    """The parameters of the template that holds it, without secrets."""

    def above(self, inner: Sequence[str]) -> tuple[str, ...]:
        """Return the names as the template that holds it would write them, of those that it could."""
        return tuple(outer for name in inner if (outer := self.outer(name)) is not None)

    def outer(self, name: str) -> str | None:
        """Return a name as the template that holds it would write it; None when only the stack knows a part of it."""
        made = replaced(name, self.values.get)
        return made if set(names(name)) <= self.values.keys() and set(names(made)) <= self.known else None


def nesting(resource: dict[str, Json], nested: Template, parameters: Sequence[ParameterSpec]) -> Nesting:
    """Return a nested stack by its resource and the parameters of the template that holds it."""
    given: dict[str, Json] = {p.name: p.default for p in nested.parameters if p.default is not None}
    given |= mapping_at(resource, "Properties", "Parameters")
    subs = {name: as_sub(value) for name, value in given.items()}
    return Nesting(
        template=nested,
        values={name: sub[0] for name, sub in subs.items() if sub is not None and not sub[1]},
        known=frozenset(p.name for p in parameters if not p.no_echo),
    )
