"""Reads samconfig.toml, as far as it says something that belongs into sealift.toml.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sealift.config.discover import SAMCONFIG_NAME, read_text, samconfig_values

DEFAULT = "default"
_STAGING = ("staging", "stage", "stg", "test", "qa", "uat", "preprod", "pre-prod")
_PRODUCTION = ("production", "prod", "prd", "live")
_PLACEHOLDERS = {"sam-app", "sam_app"}
"""What `sam init` calls every stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamEnvironment:
    """One config environment of samconfig.toml."""

    name: str
    stack_name: str | None = None
    region: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_samconfig(root: Path) -> tuple[SamEnvironment, ...]:
    """Return the config environments; empty when there is no readable samconfig.toml."""
    try:
        data = tomllib.loads(read_text(root / SAMCONFIG_NAME) or "")
    except tomllib.TOMLDecodeError:
        return ()
    return tuple(
        SamEnvironment(
            name=name,
            stack_name=_first(data, name, "stack_name"),
            region=_first(data, name, "region"),
            parameters=overrides(next((value for _, value in samconfig_values(data, name, "parameter_overrides")), "")),
        )
        for name, section in data.items()
        if isinstance(section, dict)
    )


def _first(data: Mapping[str, object], environment: str, key: str) -> str | None:
    found = next((value for _, value in samconfig_values(data, environment, key) if isinstance(value, str)), None)
    return None if found in _PLACEHOLDERS else found


def matching(found: Iterable[SamEnvironment], name: str) -> SamEnvironment | None:
    """Return the config environment that means `staging` or `production` by any of its usual names."""
    usual = _PRODUCTION if name == "production" else _STAGING
    by_name = {one.name.lower(): one for one in found}
    return next((by_name[alias] for alias in usual if alias in by_name), None)


def overrides(value: object) -> dict[str, str]:
    """Return the parameters in any of the ways SAM takes them: one text, a list, long or short form."""
    words: list[str] = []
    for one in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        if not isinstance(one, str):
            continue
        try:
            words += shlex.split(one) if isinstance(value, str) else [one]
        except ValueError:
            words += one.split()
    return dict(pair for word in words if (pair := _pair(word)) is not None)


def _pair(word: str) -> tuple[str, str] | None:
    long = re.fullmatch(r"ParameterKey=([^,]+),ParameterValue=(.*)", word, re.DOTALL)
    if long:
        return long[1], _bare(long[2])
    key, equals, value = word.partition("=")
    return (key, _bare(value)) if equals and re.fullmatch(r"[A-Za-z0-9]+", key) else None


def _bare(text: str) -> str:
    """Take off quotes that were escaped for a shell, as `sam deploy --guided` writes them."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
