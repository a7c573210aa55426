"""The reference page of the rights that Sealift needs on AWS, by what it needs them for."""

from collections.abc import Iterator

from sealift.bootstrap import needs
from sealift.bootstrap.needs import Need
from sealift.bootstrap.rights import RIGHTS, Right

_MADE = "<!-- Made from the code by `python -m tools.reference`; a test fails when this page is out of date. -->\n"
_HEAD = """\
Every action of IAM that Sealift needs, on what, and what for. Nothing else is called: a test reads the calls from the
source, another one records those of a whole delivery. Which role of an environment should have which of them, as a
template: [roles of an environment](../how-to/roles-of-an-environment.md).

`${…}` stands for your own names, as the parameter of the call is named. The stack of an environment is `stack_name`
(with several stacks, `<stack_name>-<stack>`), and nested stacks are called `<stack>-…`. `sts:GetCallerIdentity` is
called, too, and needs no right. On the embedded cloud nobody needs any.

What is marked *optional* is needed only by who uses what it is about.
"""


def rights_page() -> str:
    """Return the page as Markdown."""
    purposes = [need for need in vars(needs).values() if isinstance(need, Need)]
    ordered = sorted(purposes, key=lambda need: need.optional)
    return "\n".join(("# Rights on AWS\n", _MADE, _HEAD, *(line for need in ordered for line in _section(need))))


def _section(need: Need) -> Iterator[str]:
    yield f"## {need.title}\n"
    commands = ", ".join(f"`{command}`" for command in need.commands)
    yield f"{'*Optional.* ' if need.optional else ''}{need.when} Commands: {commands}.\n"
    yield "| action | on | why |"
    yield "|---|---|---|"
    merged: dict[tuple[str, str], list[Right]] = {}
    for right in RIGHTS:
        if right.need == need:
            for action in right.actions:
                merged.setdefault((action, right.resource), []).append(right)
    for (action, resource), rights in merged.items():
        why = "; ".join(dict.fromkeys(f"{right.why}{_otherwise(right, action)}" for right in rights))
        yield f"| `{action}` | `{resource}` | {why} |"
    yield ""


def _otherwise(right: Right, action: str) -> str:
    """Return the name of the call where it is not that of the action."""
    name = right.call.partition(":")[2]
    return f" (`{name}`)" if name and name != action.partition(":")[2] else ""
