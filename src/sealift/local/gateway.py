"""Stands before the emulator's web application: who may come in, which address is meant, has anything changed."""

import asyncio
import contextvars
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, unquote

from hypercorn.config import Config

from sealift.local.doors import (
    API_NAME,
    FEED_PATH,
    NONCE_HEADER,
    WHO_PATH,
    is_allowed,
    is_domain,
    is_for_supervisor,
    is_known_host,
    is_mapped,
    proof,
)
from sealift.local.feed import FEED
from sealift.local.functions import settings_extension
from sealift.local.saving import Saver

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

repeated: contextvars.ContextVar[Mapping[str, list[str]]] = contextvars.ContextVar("repeated")
"""Headers that the request has several times: the emulator joins their values."""
spelled: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("spelled")
"""The names of the request's headers as they were sent, by these in lower case."""
of_domain: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("of_domain", default=None)
"""The domain that a request came by, and its path there; None by an address of API Gateway's own."""
raw_query: contextvars.ContextVar[str] = contextvars.ContextVar("raw_query", default="")
"""The query string as it was sent: the emulator writes that of a function URL anew."""
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
    doors: Mapping[str, Callable[[Any], object]],
    key: str,
) -> Application:
    """Return the application with our front.

    `guard` is the process that it answers for when asked who it is, with a proof that it holds the secret `key`;
    `doors` are the supervisor's own, by their paths; `leave` is called as soon as the cloud is saved at the end: the
    emulator would go on to wait for functions that still run.
    """

    Config.h11_pass_raw_headers = True

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, _then_leave(send, leave))
            return
        sent = {name.decode("latin-1").lower(): name.decode("latin-1") for name, _ in scope["headers"]}
        scope = {**scope, "headers": [(name.lower(), value) for name, value in scope["headers"]]}
        if not is_known_host(_header(scope, b"host")):
            await _refuse(scope, send, 421, "This name does not belong to this embedded cloud")
            return
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        path = str(scope["path"])
        if path in (WHO_PATH, *settings_extension.PATHS) and await _known(scope, send, guard, key):
            return
        if is_for_supervisor(path) and not is_allowed(scope["headers"], key):
            await _refuse(scope, send, 403, "Only the supervisor of this embedded cloud may ask this")
            return
        if path == FEED_PATH or path in doors:
            await (_feed(receive, send) if path == FEED_PATH else _through(doors[path], receive, send))
            return
        host = _header(scope, b"host")
        if path.startswith((_API, _URL)) or API_NAME.match(host) or is_domain(host):
            repeated.set(_repeated(scope))
            spelled.set(sent)
            raw_query.set(bytes(scope.get("query_string") or b"").decode("latin-1"))
            send = _told(scope, send)
            scope = _with_stage(_with_slashes(scope), path)
            if await _is_refused(scope, receive, send):
                return
        elif scope["method"] not in _READING:
            saver.changed()
        await application(scope, receive, send)

    return front


async def _is_refused(scope: Scope, receive: Receive, send: Send) -> bool:
    """Refuse a request that is too long, or that a domain leads nowhere; note which domain it came by."""
    path, host = str(scope["path"]), _header(scope, b"host")
    by_domain = is_domain(host)
    of_domain.set((host.partition(":")[0], path) if by_domain else None)
    is_long = _size(scope) > _MOST_BYTES[path.startswith(_URL)]
    if is_long:
        while (await receive()).get("more_body"):
            pass  # a client that still sends would not see the answer
        await _refuse(scope, send, 413, "Request Too Long")
    elif by_domain and not is_mapped(host, path):
        await _refuse(scope, send, 403, "Forbidden")
        return True
    return is_long


def _then_leave(send: Send, leave: Callable[[], None]) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            leave()
        await send(message)

    return sending


def _told(scope: Scope, send: Send) -> Send:
    """Tell who looks on of this request, as soon as it is answered."""
    began, seen = time.monotonic(), {"status": 0}

    async def sending(message: MutableMapping[str, Any]) -> None:
        seen["status"] = message.get("status", seen["status"])
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body") and FEED.is_seen:
            ms = (time.monotonic() - began) * 1000
            FEED.tell("request", method=scope["method"], path=_path_in_api(scope), ms=ms, **seen)

    return sending


def _path_in_api(scope: Scope) -> str:
    """Return path and query of a request as its API sees them: without id and stage."""
    from ministack import app

    path, query = str(scope["path"]), bytes(scope.get("query_string") or b"").decode("latin-1")
    if path.startswith(_URL):
        path = f"/{path.removeprefix(_URL).partition('/')[2]}"
    elif (parsed := app._parse_execute_api_url(_header(scope, b"host"), path)) is not None:
        path = str(app._resolve_stage_and_path(*parsed)[1])
    return f"{path}?{query}" if query else path


async def _through(door: Callable[[Any], object], receive: Receive, send: Send) -> None:
    await _answer(send, await asyncio.to_thread(door, json.loads(await _body(receive))))


async def _known(scope: Scope, send: Send, guard: int, key: str) -> bool:
    """Answer who asks who this is, and a function that asks its extension for a parameter or a secret."""
    path, token = str(scope["path"]), _header(scope, settings_extension.TOKEN_HEADER.encode())
    if path == WHO_PATH:
        nonce = _header(scope, NONCE_HEADER.encode())
        await _answer(send, {"guard": guard, "proof": proof(key, nonce)})
        return True
    if token:
        query = parse_qs(bytes(scope.get("query_string") or b"").decode("latin-1"))
        status, value = await asyncio.to_thread(settings_extension.answered, path, query, token)
        await _answer(send, value, status=status, write=settings_extension.written)
    return bool(token)


async def _feed(receive: Receive, send: Send) -> None:
    """Send what happens until the other side leaves."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/x-ndjson")]})

    async def sent() -> None:
        async for line in FEED.lines():
            await send({"type": "http.response.body", "body": line, "more_body": True})

    sending = asyncio.ensure_future(sent())
    while (await receive())["type"] != "http.disconnect":
        pass
    sending.cancel()


def _repeated(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: values for name, values in found.items() if len(values) > 1}


def _size(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length) if length.isdecimal() else 0


def _with_slashes(scope: Scope) -> Scope:
    """Keep `%2F` in the path of a request to an API, as API Gateway does: it is not a separator."""
    raw = bytes(scope.get("raw_path") or b"").partition(b"?")[0]
    if b"%2f" not in raw.lower():
        return scope
    kept = re.sub(rb"%2f", b"%252F", raw, flags=re.IGNORECASE)
    return {**scope, "path": unquote(kept.decode("ascii", "replace"))}


def _with_stage(scope: Scope, path: str) -> Scope:
    """Let the bare address of an HTTP API mean its root; the emulator takes it for the name of a bucket.

    An SDK that is given an address with a slash at its end asks for `//@connections`.
    """
    if "//@connections/" in path:
        return {**scope, "path": path.replace("//@connections/", "/@connections/")}
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


async def _answer(send: Send, value: object, *, status: int = 200, write: Callable[[object], str] = json.dumps) -> None:
    body = write(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
