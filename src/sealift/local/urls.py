"""Rewrites the URLs that outputs of a stack hold to ones that reach the embedded cloud.

    REST API, HTTP API with a named stage   https://ID.execute-api.REGION.amazonaws.com/STAGE/…
    HTTP API with the $default stage        https://ID.execute-api.REGION.amazonaws.com/…
    Function URL                            https://ID.lambda-url.REGION.on.aws/…

The emulator finds the `$default` stage by itself. Custom domains are left: they are reached by the Host header.
"""

import re

from sealift.local.endpoint import HOST

_API = re.compile(r"(?P<scheme>https?|wss?)://(?P<id>[0-9a-z]+)\.execute-api\.[0-9A-Za-z.-]+(?::\d+)?")
_FUNCTION = re.compile(r"https?://(?P<id>[0-9a-z-]+)\.lambda-url\.[0-9A-Za-z.-]+(?::\d+)?")


def rewrite(value: str, port: int) -> str:
    """Return the text with every URL of an API or a function pointing at the emulator on this port."""

    def api(match: re.Match[str]) -> str:
        scheme = "ws" if match["scheme"].startswith("ws") else "http"
        return f"{scheme}://{HOST}:{port}/_aws/execute-api/{match['id']}"

    return _FUNCTION.sub(rf"http://{HOST}:{port}/_aws/lambda-url/\g<id>", _API.sub(api, value))
