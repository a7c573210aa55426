"""Functions run on what they declare, see what Lambda would show them, and their aliases share traffic."""

import base64
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealift.aws.functions import AwsFunctions
from sealift.aws.session import Access, AwsSession
from sealift.local.endpoint import Endpoint
from sealift.local.interpreters import find, places
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, deploy, function

LOOK = """
import sys, importlib.util
print("a line of the log")
def handler(event, context):
    found = lambda name: importlib.util.find_spec(name) is not None
    return {"version": list(sys.version_info[:2]), "boto3": found("boto3"), "click": found("click"),
            "ministack": found("ministack"), "sealift": found("sealift"), "prefix": sys.prefix}
"""
CALL_BACK = """
import boto3, os
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Arn"]
"""
COUNT = """
import os, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    match event.get("then"):
        case "raise": raise ValueError("as asked")
        case "exit": os._exit(3)
        case "sleep": time.sleep(20)
    return calls
"""
WHICH = "def handler(event, context): return context.function_version"


def _invoke(endpoint: Endpoint, name: str, **arguments: Any) -> Any:
    answer = client(endpoint, "lambda").invoke(FunctionName=name, Payload=b"{}", **arguments)
    value = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, value
    return value


def _installed() -> list[str]:
    import os
    from pathlib import Path

    where = places(os.environ, Path.home())
    return [f"3.{minor}" for minor in range(9, 16) if find((3, minor), where)]


@pytest.mark.parametrize("version", _installed())
def test_a_function_runs_on_its_declared_python_and_sees_only_its_own_packages(
    endpoint: Endpoint, version: str
) -> None:
    name = f"look-{version.replace('.', '-')}"
    looking = function(LOOK, FunctionName=name, Runtime=f"python{version}")
    deploy(endpoint, name, {"Resources": {"Role": ROLE, "Look": looking}})
    seen = _invoke(endpoint, name)
    # A Python older than 3.10 cannot load the boto3 that is there: a newer one is taken.
    assert tuple(seen["version"]) == max(tuple(map(int, version.split("."))), (3, 10))
    assert (seen["boto3"], seen["click"], seen["ministack"], seen["sealift"]) == (True, False, False, False)


def test_a_runtime_that_is_not_installed_runs_on_the_nearest(endpoint: Endpoint) -> None:
    missing = "3.99"
    looking = function(LOOK, FunctionName="future", Runtime=f"python{missing}")
    deploy(endpoint, "future", {"Resources": {"Role": ROLE, "Look": looking}})
    assert _invoke(endpoint, "future")["version"] == [3, int(_installed()[-1].split(".")[1])]


def test_a_function_calls_back_as_its_own_role(endpoint: Endpoint) -> None:
    calling = function(CALL_BACK, FunctionName="call-back")
    deploy(endpoint, "call-back", {"Resources": {"Role": ROLE, "Call": calling}})
    arn = _invoke(endpoint, "call-back")
    assert arn.startswith(f"arn:aws:sts::{endpoint.account}:assumed-role/call-back-Role")


def test_log_lines_of_an_invocation_are_not_lost(endpoint: Endpoint) -> None:
    code = 'def handler(event, context):\n    for n in range(20): print(f"line {n}")'
    deploy(endpoint, "chatty", {"Resources": {"Role": ROLE, "F": function(code, FunctionName="chatty")}})
    for _ in range(5):
        answer = client(endpoint, "lambda").invoke(FunctionName="chatty", LogType="Tail")
        start, *lines, end, report = base64.b64decode(answer["LogResult"]).decode().splitlines()
        assert lines == [f"line {n}" for n in range(20)]
        assert [one.partition(" RequestId: ")[0] for one in (start, end, report)] == ["START", "END", "REPORT"]


def test_environment_values_that_are_no_text_reach_the_function_as_text(endpoint: Endpoint) -> None:
    code = 'import os\ndef handler(event, context): return [os.environ[k] for k in ("N", "B", "T")]'
    variables: dict[str, Json] = {"N": 7, "B": True, "T": "text"}
    showing = function(code, FunctionName="values", Environment={"Variables": variables})
    deploy(endpoint, "values", {"Resources": {"Role": ROLE, "F": showing}})
    assert _invoke(endpoint, "values") == ["7", "true", "text"]


