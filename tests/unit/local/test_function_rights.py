"""A call of Lambda's API needs the right that AWS names for it."""

import pytest

from sealift.local.patches.permissions import _routes

FUNCTION = "/2015-03-31/functions/arn:aws:lambda:eu-west-1:1:function:f"


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", f"{FUNCTION}/aliases/live", "GetAlias"),
        ("GET", f"{FUNCTION}/aliases", "ListAliases"),
        ("DELETE", f"{FUNCTION}/aliases/live", "DeleteAlias"),
        ("PUT", f"{FUNCTION}/aliases/live", "UpdateAlias"),
        ("POST", f"{FUNCTION}/invocations", "InvokeFunction"),
        ("GET", FUNCTION, "GetFunction"),
        ("GET", f"{FUNCTION}/configuration", "GetFunctionConfiguration"),
        ("DELETE", "/2017-10-31/functions/f/concurrency", "DeleteFunctionConcurrency"),
        ("GET", "/2015-03-31/event-source-mappings/12-34", "GetEventSourceMapping"),
        ("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings"),
        ("GET", "/2018-10-31/layers/l/versions/1", "GetLayerVersion"),
    ],
)
def test_a_call_needs_the_right_of_its_operation(method: str, path: str, right: str) -> None:
    assert next(name for verb, pattern, name in _routes() if verb == method and pattern.fullmatch(path)) == right
