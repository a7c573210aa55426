"""Reads samconfig.toml (or .yaml), as far as it says something that belongs into sealift.toml.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from sealift.config.discover import as_name, samconfig_data, samconfig_texts, samconfig_values
from sealift.model.values import value

DEFAULT = "default"
_STAGING = ("staging", "stage", "stg", "test", "qa", "uat", "preprod", "pre-prod")
_PRODUCTION = ("production", "prod", "prd", "live")
_SUFFIXES = ("dev", "development", *_STAGING, *_PRODUCTION)
_PARAMETER = re.compile(r"[A-Za-z0-9]+")
_TAG = re.compile(r"[\w .:/+@-]+")
_PLACEHOLDERS = {"sam-app", "sam_app"}
"""What `sam init` calls every stack."""


@value
class SamEnvironment:
    """One config environment of samconfig. Nothing of `default` is in another one: SAM CLI does not merge them."""

    name: str
    stack_name: str | None = None
    region: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    """The role that CloudFormation acts as."""
    capabilities: tuple[str, ...] = ()


def read_samconfig(root: Path) -> tuple[SamEnvironment, ...]:
    """Return the config environments; empty when there is no readable samconfig file."""
    data = samconfig_data(samconfig_texts(root))
    return tuple(
        SamEnvironment(
            name=name,
            stack_name=_first(data, name, "stack_name"),
            region=_first(data, name, "region"),
            parameters=overrides(_value(data, name, "parameter_overrides")),
            tags=_pairs(_value(data, name, "tags"), _TAG),
            role_arn=_first(data, name, "role_arn"),
            capabilities=tuple(_words(_value(data, name, "capabilities"))),
        )
        for name, section in data.items()
        if isinstance(section, dict)
    )


def _value(data: Mapping[str, object], environment: str, key: str) -> object:
    return next((value for _, value in samconfig_values(data, environment, key)), "")


def _first(data: Mapping[str, object], environment: str, key: str) -> str | None:
    found = next((value for _, value in samconfig_values(data, environment, key) if isinstance(value, str)), None)
    return None if found in _PLACEHOLDERS else found


def matching(found: Iterable[SamEnvironment], name: str) -> SamEnvironment | None:
    """Return the config environment that means `staging` or `production` by any of its usual names."""
    usual = _PRODUCTION if name == "production" else _STAGING
    by_name = {one.name.lower(): one for one in found}
    return next((by_name[alias] for alias in usual if alias in by_name), None)


def application_name(found: Iterable[SamEnvironment]) -> str | None:
    """Return what the stack of `default`, else of another config environment, is called without an environment's name.

    None when no stack has a name.
    """
    named = sorted((one for one in found if one.stack_name), key=lambda one: one.name != DEFAULT)
    return _without_environment(named[0]) if named else None


def _without_environment(one: SamEnvironment) -> str:
    name, own = as_name(one.stack_name or ""), as_name(one.name)
    # An application may be called speed-test or chat-live: those two count where they are the environment's own name.
    ends = {*_SUFFIXES} - {"test", "live"} | {own}
    short = name.removeprefix(f"{own}-")
    for end in sorted(ends, key=len, reverse=True):
        short = short.removesuffix(f"-{end}")
    return short


def overrides(value: object) -> dict[str, str]:
    """Return the parameters in any of the ways SAM takes them: one text, a list, a mapping, long or short form."""
    return _pairs(value, _PARAMETER)


def _pairs(value: object, name: re.Pattern[str]) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(key): _scalar(one) for key, one in value.items() if not isinstance(one, list | Mapping)}
    return dict(pair for word in _words(value) if (pair := _pair(word, name)) is not None)


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, str)]
    if not isinstance(value, str):
        return []
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _pair(word: str, name: re.Pattern[str]) -> tuple[str, str] | None:
    long = re.fullmatch(r"ParameterKey=([^,]+),ParameterValue=(.*)", word, re.DOTALL)
    if long:
        return long[1], _bare(long[2])
    key, equals, value = word.partition("=")
    return (key, _bare(value)) if equals and name.fullmatch(key) else None


def _bare(text: str) -> str:
    """Take off quotes that were escaped for a shell, as `sam deploy --guided` writes them."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
