"""Whether a function and its layers fit into Lambda together. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections.abc import Iterator, Mapping

from sealift.cfn.values import function_properties, list_at, mapping_at
from sealift.model.template import Template

MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
"""Code and layers of one function together."""
_MB = 1024 * 1024


def layers_of(template: Template, logical_id: str) -> tuple[str, ...]:
    """Return the layers of the same template that a function names, its own after those of Globals."""
    listed = list_at(function_properties(template.body, logical_id), "Layers")
    names = (mapping_at(one).get("Ref") for one in listed)
    return tuple(name for name in names if isinstance(name, str))


def too_large(template: Template, unzipped: Mapping[str, int], shared: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with each function that does not fit with its layers.

    `unzipped` has the bytes of functions and layers by logical id, `shared` the layer that Sealift adds to a function.
    Layers that are not built here have no size that is known, and are not counted.
    """
    for function in template.functions:
        name = function.logical_id
        layers = [*layers_of(template, name), *([shared[name]] if name in shared else [])]
        parts = {part: unzipped[part] for part in (name, *layers) if part in unzipped}
        total = sum(parts.values())
        if len(parts) > 1 and total > MAX_UNZIPPED_BYTES:
            listed = ", ".join(f"{part} {size / _MB:.1f} MB" for part, size in parts.items())
            yield f"{name} is {total / _MB:.1f} MB unzipped with its layers ({listed}); Lambda takes 250.0 MB"
