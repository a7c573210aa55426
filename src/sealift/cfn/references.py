"""Dynamic references in a template: `{{resolve:ssm:NAME:VERSION}}` and their like.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
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


def pinned(text: str, versions: Mapping[str, str]) -> str:
    """Return a text whose references name the version that is current; those that name one or a stage stay.

    A reference with another version is a change, which CloudFormation sees; a secret with another value is none.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    """

    def written(found: re.Match[str]) -> str:
        service, rest = found[1], found[2].strip()
        version = versions.get(f"{service}:{rest}")
        name = setting_of(service, rest)
        behind = rest.removeprefix(name).split(":")[1:]
        if not version or any(behind if service != "secretsmanager" else behind[2:]):
            return found[0]
        if service != "secretsmanager":
            return f"{{{{resolve:{service}:{name}:{version}}}}}"
        kind, key = [*behind, "", ""][:2]
        return f"{{{{resolve:{service}:{name}:{kind or 'SecretString'}:{key}::{version}}}}}"

    return _REFERENCE.sub(written, text)


def version_suffix(head: str, version: str) -> str:
    """Return what has to follow a reference for it to name a version; empty where nothing can."""
    whole = f"{{{{resolve:{head}"
    return pinned(f"{whole}}}}}", {head: version}).removeprefix(whole).removesuffix("}}")


def version_parameter(head: str) -> str:
    """Return the name of the parameter that the version of a reference comes by."""
    return f"SealiftVersion{hashlib.sha256(head.encode()).hexdigest()[:12]}"


def with_heads(text: str, suffix: Callable[[str], str | None]) -> str:
    """Return a text with something behind each reference for which `suffix` returns it."""

    def written(found: re.Match[str]) -> str:
        head = f"{found[1]}:{found[2].strip()}"
        more = suffix(head)
        return found[0] if more is None else f"{{{{resolve:{head}{more}}}}}"

    return _REFERENCE.sub(written, text)


def differs_by_versions(text: str, other: str) -> bool:
    """Whether the other text is this one, whose references name no version, with versions."""
    named = {f"{service}:{rest}": "1" for service, rest in references(text)}
    return pinned(text, named) != text and _without_versions(text) == _without_versions(other)


def _without_versions(text: str) -> str:
    def written(found: re.Match[str]) -> str:
        service, rest = found[1], found[2].strip()
        name = setting_of(service, rest)
        kind, key = [*rest.removeprefix(name).split(":"), "", ""][1:3]
        return (
            f"{service}:{name}:{kind or 'SecretString'}:{key}" if service == "secretsmanager" else f"{service}:{name}"
        )

    return _REFERENCE.sub(written, text)
