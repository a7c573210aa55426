"""Rewrites the URLs that outputs of a stack hold to ones that reach the embedded cloud.

    REST API, HTTP API with a named stage   https://ID.execute-api.REGION.amazonaws.com/STAGE/…
    HTTP API with the $default stage        https://ID.execute-api.REGION.amazonaws.com/…
    Function URL                            https://ID.lambda-url.REGION.on.aws/…
    GraphQL API                             https://ID.appsync-api.REGION.amazonaws.com/graphql
    Application Load Balancer               NAME-ID.REGION.elb.amazonaws.com, with http:// or https:// or without

The emulator finds the `$default` stage by itself. Custom domains are left: they are reached by the Host header.
"""

import re

from sealift.local.endpoint import HOST

_API = re.compile(r"(?P<scheme>https?|wss?)://(?P<id>[0-9a-z]+)\.execute-api\.[0-9A-Za-z.-]+(?::\d+)?")
_FUNCTION = re.compile(r"https?://(?P<id>[0-9a-z-]+)\.lambda-url\.[0-9A-Za-z.-]+(?::\d+)?")
_GRAPHQL = re.compile(r"https?://(?P<id>[0-9a-z]+)\.appsync-api\.[0-9A-Za-z.-]+(?::\d+)?/graphql")
_BALANCER = re.compile(
    r"(?P<scheme>https?://)?\b(?P<name>[0-9A-Za-z-]+)-[0-9a-z]+\.[a-z0-9-]+\.elb\.amazonaws\.com(?::\d+)?"
)


def rewrite(value: str, port: int) -> str:
    """Return the text with every URL of an API or a function pointing at the emulator on this port."""

    def api(match: re.Match[str]) -> str:
        scheme = "ws" if match["scheme"].startswith("ws") else "http"
        return f"{scheme}://{HOST}:{port}/_aws/execute-api/{match['id']}"

    def balancer(match: re.Match[str]) -> str:
        return f"{'http://' if match['scheme'] else ''}{HOST}:{port}/_alb/{match['name']}"

    value = _GRAPHQL.sub(rf"http://{HOST}:{port}/v1/apis/\g<id>/graphql", _BALANCER.sub(balancer, value))
    return _FUNCTION.sub(rf"http://{HOST}:{port}/_aws/lambda-url/\g<id>", _API.sub(api, value))
