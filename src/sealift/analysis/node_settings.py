"""Calls in JavaScript and TypeScript that read a parameter or a secret: the AWS SDKs, Powertools, Middy. Pure.

https://docs.powertools.aws.dev/lambda/typescript/latest/features/parameters/
https://middy.js.org/docs/middlewares/ssm/
"""

from collections.abc import Iterator
from urllib.parse import unquote

from sealift.analysis.node_names import Module
from sealift.analysis.node_tokens import Token

_CALLS = {
    "GetParameter": ("Name", "ssm"),
    "GetParameters": ("Names", "ssm"),
    "GetParametersByPath": ("Path", "ssm-path"),
    "GetSecretValue": ("SecretId", "secretsmanager"),
    "BatchGetSecretValue": ("SecretIdList", "secretsmanager"),
}
_COMMANDS = {f"{name}Command": said for name, said in _CALLS.items()} | {
    name[0].lower() + name[1:]: said for name, said in _CALLS.items()
}
_POWERTOOLS = "@aws-lambda-powertools/parameters"
_TOOLS = {"getParameter": "ssm", "getSecret": "secretsmanager", "getParameters": "ssm-path"}
_PROVIDERS = {"SSMProvider": "ssm", "SecretsProvider": "secretsmanager"}
_MIDDY = {
    "@middy/ssm": {"fetchData": "ssm", "names": "ssm", "paths": "ssm-path"},
    "@middy/secrets-manager": {"fetchData": "secretsmanager", "secrets": "secretsmanager"},
}
_EXTENSION = {
    "/systemsmanager/parameters/get?": ("name", "ssm"),
    "/secretsmanager/get?": ("secretId", "secretsmanager"),
}


def settings_read(module: Module) -> Iterator[tuple[str, int]]:
    """Yield what is read, as `ssm:/shop/tax`, and where; empty for a name that is not static."""
    found = module.tokens
    for at, token in enumerate(found[:-2]):
        if token.kind == "name" and found[at + 1].is_sign("(") and found[at - 1].text != "function":
            yield from ((name, at) for name in _of_call(module, at))
        elif token.kind in {"text", "template"}:
            yield from ((name, at) for name in _of_extension(module, at))


def _of_call(module: Module, at: int) -> Iterator[str]:
    found, name = module.tokens, module.tokens[at].text
    given = [*module.arguments(at + 1)]
    path, what = module.imports.get(name, ("", ""))
    if path.startswith(_POWERTOOLS) and given:
        yield from _of_powertools(module, name if what == "*" else what, given[0])
    elif path in _MIDDY and given:
        yield from _of_middy(module, _MIDDY[path], given[0][0])
    elif name in _COMMANDS and given:
        yield from _of_command(module, found[at], given[0])
    elif name in {"get", "getMultiple"} and found[at - 1].is_sign(".", "?.") and given:
        provider = _provider(module, at - 2)
        service = "ssm-path" if name == "getMultiple" else _PROVIDERS.get(provider, "")
        if provider:
            yield from _named(module, service, *given[0])
    elif name == "getParametersByName" and given and _provider(module, at - 2):
        yield from _of_powertools(module, name, given[0])


def _of_powertools(module: Module, name: str, given: tuple[int, int]) -> Iterator[str]:
    if name in _TOOLS:
        yield from _named(module, _TOOLS[name], *given)
    elif name == "getParametersByName":
        begins = module.object_at(given[0])
        yield from (f"ssm:{key}" for key, _ in module.entries(begins)) if begins is not None else ("",)


def _provider(module: Module, at: int) -> str:
    """Return which provider of Powertools a name is, empty for none."""
    start = module.constants.get(module.tokens[at].text)
    if start is None or module.tokens[start].text != "new":
        return ""
    name = module.tokens[start + 1].text
    return name if name in _PROVIDERS and module.imports.get(name, ("",))[0].startswith(_POWERTOOLS) else ""


def _of_middy(module: Module, keys: dict[str, str], start: int) -> Iterator[str]:
    begins = module.object_at(start)
    for key, (value, _) in module.entries(begins) if begins is not None else ():
        inner = module.object_at(value) if key in keys else None
        inner = module.constants.get(module.tokens[value].text) if key in keys and inner is None else inner
        for _, where in module.entries(inner) if inner is not None else ():
            for name in _named(module, keys[key], *where):
                yield name.replace("ssm:", "ssm-path:", 1) if name.startswith("ssm:") and name.endswith("/") else name


def _of_command(module: Module, called: Token, given: tuple[int, int]) -> Iterator[str]:
    """Yield what a command asks for; an object that is not written in the module is not static."""
    begins = module.object_at(given[0])
    if begins is None and module.tokens[given[0]].kind == "name" and called.text.endswith("Command"):
        yield ""
    if begins is None:
        return
    key, service = _COMMANDS[called.text]
    value = dict(module.entries(begins)).get(key)
    if value is None:
        return
    start, end = value
    if key in {"Names", "SecretIdList"}:
        start = module.constants.get(module.tokens[start].text) or start
        if not module.tokens[start].is_sign("["):
            yield ""
        else:
            for one in module.parts(start + 1, module.pairs.get(start, start + 1)):
                yield from _named(module, service, *one)
    else:
        yield from _named(module, service, start, end)


def _named(module: Module, service: str, start: int, end: int) -> Iterator[str]:
    for text in module.texts(start, end) or ("",):
        yield f"{service}:{text}" if text else ""


def _of_extension(module: Module, at: int) -> Iterator[str]:
    """Yield what is asked of the AWS Parameters and Secrets Lambda Extension, by its address on this machine."""
    written = module.tokens[at]
    whole = written.text + "".join(literal for literal, _ in written.parts)
    if not any(path in whole for path in _EXTENSION):
        return
    for text in module.texts(at, at + 1) or ("",):
        for path, (key, service) in _EXTENSION.items():
            given = dict(part.partition("=")[::2] for part in text.partition(path)[2].split("&"))
            if key in given:
                yield f"{service}:{unquote(given[key])}"
        if not text:
            yield ""