def test_an_alias_with_weights_shares_invocations(endpoint: Endpoint) -> None:
    deploy(endpoint, "weighted", {"Resources": {"Role": ROLE, "F": function(WHICH, FunctionName="weighted")}})
    api = client(endpoint, "lambda")
    api.publish_version(FunctionName="weighted")
    api.update_function_configuration(FunctionName="weighted", Description="another")
    api.publish_version(FunctionName="weighted")
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    api.create_alias(FunctionName="weighted", Name="live", FunctionVersion="1", RoutingConfig=routing)
    seen = Counter(_invoke(endpoint, "weighted", Qualifier="live") for _ in range(60))
    assert set(seen) == {"1", "2"}
    assert min(seen.values()) > 10
    assert api.get_alias(FunctionName="weighted", Name="live")["FunctionVersion"] == "1"
    arn = api.get_alias(FunctionName="weighted", Name="live")["AliasArn"]
    assert _functions(endpoint).shares(arn) == {"2": 0.5, "1": 0.5}


def _functions(endpoint: Endpoint) -> AwsFunctions:
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    return AwsFunctions(AwsSession(access))


def test_an_alias_without_weights_keeps_to_one_version(endpoint: Endpoint) -> None:
    deploy(endpoint, "plain", {"Resources": {"Role": ROLE, "F": function(WHICH, FunctionName="plain")}})
    api = client(endpoint, "lambda")
    api.publish_version(FunctionName="plain")
    api.create_alias(FunctionName="plain", Name="live", FunctionVersion="1")
    assert {_invoke(endpoint, "plain", Qualifier="live") for _ in range(10)} == {"1"}


def test_a_function_that_ends_while_it_is_loaded_says_why(endpoint: Endpoint) -> None:
    code = 'import os, sys\nprint("no license", file=sys.stderr, flush=True)\nos._exit(3)'
    deploy(endpoint, "ending", {"Resources": {"Role": ROLE, "F": function(code, FunctionName="ending")}})
    answer = client(endpoint, "lambda").invoke(FunctionName="ending")
    assert "no license" in json.loads(answer["Payload"].read())["errorMessage"]


def test_a_function_that_can_not_be_loaded_says_why_in_its_log(endpoint: Endpoint) -> None:
    deploy(
        endpoint, "lacking", {"Resources": {"Role": ROLE, "F": function("import is_not_there", FunctionName="lacking")}}
    )
    answer = client(endpoint, "lambda").invoke(FunctionName="lacking")
    said = "Unable to import module 'index': No module named 'is_not_there'"
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("Runtime.ImportModuleError", said)
    logs = _functions(endpoint).logs("lacking", since=datetime.now(UTC) - timedelta(hours=1))
    assert any(line.startswith(f"[ERROR] Runtime.ImportModuleError: {said}") for line in logs)


@pytest.fixture(scope="module")
def counting(endpoint: Endpoint) -> str:
    """The name of a function that counts its calls in its module."""
    body: dict[str, Json] = {"Resources": {"Role": ROLE, "Fn": function(COUNT, Timeout=3)}}
    return str(deploy(endpoint, "counting", body | {"Outputs": {"Name": {"Value": {"Ref": "Fn"}}}}).outputs["Name"])


def _then(endpoint: Endpoint, name: str, what: str) -> str:
    """Return the error of a call that was to end in some way."""
    payload = json.dumps({"then": what}).encode()
    return str(client(endpoint, "lambda").invoke(FunctionName=name, Payload=payload).get("FunctionError"))


def test_a_function_that_raised_keeps_what_its_module_holds(endpoint: Endpoint, counting: str) -> None:
    before = _invoke(endpoint, counting)
    assert _then(endpoint, counting, "raise") != "None"
    assert _then(endpoint, counting, "raise") != "None"
    assert _invoke(endpoint, counting) == before + 3


@pytest.mark.parametrize("what", ["exit", "sleep"])
def test_a_function_that_ended_or_took_too_long_starts_anew(endpoint: Endpoint, counting: str, what: str) -> None:
    _invoke(endpoint, counting)
    assert _then(endpoint, counting, what) != "None"
    assert _invoke(endpoint, counting) == 1
