"""The outputs of several stacks as one set of names: a key that two stacks have is written `stack.Key`. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from string import Template as StringTemplate

from sealift.errors import did_you_mean
from sealift.model.app import Probe

_DOTTED = r"(?a:[_a-z][_a-z0-9-]*(?:\.[_a-z0-9]+)?)"


class ProbeText(StringTemplate):
    """Text with `${Key}` and `${stack.Key}` in it."""

    braceidpattern = _DOTTED
    flags = re.IGNORECASE


def merged_outputs(stacks: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Return the merged outputs of stacks, given as (name, outputs). A key of several stacks becomes `stack.key`."""
    found = list(stacks)
    names = output_names([(stack, tuple(outputs)) for stack, outputs in found])
    return {names[stack, key]: value for stack, outputs in found for key, value in outputs.items()}


def output_names(stacks: Sequence[tuple[str, Collection[str]]]) -> dict[tuple[str, str], str]:
    """Return the name of each output, by (stack, key)."""
    times = Counter(key for _, keys in stacks for key in keys)
    return {(stack, key): key if times[key] == 1 else f"{stack}.{key}" for stack, keys in stacks for key in keys}


def web_addresses(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return those outputs that are web addresses."""
    return {key: value for key, value in outputs.items() if value.startswith(("http://", "https://"))}


def unknown_outputs(probes: Iterable[Probe], names: Collection[str]) -> Iterator[tuple[Probe, str, str]]:
    """Yield each probe with an output that no stack has, and what to write instead where that is known."""
    for probe in probes:
        for key in ProbeText(probe.url).get_identifiers():
            if key not in names:
                several = [name for name in sorted(names) if name.endswith(f".{key}")]
                near = f": write {' or '.join(f'${{{name}}}' for name in several)}" if several else ""
                yield probe, key, near or did_you_mean(key, sorted(names))
