"""What decides a build, by the parameters of every environment: one release serves them all, so they have to agree.

Without any environment the defaults of parameters count.
"""

from collections.abc import Mapping

from sealift.cfn.evaluation import Bindings, condition, parameter_values, resolved
from sealift.cfn.intrinsics import walk
from sealift.cfn.values import mapping_at, scalar_text
from sealift.model.template import Json

Scopes = Mapping[str, Bindings]
"""What is known in each environment, by its name; without environments one, without a name."""
Given = Mapping[str, Mapping[str, str | None]]
"""By environment, the values that parameters get; None for one that only CloudFormation will know."""


def scopes(body: dict[str, Json], given: Given) -> Scopes:
    """Return the known parameters, mappings and (with values) conditions of a template in each environment."""
    mappings = mapping_at(body, "Mappings")
    if not given:
        return {"": Bindings(parameters=parameter_values(body, {}), mappings=mappings)}
    return {
        name: Bindings(
            parameters=_parameters(body, values), mappings=mappings, conditions=mapping_at(body, "Conditions")
        )
        for name, values in given.items()
    }


def _parameters(body: dict[str, Json], values: Mapping[str, str | None]) -> dict[str, Json]:
    known = parameter_values(body, {name: value for name, value in values.items() if value is not None})
    pseudo = {name: value for name, value in values.items() if name.startswith("AWS::") and value is not None}
    return {name: value for name, value in known.items() if values.get(name, "") is not None} | pseudo


def texts(value: Json, known: Scopes) -> dict[str, str | None]:
    """Return the text of a value in each environment, None where it is not known."""
    return {name: _safely(value, scope) for name, scope in known.items()}


def _safely(value: Json, scope: Bindings) -> str | None:
    found = _resolved(value, scope)
    return scalar_text(found) if isinstance(found, str | int | float) else None


def _resolved(value: Json, scope: Bindings) -> Json:
    try:
        return resolved(value, scope)
    except RecursionError:  # conditions that name each other in a circle, which CloudFormation refuses
        return None


def holds_nowhere(name: Json, known: Scopes) -> bool:
    """Return whether a condition is known to hold in no environment."""
    try:
        return isinstance(name, str) and all(condition(name, scope) is False for scope in known.values())
    except RecursionError:
        return False


def agreed(found: Mapping[str, str | None]) -> str | None:
    """Return what every environment has, or None."""
    different = set(found.values())
    return different.pop() if len(different) == 1 else None


def differ(found: Mapping[str, str | None]) -> bool:
    """Return whether environments have different values, or only some of them one that is known."""
    return len(set(found.values())) > 1


def listed(found: Mapping[str, str | None]) -> str:
    """Return each environment with its value."""
    return ", ".join(f"{name} has {'no known value' if text is None else text}" for name, text in found.items())


def depends_on(value: Json) -> str:
    """Return the parameters that a value is made from, for a message."""
    names = [name for _, part in walk(value) if isinstance(part, dict) for name in [part.get("Ref")] if name]
    return ", ".join(dict.fromkeys(scalar_text(name) for name in names))


def elements(value: Json, known: Scopes) -> dict[str, Json]:
    """Return a value in each environment as far as it is known, such as a list of texts."""
    return {name: _resolved(value, scope) for name, scope in known.items()}


def handed_down(parameters: dict[str, Json], known: Scopes) -> Given:
    """Return, by environment, what a nested stack is given; what is known only later is None."""
    if set(known) == {""}:
        return {}
    return {
        name: {key: _safely(value, scope) for key, value in parameters.items()}
        | {key: scalar_text(value) for key, value in scope.parameters.items() if key.startswith("AWS::")}
        for name, scope in known.items()
    }
