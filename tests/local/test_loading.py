"""Functions are started without an event, and say why they cannot be loaded."""

import http.client

from sealift.delivery.loading import judge
from sealift.local.doors import LOAD_PATH
from sealift.local.endpoint import Endpoint
from sealift.local.loading import LocalFunctions
from tests.local.deploying import ROLE, deploy, function
from tests.local.test_functions import _functions


def test_each_function_is_started_and_none_is_invoked(endpoint: Endpoint) -> None:
    sources = {
        "loads-well": "def handler(event, context): raise SystemExit",
        "loads-not": "import nope_at_all\ndef handler(event, context): pass",
        "loads-late": "import os\nNAME = os.environ['TABLE']\ndef handler(event, context): pass",
    }
    resources = {f"F{n}": function(code, FunctionName=name) for n, (name, code) in enumerate(sources.items())}
    deploy(endpoint, "loading", {"Resources": {"Role": ROLE, **resources}})
    loaded = LocalFunctions(_functions(endpoint), endpoint).load(tuple(sources))
    judged = [found.text if (found := judge(one, one.name)) else "" for one in loaded]
    assert judged == [
        "",
        "loads-not (index.py:1): Unable to import module 'index': No module named 'nope_at_all'. "
        "Declare nope_at_all among the function's dependencies, or bring it in a layer",
        "loads-late (index.py:2): KeyError: 'TABLE'. "
        "Set the variable under Environment in the template, or read it in the handler",
    ]


def test_only_who_has_the_key_starts_functions(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port)
    connection.request("POST", LOAD_PATH, "[]", {"x-sealift-key": "other"})
    assert connection.getresponse().status == 403
    connection.close()
