"""Function URLs that stream: the emulator waits for the whole answer, and sends it at once."""

import asyncio
import json
from typing import Any

from sealift.local.functions.executing import streamed_to
from sealift.local.functions.runtime_api import HTTP_TYPE

_PRELUDE_END = bytes(8)


def streamed_answers() -> None:
    """Send the parts of an answer as the function writes them, where its URL says RESPONSE_STREAM.

    https://docs.aws.amazon.com/lambda/latest/dg/config-rs-invoke-furls.html (documented, not observed)
    """
    from ministack.core.responses import StreamingResponse
    from ministack.services import lambda_svc

    handle = lambda_svc.handle_function_url_request

    async def handled(url_id: str, *args: Any, **kwargs: Any) -> Any:
        resolved = kwargs.get("resolved") or lambda_svc.resolve_function_url(url_id)
        if resolved is None or resolved[4].get("InvokeMode") != "RESPONSE_STREAM":
            return await handle(url_id, *args, **kwargs)
        parts: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def take(kind: str, part: bytes) -> None:
            loop.call_soon_threadsafe(parts.put_nowait, (kind, part))

        token = streamed_to.set(take)
        try:
            whole = asyncio.create_task(handle(url_id, *args, **kwargs))
        finally:
            streamed_to.reset(token)
        whole.add_done_callback(lambda _: loop.call_soon(parts.put_nowait, None))
        begun = await _begun(parts)
        if begun is None:
            return await whole
        status, headers, first = begun

        async def run(send: Any, _receive: Any) -> None:
            await send({"type": "http.response.body", "body": first, "more_body": True})
            while (part := await parts.get()) is not None:
                await send({"type": "http.response.body", "body": part[1], "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return status, headers, StreamingResponse(run)

    lambda_svc.handle_function_url_request = handled


async def _begun(parts: "asyncio.Queue[tuple[str, bytes] | None]") -> tuple[int, dict[str, Any], bytes] | None:
    """Return status, headers and the first bytes of a streamed answer; None when the answer is not streamed."""
    held = b""
    while (part := await parts.get()) is not None:
        kind, data = part
        if kind != HTTP_TYPE:
            return 200, {"Content-Type": kind}, data
        held += data
        if _PRELUDE_END in held:
            text, _, rest = held.partition(_PRELUDE_END)
            prelude = json.loads(text)
            given = {str(name).lower(): value for name, value in (prelude.get("headers") or {}).items()}
            headers: dict[str, Any] = {"content-type": "application/octet-stream", **given}
            if prelude.get("cookies"):
                headers["Set-Cookie"] = list(prelude["cookies"])
            return int(prelude.get("statusCode", 200)), headers, rest
    return None
