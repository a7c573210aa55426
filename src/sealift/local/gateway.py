"""Stands before the emulator's web application: who may come in, which address is meant, has anything changed."""

import asyncio
import contextvars
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

from sealift.local.doors import (
    API_NAME,
    LOAD_PATH,
    NONCE_HEADER,
    WHO_PATH,
    is_allowed,
    is_for_supervisor,
    is_known_host,
    proof,
)
from sealift.local.saving import Saver

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

repeated: contextvars.ContextVar[Mapping[str, list[str]]] = contextvars.ContextVar("repeated")
"""Headers that the request has several times: the emulator joins their values."""
_API, _URL = "/_aws/execute-api/", "/_aws/lambda-url/"
_MOST_BYTES = {False: 10 * 1024 * 1024, True: 6 * 1024 * 1024}
"""Of a request to an API, and to a function's URL."""
_READING = ("GET", "HEAD", "OPTIONS")


def gateway(
    application: Application,
    *,
    guard: int,
    saver: Saver,
    leave: Callable[[], None],
    load: Callable[[list[str]], object],
    key: str,
) -> Application:
    """Return the application with our front.

    `guard` is the process that it answers for when asked who it is, with a proof that it holds the secret `key`; `load`
    starts functions; `leave` is called as soon as the cloud is saved at the end, because the emulator would go on to
    wait for functions that still run.
    """

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, _then_leave(send, leave))
            return
        if not is_known_host(_header(scope, b"host")):
            await _refuse(scope, send, 421, "This name does not belong to this embedded cloud")
            return
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        path = str(scope["path"])
        if path == WHO_PATH:
            nonce = _header(scope, NONCE_HEADER.encode())
            await _answer(send, {"guard": guard, "proof": proof(key, nonce)})
            return
        if is_for_supervisor(path) and not is_allowed(scope["headers"], key):
            await _refuse(scope, send, 403, "Only the supervisor of this embedded cloud may ask this")
            return
        if path == LOAD_PATH:
            await _answer(send, await asyncio.to_thread(load, json.loads(await _body(receive))))
            return
        if path.startswith((_API, _URL)) or API_NAME.match(_header(scope, b"host")):
            if _size(scope) > _MOST_BYTES[path.startswith(_URL)]:
                while (await receive()).get("more_body"):
                    pass  # a client that still sends would not see the answer
                await _refuse(scope, send, 413, "Request Too Long")
                return
            repeated.set(_repeated(scope))
            scope = _with_stage(_with_slashes(scope), path)
        elif scope["method"] not in _READING:
            saver.changed()
        await application(scope, receive, send)

    return front


def _then_leave(send: Send, leave: Callable[[], None]) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            leave()
        await send(message)

    return sending


def _repeated(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: values for name, values in found.items() if len(values) > 1}


def _size(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length) if length.isdecimal() else 0


def _with_slashes(scope: Scope) -> Scope:
    """Keep `%2F` in the path of a request to an API, as API Gateway does: it is no separator."""
    raw = bytes(scope.get("raw_path") or b"").partition(b"?")[0]
    if b"%2f" not in raw.lower():
        return scope
    kept = re.sub(rb"%2f", b"%252F", raw, flags=re.IGNORECASE)
    return {**scope, "path": unquote(kept.decode("ascii", "replace"))}


def _with_stage(scope: Scope, path: str) -> Scope:
    """Let the bare address of an HTTP API mean its root; the emulator takes it for the name of a bucket."""
    if not path.startswith(_API) or "/" in path.removeprefix(_API):
        return scope
    return {**scope, "path": path + "/", "raw_path": bytes(scope.get("raw_path") or path.encode()) + b"/"}


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _refuse(scope: Scope, send: Send, status: int, message: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await _answer(send, {"message": message}, status=status)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, value: object, *, status: int = 200) -> None:
    body = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
