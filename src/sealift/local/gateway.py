"""Stands before the emulator's web application: who are you, which address is meant, has anything changed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sealift.local.saving import Saver

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

WHO_PATH = "/_sealift/who"
LOAD_PATH = "/_sealift/load"
_API = "/_aws/execute-api/"
_READING = ("GET", "HEAD", "OPTIONS")


def gateway(
    application: Application,
    *,
    who: dict[str, object],
    saver: Saver,
    leave: Callable[[], None],
    load: Callable[[list[str]], object],
    key: str,
) -> Application:
    """Return the application with our front.

    `who` is what it answers when asked who it is; `load` starts functions for who has the `key`; `leave` is called as
    soon as the cloud is saved at the end, because the emulator would go on to wait for functions that still run.
    """

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, _then_leave(send, leave))
            return
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        path = str(scope["path"])
        if path == WHO_PATH:
            await _answer(send, who)
            return
        if path == LOAD_PATH:
            if (b"x-sealift-key", key.encode()) not in scope["headers"]:
                await _answer(send, {"message": "Forbidden"}, status=403)
            else:
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
