"""Functions are started without an event, and say why they cannot be loaded."""

import http.client
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sealift.delivery.loading import judge
from sealift.local.doors import LOAD_PATH
from sealift.local.endpoint import Endpoint
from sealift.local.loading import LocalFunctions, swap_code
from tests.local.deploying import ROLE, client, deploy, function
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
        "Declare nope_at_all among the function's dependencies, or add it in a layer",
        "loads-late (index.py:2): KeyError: 'TABLE'. "
        "Set the variable under Environment in the template, or read it in the handler",
    ]


def test_of_many_functions_few_are_started_at_once(endpoint: Endpoint) -> None:
    names = [f"many-{number}" for number in range(36)]
    resources = {
        f"F{n}": function("def handler(event, context): pass", FunctionName=name) for n, name in enumerate(names)
    }
    deploy(endpoint, "many", {"Resources": {"Role": ROLE, **resources}})
    before = most = _below(endpoint.pid)
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(LocalFunctions(_functions(endpoint), endpoint).load, names)
        while not loading.done():
            most = max(most, _below(endpoint.pid))
            time.sleep(0.02)
    assert all(one.error_type == "" for one in loading.result())
    assert 16 <= most - before <= 24  # sixteen are kept warm, four begin at once, and what begins them stands too


def _below(pid: int) -> int:
    """Return how many processes a process has begun, and these, and so on."""
    begun: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            begun.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue
    left, count = [pid], -1
    while left:
        count += 1
        left += begun.get(left.pop(), [])
    return count


def test_only_who_has_the_key_starts_functions(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port)
    connection.request("POST", LOAD_PATH, "[]", {"x-sealift-key": "other"})
    assert connection.getresponse().status == 403
    connection.close()


def test_a_call_that_read_a_function_before_its_new_code_came_leaves_no_old_one(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    answer = "def handler(event, context): return '%s'"
    deploy(endpoint, "swapping", {"Resources": {"Role": ROLE, "F": function(answer % 0, FunctionName="swapping")}})
    functions, lambdas = LocalFunctions(_functions(endpoint), endpoint), client(endpoint, "lambda")

    def called() -> str:
        return str(json.loads(lambdas.invoke(FunctionName="swapping")["Payload"].read()))

    functions.load(["swapping"])
    with ThreadPoolExecutor(4) as pool:
        for number in range(1, 6):
            asked = [pool.submit(called) for _ in range(8)]
            file = tmp_path / f"{number}.zip"
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("index.py", answer % number)
            swap_code(endpoint, {"swapping": file})
            for one in asked:
                one.result()
            assert {called() for _ in range(4)} == {str(number)}
