"""Which properties of a resource can only be given at its creation, by CloudFormation's registry schemas.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html, `createOnlyProperties`.
"""

from functools import cache
from importlib.resources import files
from typing import Literal

Recreation = Literal["Never", "Conditionally", "Always"]


def recreation(kind: str, prop: str) -> Recreation | None:
    """Return whether a change of a property replaces the resource; None for an unknown type.

    `prop` is the name of a property, or a path such as `ClientAuthentication/Sasl`. A property of which a part can only
    be given at creation is `Conditionally`: the change may be of another part.
    """
    known = _known().get(kind)
    if known is None:
        return None
    always, sometimes = known
    if prop in always or any(prop.startswith(f"{path}/") for path in always):
        return "Always"
    touched = any(path == prop or path.startswith(f"{prop}/") for path in (*always, *sometimes))
    return "Conditionally" if touched or any(prop.startswith(f"{path}/") for path in sometimes) else "Never"


@cache
def _known() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return, by type, the property paths whose change always and sometimes replaces the resource."""
    found: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    text = files("sealift.delivery.data").joinpath("create_only.txt").read_text()
    for line in text.splitlines()[1:]:
        kind, *parts = line.split(" ")
        always = frozenset(p for part in parts if not part.startswith("?") for p in part.split(","))
        sometimes = frozenset(p for part in parts if part.startswith("?") for p in part[1:].split(","))
        found[kind] = (always, sometimes)
    return found
