"""Stands before the emulator's web application: who may come in, which address is meant, has anything changed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sealift.local.doors import (
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

_API = "/_aws/execute-api/"
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
        if path.startswith(_API):
            scope = _with_stage(scope, path)
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


def _with_stage(scope: Scope, path: str) -> Scope:
    """Let the bare address of an HTTP API mean its root; the emulator takes it for the name of a bucket."""
    if "/" in path.removeprefix(_API):
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
