"""Finds every call of AWS in the source of `sealift.aws` by reading it, for the list of rights to be held to it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sealift import aws
from sealift.aws.session import CALLED, AwsSession

SOURCE = Path(str(aws.__file__)).parent
_CLIENTS = {name: CALLED.get(name, name) for name in AwsSession.__annotations__}
"""The service of each client that a session has."""


@cache
def calls_made(source: Path = SOURCE) -> dict[str, frozenset[str]]:
    """Return `service:Operation` of every call by module, its path below `source` with dots."""
    found = {}
    for file in sorted(source.rglob("*.py")):
        calls = frozenset(_calls(ast.parse(file.read_text(encoding="utf-8"))))
        if calls:
            found[".".join(file.relative_to(source).with_suffix("").parts)] = calls
    return found


def _calls(tree: ast.Module) -> Iterator[str]:
    """Yield the calls of a module: of a client that it names, else of any service whose clients it uses."""
    used = _services_used(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        client = node.func.value
        named = _CLIENTS.get(client.attr) if isinstance(client, ast.Attribute) else None
        for service in [named] if named else used:
            operation = _operations(service).get(_method(node, node.func))
            if operation is not None:
                yield f"{service}:{operation}"


def _method(node: ast.Call, function: ast.Attribute) -> str:
    """Return the method of the client: that called, or that which a paginator is made for."""
    first = node.args[0] if node.args else None
    if function.attr == "get_paginator" and isinstance(first, ast.Constant):
        return str(first.value)
    return function.attr


def _services_used(tree: ast.Module) -> tuple[str, ...]:
    """Return the services whose client a module asks a session for, or is given."""
    asked = {_CLIENTS[n.attr] for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in _CLIENTS}
    typed = {
        str(n.module).removeprefix("mypy_boto3_")
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom) and str(n.module).startswith("mypy_boto3_")
    }
    return tuple(sorted(asked | {s for s in typed if "." not in s}))


@cache
def _operations(service: str) -> dict[str, str]:
    """Return the operations of a service by the names of botocore's methods."""
    from botocore import xform_name

    return {xform_name(operation): operation for operation in _model(service).operation_names}


def _model(service: str) -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model(service)
