"""Calls in JavaScript and TypeScript that read a parameter or a secret: the AWS SDKs, Powertools, Middy. Pure.

https://docs.powertools.aws.dev/lambda/typescript/latest/features/parameters/
https://middy.js.org/docs/middlewares/ssm/
"""

from collections.abc import Iterator
from urllib.parse import unquote

from tree_sitter import Node

from sealift.analysis.node_names import Module, joined
from sealift.analysis.node_trees import arguments, called, entries, last_name, member, words
from sealift.analysis.python_names import parameters_in

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
_CLIENTS = {
    "CloudWatchEvents": "events",
    "DynamoDB": "dynamodb",
    "EventBridge": "events",
    "Firehose": "firehose",
    "Kinesis": "kinesis",
    "Lambda": "lambda",
    "Scheduler": "scheduler",
    "SecretsManager": "secretsmanager",
    "SFN": "stepfunctions",
    "SNS": "sns",
    "SQS": "sqs",
    "SSM": "ssm",
    "StepFunctions": "stepfunctions",
}
"""Classes of the SDK → the services of `regions.REGIONAL`."""
_EXTENSION = {
    "/systemsmanager/parameters/get?": ("name", "ssm"),
    "/secretsmanager/get?": ("secretId", "secretsmanager"),
}


def settings_read(module: Module) -> Iterator[tuple[str, Node]]:
    """Yield what is read, as `ssm:/shop/tax`, and where; empty for a name that is not static."""
    for node in module.tree.each("call_expression", "new_expression"):
        yield from ((name, node) for name in _of_call(module, node, called(node), arguments(node)))
    for node in module.tree.each("string", "template_string"):
        yield from ((name, node) for name in _of_extension(module, node))


def regions_read(module: Module) -> Iterator[tuple[str, Node]]:
    """Yield the regions, written in the code, that clients of the AWS SDKs are made for: `dynamodb:eu-west-1`."""
    for node in module.tree.each("new_expression"):
        service = _service(module, called(node))
        settings = [module.resolved(one) for one in arguments(node)[:1]] if service else []
        given = next((value for one in settings for key, value in entries(one) if key == "region"), None)
        yield from ((f"{service}:{region}", node) for region in module.texts(given) or () if _is_fixed(region))


def _service(module: Module, client: Node | None) -> str:
    """Return the service with resources of the application's own that a class is the client of, empty for another."""
    names = []
    while client is not None and (owner := member(client)) is not None:
        client, name = owner
        names.append(name)
    path, what = module.imported(client)
    found = (_CLIENTS.get(one.removesuffix("Client"), "") for one in (what, *names))
    return next(filter(None, found), "") if path.startswith(("@aws-sdk/client-", "aws-sdk")) else ""


def _is_fixed(region: str) -> bool:
    return "${" not in region and not parameters_in(region)


def _of_call(module: Module, node: Node, function: Node | None, given: list[Node]) -> Iterator[str]:
    if function is None or not given:
        return
    name, owner = last_name(function), member(function)
    path, what = module.imported(owner[0] if owner is not None and owner[0].type == "identifier" else function)
    if path.startswith(_POWERTOOLS):
        yield from _of_powertools(module, name if owner is not None or what in {"*", "default"} else what, given[0])
    elif path in _MIDDY:
        yield from _of_middy(module, _MIDDY[path], given[0])
    elif name in _COMMANDS:
        yield from _of_command(module, name, given[0], made=node.type == "new_expression")
    elif owner is not None and (provider := _provider(module, owner[0])):
        if name in {"get", "getMultiple"}:
            yield from _named(module, "ssm-path" if name == "getMultiple" else _PROVIDERS[provider], given[0])
        elif name == "getParametersByName":
            yield from _of_powertools(module, name, given[0])


def _of_powertools(module: Module, name: str, given: Node) -> Iterator[str]:
    if name in _TOOLS:
        yield from _named(module, _TOOLS[name], given)
    elif name == "getParametersByName":
        named = module.resolved(given)
        known = named is not None and named.type == "object"
        yield from (f"ssm:{key}" for key, _ in entries(named)) if known else ("",)


def _provider(module: Module, owner: Node) -> str:
    """Return which provider of Powertools an expression is, empty for none."""
    made = module.resolved(owner)
    function = called(made) if made is not None and made.type == "new_expression" else None
    path, name = module.imported(function)
    return name if path.startswith(_POWERTOOLS) and name in _PROVIDERS else ""


def _of_middy(module: Module, keys: dict[str, str], given: Node) -> Iterator[str]:
    for key, value in entries(module.resolved(given)):
        for _, one in entries(module.resolved(value)) if key in keys else ():
            for name in _named(module, keys[key], one):
                yield name.replace("ssm:", "ssm-path:", 1) if name.startswith("ssm:") and name.endswith("/") else name


def _of_command(module: Module, name: str, given: Node, *, made: bool) -> Iterator[str]:
    """Yield what a command asks for; an object that is not written in the module is not static."""
    asked = module.resolved(given)
    if asked is None or asked.type != "object":
        yield from ("",) if made else ()
        return
    key, service = _COMMANDS[name]
    value = dict(entries(asked)).get(key)
    if value is None:
        return
    several = module.items(value) if key in {"Names", "SecretIdList"} else [value]
    for one in several or ():
        yield from _named(module, service, one)
    yield from ("",) if several is None else ()


def _named(module: Module, service: str, given: Node) -> Iterator[str]:
    for name in module.texts(given) or ("",):
        yield f"{service}:{name}" if name else ""


def _of_extension(module: Module, node: Node) -> Iterator[str]:
    """Yield what is asked of the AWS Parameters and Secrets Lambda Extension, by its address on this machine."""
    if not any(path in words(node) for path in _EXTENSION):
        return
    for name in _asked(module, node) or ("",):
        for path, (key, service) in _EXTENSION.items():
            given = dict(part.partition("=")[::2] for part in name.partition(path)[2].split("&"))
            if key in given:
                yield f"{service}:{unquote(given[key])}" if given[key] else ""
        yield from ("",) if not name else ()


def _asked(module: Module, node: Node) -> tuple[str, ...] | None:
    """Return the texts of an address from its path on; the port may be known to nobody."""
    while node.parent is not None and node.parent.type == "binary_expression":
        node = node.parent
    if node.type != "template_string":
        return module.texts(node)
    pieces = node.named_children
    first = next((at for at, one in enumerate(pieces) if any(path in words(one) for path in _EXTENSION)), 0)
    return joined([module.texts(one) for one in pieces[first:]])
