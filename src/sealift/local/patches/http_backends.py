"""What APIs send to HTTP servers: the emulator appends paths to addresses, follows redirects and drops headers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html (documented, not observed)
"""

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

_OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
)
_NAMED = re.compile(r"\{(\w+)\+?\}")
Answer = tuple[int, dict[str, Any], bytes]


def addressed(uri: str, in_path: Mapping[str, str]) -> str:
    """Return the address of a server with its path parameters filled in."""
    return _NAMED.sub(lambda found: str(in_path.get(found[1], found[0])), uri)


async def fetched(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, Sequence[str]],
    body: bytes,
    timeout_ms: Any,
) -> Answer:
    """Ask a server; its answer is passed on as it is, redirects and encodings, too. Raises httpx.HTTPError."""
    import httpx

    sent = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION}
    pairs = urllib.parse.urlencode([(name, value) for name, values in query.items() for value in values])
    address = f"{url}{'&' if '?' in url else '?'}{pairs}" if pairs else url
    async with (
        httpx.AsyncClient(trust_env=False, timeout=float(timeout_ms) / 1000) as client,
        client.stream(method, address, headers=sent, content=body or None) as answer,
    ):
        content = b"".join([part async for part in answer.aiter_raw()])
    named: dict[str, list[str]] = {}
    for name, value in answer.headers.multi_items():
        if name not in _OF_THE_CONNECTION:
            named.setdefault(name, []).append(value)
    return answer.status_code, {n: v[0] if len(v) == 1 else v for n, v in named.items()}, content
