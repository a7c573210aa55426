"""Calls in Python that read a parameter or a secret: boto3, Powertools, AWS's cache and its extension. Pure.

https://docs.powertools.aws.dev/lambda/python/latest/utilities/parameters/
https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
"""

import ast
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from sealift.analysis.python_names import Frames, Names

_ONE = {"get_parameter": ("Name", "ssm"), "get_secret_value": ("SecretId", "secretsmanager")}
_MANY = {"get_parameters": ("Names", "ssm"), "batch_get_secret_value": ("SecretIdList", "secretsmanager")}
_POWERTOOLS = "aws_lambda_powertools.utilities.parameters"
_TOOLS = {"get_parameter": "ssm", "get_secret": "secretsmanager", "get_parameters": "ssm-path"}
_PROVIDERS = {"SSMProvider": "ssm", "SecretsProvider": "secretsmanager"}
_CACHED = {"get_secret_string", "get_secret_binary"}
_EXTENSION = {
    "/systemsmanager/parameters/get?": ("name", "ssm"),
    "/secretsmanager/get?": ("secretId", "secretsmanager"),
}


def settings_read(call: ast.Call, names: Names, frames: Frames) -> Iterator[str]:
    """Yield what a call reads, as `ssm:/shop/tax` or `ssm-path:/shop/`; empty for a name that is not static."""
    keywords = {one.arg: one.value for one in call.keywords}
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    origin = names.origin(call.func)
    if origin.startswith(f"{_POWERTOOLS}."):
        yield from _of_powertools(origin.rpartition(".")[2], call, keywords, names, frames)
    elif function in _ONE and isinstance(call.func, ast.Attribute):
        key, service = _ONE[function]
        if key in keywords:
            yield from _named(service, keywords[key], names, frames)
        elif None in keywords:
            yield ""
    elif function in _MANY and _MANY[function][0] in keywords:
        key, service = _MANY[function]
        found = names.items(keywords[key], frames)
        yield from (f"{service}:{text}" for text in found) if found is not None else ("",)
    elif function in {"get_parameters_by_path", "paginate"} and "Path" in keywords:
        yield from _named("ssm-path", keywords["Path"], names, frames)
    elif function in _CACHED and call.args and _uses(names, "aws_secretsmanager_caching"):
        yield from _named("secretsmanager", call.args[0], names, frames)
    elif provider := _provider(call, names, frames):
        service = "ssm-path" if function == "get_multiple" else _PROVIDERS[provider]
        if function in {"get", "get_multiple"}:
            name = call.args[0] if call.args else keywords.get("name", keywords.get("path"))
            yield from _named(service, name, names, frames) if name is not None else ()
        elif function == "get_parameters_by_name":
            yield from _of_powertools(function, call, keywords, names, frames)
    else:
        yield from _of_extension(call, names, frames)


def _of_powertools(
    function: str, call: ast.Call, keywords: Mapping[str | None, ast.expr], names: Names, frames: Frames
) -> Iterator[str]:
    if function in _TOOLS:
        name = call.args[0] if call.args else keywords.get("name", keywords.get("path"))
        yield from _named(_TOOLS[function], name, names, frames) if name is not None else ()
    elif function == "get_parameters_by_name":
        given = call.args[0] if call.args else keywords.get("parameters")
        found = names.items(given, frames) if given is not None else None
        yield from (f"ssm:{text}" for text in found) if found is not None else ("",)


def _named(service: str, name: ast.expr, names: Names, frames: Frames) -> Iterator[str]:
    for text in names.texts(name, frames) or ("",):
        yield f"{service}:{text}" if text else ""


def _provider(call: ast.Call, names: Names, frames: Frames) -> str:
    """Return which provider of Powertools a method is called on, empty for none."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    owner: ast.expr | None = call.func.value
    if not isinstance(owner, ast.Call):
        owner = names.value(call.func.value, frames)
    origin = names.origin(owner.func) if isinstance(owner, ast.Call) else ""
    name = origin.rpartition(".")[2]
    return name if origin.startswith(_POWERTOOLS) and name in _PROVIDERS else ""


def _uses(names: Names, package: str) -> bool:
    return any(origin.partition(".")[0] == package for origin in names.imports.values())


def _of_extension(call: ast.Call, names: Names, frames: Frames) -> Iterator[str]:
    """Yield what is asked of the AWS Parameters and Secrets Lambda Extension, by its address on this machine."""
    for argument in (*call.args, *(one.value for one in call.keywords)):
        if not isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Constant | ast.Name):
            continue
        for text in names.texts(argument, frames) or ():
            for path, (key, service) in _EXTENSION.items():
                query = text.partition(path)[2]
                given = dict(part.partition("=")[::2] for part in query.split("&"))
                if query and given.get(key):
                    yield f"{service}:{unquote(given[key])}"
                elif text.endswith(path.removesuffix("?")):
                    yield from _of_query(key, service, call, names, frames)


def _of_query(key: str, service: str, call: ast.Call, names: Names, frames: Frames) -> Iterator[str]:
    """Yield what `params={"name": "/shop/tax"}` asks for."""
    for keyword in call.keywords:
        if keyword.arg in {"params", "fields"} and isinstance(keyword.value, ast.Dict):
            for name, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == key:
                    yield from _named(service, value, names, frames)
