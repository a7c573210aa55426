"""Dynamic references in a template: `{{resolve:ssm:NAME:VERSION}}` and their like.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import json
import re
from collections.abc import Iterator
from typing import Final

_REFERENCE: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):((?:[^{}]|\$\{[^{}]*\})+)\}\}")


def references(text: str) -> Iterator[tuple[str, str]]:
    """Yield the service and what follows it of each reference to a parameter or a secret."""
    return ((service, rest.strip()) for service, rest in _REFERENCE.findall(text))


def setting_of(service: str, rest: str) -> str:
    """Return the name in a dynamic reference, without version, JSON key or stage."""
    parts = rest.split(":")
    if service == "secretsmanager":
        return ":".join(parts[:7]) if rest.startswith("arn:") else parts[0]
    return ":".join(parts[:6]) if rest.startswith("arn:") else parts[0]


def part_of(reference: str, value: str) -> str | None:
    """Return the part of a secret that `secretsmanager:ID:SecretString:KEY` names, or the whole where it names none.

    None when the value has no such key.
    """
    service, _, rest = reference.partition(":")
    behind = rest.removeprefix(setting_of(service, rest)).split(":")
    key = behind[2] if service == "secretsmanager" and len(behind) > 2 else ""
    if not key:
        return value
    try:
        held = json.loads(value)[key]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return held if isinstance(held, str) else json.dumps(held)
