"""Functions run on Lambda's own runtime code, and see what Lambda would show them."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.loading import happenings, swap_code
from tests.local.deploying import ROLE, client, deploy, function

SEE = """
import logging, os, sys
logging.getLogger().setLevel(logging.INFO)
log = logging.getLogger(__name__)
class OutOfStock(Exception): pass
def handler(event, context):
    log.debug("debug line")
    log.info("info line")
    print("print line")
    match event.get("then"):
        case "raise": raise OutOfStock("none left")
        case "write": open("/tmp/mine", "a").write("x")
        case "task": open("/var/task/new", "w")
        case "import": return __import__(event["module"]).WHO
    return {"tmp": os.listdir("/tmp"), "opt": sorted(os.listdir("/opt")), "task": os.listdir("/var/task"),
            "path": sys.path[:3], "env": dict(os.environ), "cwd": os.getcwd(), "id": context.aws_request_id,
            "left": context.get_remaining_time_in_millis()}
"""
SEE_NODE = """
const fs = require("fs");
class OutOfStock extends Error { constructor(m) { super(m); this.name = "OutOfStock"; } }
exports.handler = async (event) => {
  console.log("info", { a: 1 });
  console.error("two\\nlines");
  if (event.then === "raise") throw new OutOfStock("none left");
  if (event.then === "require") return require(event.module).who;
  return { paths: require.resolve.paths("x"), opt: fs.readdirSync("/opt"), cwd: process.cwd(), env: process.env };
};
"""
CALLBACK = "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, 'later'), 20); };"


def packed(**files: str) -> bytes:
    """Return a zip; two underscores in a name stand for a slash, one more for the dot before the suffix."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            stem, _, suffix = name.rpartition("_")
            archive.writestr(f"{stem.replace('__', '/')}.{suffix}", text)
    return data.getvalue()


@pytest.fixture(scope="module")
def role(endpoint: Endpoint) -> str:
    """The ARN of a role for functions."""
    body: dict[str, Any] = {"Resources": {"Role": ROLE}, "Outputs": {"R": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}}}
    return deploy(endpoint, "runtime-role", body).outputs["R"]


def make(endpoint: Endpoint, role: str, name: str, code: bytes, **settings: Any) -> None:
    """Create a function."""
    given = {"Runtime": "python3.11", "Handler": "app.handler", "Timeout": 5, **settings}
    client(endpoint, "lambda").create_function(FunctionName=name, Role=role, Code={"ZipFile": code}, **given)


def call(endpoint: Endpoint, name: str, **event: Any) -> Any:
    """Invoke a function and return what it answers."""
    answer = client(endpoint, "lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def log(endpoint: Endpoint, name: str) -> list[str]:
    """Return the entries of a function's log."""
    found = client(endpoint, "logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    return [one["message"] for one in found]


def layer(endpoint: Endpoint, name: str, content: bytes) -> str:
    """Publish a layer and return its ARN."""
    made = client(endpoint, "lambda").publish_layer_version(LayerName=name, Content={"ZipFile": content})
    return str(made["LayerVersionArn"])


@pytest.fixture(scope="module")
def seeing(endpoint: Endpoint, role: str) -> str:
    """A function with two layers, each with modules of the function's own names."""
    first = layer(
        endpoint,
        "first",
        packed(
            python__helper_py="WHO = 'first'",
            python__both_py="WHO = 'first'",
            rootmodule_py="WHO = 'root'",
            data__x_txt="hi",
        ),
    )
    second = layer(
        endpoint,
        "second",
        packed(
            **{"python__both_py": "WHO = 'second'", "python__lib__python3.11__site-packages__deep_py": "WHO = 'deep'"}
        ),
    )
    code = packed(app_py=SEE, helper_py="WHO = 'function'")
    make(endpoint, role, "seeing", code, Layers=[first, second], Environment={"Variables": {"MINE": "1"}})
    return "seeing"


@pytest.mark.parametrize(("name", "who"), [("helper", "function"), ("both", "second"), ("deep", "deep")])
def test_the_functions_own_code_comes_before_its_layers_and_later_layers_before_earlier(
    endpoint: Endpoint, seeing: str, name: str, who: str
) -> None:
    assert call(endpoint, seeing, then="import", module=name) == who


def test_what_lies_at_the_root_of_a_layer_cannot_be_imported(endpoint: Endpoint, seeing: str) -> None:
    assert call(endpoint, seeing, then="import", module="rootmodule")["errorType"] == "ModuleNotFoundError"


def test_a_function_sees_its_layers_in_opt_and_its_code_in_var_task(endpoint: Endpoint, seeing: str) -> None:
    seen = call(endpoint, seeing)
    assert seen["opt"] == ["data", "python", "rootmodule.py"]
    assert sorted(seen["task"]) == ["app.py", "helper.py"]
    assert seen["cwd"] == "/var/task"
    assert seen["path"] == ["/var/task", "/opt/python/lib/python3.11/site-packages", "/opt/python"]


def test_a_function_cannot_write_to_its_code(endpoint: Endpoint, seeing: str) -> None:
    error = call(endpoint, seeing, then="task")
    assert error["errorMessage"] == "[Errno 30] Read-only file system: '/var/task/new'"


def test_each_function_has_a_tmp_of_its_own(endpoint: Endpoint, role: str, seeing: str) -> None:
    make(endpoint, role, "other", packed(app_py=SEE))
    assert call(endpoint, seeing, then="write")["tmp"] == ["mine"]
    assert call(endpoint, seeing)["tmp"] == ["mine"]
    assert call(endpoint, "other")["tmp"] == []


def test_the_variables_are_those_of_lambda_and_nothing_of_the_emulator(endpoint: Endpoint, seeing: str) -> None:
    env = call(endpoint, seeing)["env"]
    expected = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": seeing,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{seeing}",
        "AWS_REGION": endpoint.region,
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "MINE": "1",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert not [name for name in env if name.startswith(("MINISTACK", "GATEWAY", "SEALIFT", "PERSIST", "S3_", "STATE"))]
    assert endpoint.secret_key not in env.values()


def test_an_exception_is_answered_with_its_class_and_trace(endpoint: Endpoint, seeing: str) -> None:
    error = call(endpoint, seeing, then="raise")
    assert (error["errorType"], error["errorMessage"]) == ("OutOfStock", "none left")
    assert error["requestId"]
    assert error["stackTrace"][-1].startswith('  File "/var/task/app.py", line 11, in handler\n')


def test_log_lines_have_lambdas_format_and_info_is_among_them(endpoint: Endpoint, role: str) -> None:
    make(endpoint, role, "logging", packed(app_py=SEE))
    seen = call(endpoint, "logging")
    lines = log(endpoint, "logging")
    assert lines[0] == f"START RequestId: {seen['id']} Version: $LATEST"
    assert lines[1].startswith("[INFO]\t")
    assert lines[1].endswith(f"\t{seen['id']}\tinfo line")
    assert lines[2:4] == ["print line", f"END RequestId: {seen['id']}"]
    assert lines[4].startswith(f"REPORT RequestId: {seen['id']}\tDuration: ")
    assert not [line for line in lines if "debug line" in line]
    streams = client(endpoint, "logs").describe_log_streams(logGroupName="/aws/lambda/logging")["logStreams"]
    assert [one["logStreamName"] for one in streams] == [seen["env"]["AWS_LAMBDA_LOG_STREAM_NAME"]]


@pytest.mark.parametrize("letters", [0, 10, 10_000])
def test_the_end_of_the_log_comes_with_the_answer_where_that_is_asked_for(
    endpoint: Endpoint, role: str, letters: int
) -> None:
    name, code = f"tail-{letters}", "def handler(event, context):\n    if event: print('x' * event)\n"
    make(endpoint, role, name, packed(app_py=code))
    answer = client(endpoint, "lambda").invoke(FunctionName=name, Payload=str(letters), LogType="Tail")
    tail = base64.b64decode(answer["LogResult"])
    assert len(tail) <= 4096
    assert tail.decode().splitlines() == "\n".join(log(endpoint, name)).encode()[-len(tail) + 1 :].decode().splitlines()
    *_, end, report = tail.decode().splitlines()
    assert (end.startswith("END RequestId: "), report.startswith("REPORT RequestId: ")) == (True, True)
    assert "LogResult" not in client(endpoint, "lambda").invoke(FunctionName=name, Payload="0")


def test_an_error_is_one_entry_of_the_log(endpoint: Endpoint, role: str) -> None:
    make(endpoint, role, "raising", packed(app_py=SEE))
    call(endpoint, "raising", then="raise")
    entry = next(line for line in log(endpoint, "raising") if line.startswith("[ERROR]"))
    assert entry.startswith("[ERROR] OutOfStock: none left\nTraceback (most recent call last):\n")


def test_logs_are_json_where_the_function_says_so(endpoint: Endpoint, role: str) -> None:
    settings = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO"}
    make(endpoint, role, "json-logs", packed(app_py=SEE), LoggingConfig=settings)
    seen = call(endpoint, "json-logs")
    start, info, printed, report = log(endpoint, "json-logs")
    assert json.loads(start)["type"] == "platform.start"
    assert json.loads(report)["record"]["requestId"] == seen["id"]
    assert {**json.loads(info), "timestamp": ""} == {
        "timestamp": "",
        "level": "INFO",
        "message": "info line",
        "logger": "app",
        "requestId": seen["id"],
    }
    assert printed == "print line"


def test_a_handler_that_takes_too_long_is_a_timeout(endpoint: Endpoint, role: str) -> None:
    sleeping = "import time\ndef handler(event, context): time.sleep(20)"
    make(endpoint, role, "sleeping", packed(app_py=sleeping), Timeout=1)
    error = call(endpoint, "sleeping")
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert any(line.endswith("Task timed out after 1.00 seconds") for line in log(endpoint, "sleeping"))


@pytest.mark.parametrize(
    ("code", "handler", "type_", "message"),
    [
        ("import nope", "app.handler", "Runtime.ImportModuleError", "Unable to import module 'app': No module"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def (", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': invalid syntax"),
        ("x = 1", "app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values"),
        ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
    ],
)  # fmt: skip
def test_a_function_that_cannot_be_loaded_is_answered_as_lambda_does(
    endpoint: Endpoint, role: str, code: str, handler: str, type_: str, message: str
) -> None:
    name = f"broken-{abs(hash((code, handler)))}"
    make(endpoint, role, name, packed(app_py=code), Handler=handler)
    error = call(endpoint, name)
    assert error["errorType"] == type_
    assert error["errorMessage"].startswith(message)


@pytest.fixture(scope="module")
def node(endpoint: Endpoint, role: str) -> str:
    """A function on Node.js with a layer."""
    modules = layer(
        endpoint,
        "node-modules",
        packed(
            nodejs__node_modules__dep__index_js="exports.who = 'layer';",
            nodejs__node_modules__modern__index_mjs="export const who = 'modern';",
            nodejs__node_modules__modern__package_json='{"type": "module", "exports": "./index.mjs"}',
        ),
    )
    make(endpoint, role, "node", packed(app_js=SEE_NODE), Runtime="nodejs20.x", Layers=[modules])
    return "node"


def test_node_finds_modules_in_its_own_code_and_layers_alone(endpoint: Endpoint, node: str) -> None:
    seen = call(endpoint, node)
    assert seen["paths"][:3] == ["/var/task/node_modules", "/var/node_modules", "/node_modules"]
    assert (seen["cwd"], seen["opt"]) == ("/var/task", ["nodejs"])
    assert call(endpoint, node, then="require", module="dep") == "layer"
    assert call(endpoint, node, then="require", module="click")["errorMessage"].startswith("Cannot find module 'click'")


def test_a_module_of_a_layer_can_be_imported_by_an_es_module(endpoint: Endpoint, role: str) -> None:
    arn = layer(endpoint, "es-modules", packed(nodejs__node_modules__dep__index_js="exports.who = 'layer';"))
    code = "import dep from 'dep';\nexport const handler = async () => dep.who;"
    make(endpoint, role, "es-module", packed(app_mjs=code), Runtime="nodejs20.x", Layers=[arn])
    assert call(endpoint, "es-module") == "layer"


def test_an_error_of_node_has_its_name_and_trace(endpoint: Endpoint, node: str) -> None:
    error = call(endpoint, node, then="raise")
    assert (error["errorType"], error["errorMessage"]) == ("OutOfStock", "none left")
    assert error["trace"][1] == "    at exports.handler (/var/task/app.js:7:37)"


def test_lines_of_node_have_lambdas_format(endpoint: Endpoint, role: str) -> None:
    make(endpoint, role, "node-log", packed(app_js=SEE_NODE), Runtime="nodejs20.x")
    call(endpoint, "node-log")
    lines = [line.split("\t")[2:] for line in log(endpoint, "node-log")[1:3]]
    assert lines == [["INFO", "info { a: 1 }"], ["ERROR", "two\nlines"]]


def test_a_callback_is_waited_for(endpoint: Endpoint, role: str) -> None:
    make(endpoint, role, "callback", packed(app_js=CALLBACK), Runtime="nodejs20.x")
    assert [call(endpoint, "callback") for _ in range(2)] == ["later", "later"]


@pytest.mark.parametrize(
    ("code", "handler", "type_", "message"),
    [
        ("require('nope')", "app.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nope'"),
        ("exports.other = 1", "app.handler", "Runtime.HandlerNotFound", "app.handler is undefined or not exported"),
        ("function (", "app.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: Function statements require"),
        ("exports.handler = 1", "none.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'none'"),
        ("throw new TypeError('no')", "app.handler", "TypeError", "no"),
    ],
)
def test_a_function_of_node_that_cannot_be_loaded_is_answered_as_lambda_does(
    endpoint: Endpoint, role: str, code: str, handler: str, type_: str, message: str
) -> None:
    name = f"broken-node-{abs(hash((code, handler)))}"
    make(endpoint, role, name, packed(app_js=code), Runtime="nodejs20.x", Handler=handler)
    error = call(endpoint, name)
    assert error["errorType"] == type_
    assert error["errorMessage"].startswith(message)


def test_a_call_that_is_under_way_ends_with_the_code_it_began_with(endpoint: Endpoint, role: str) -> None:
    """Also when the function is deleted meanwhile: a save during `sealift dev` disturbs nobody."""
    slow = "import time\ndef handler(event, context):\n    time.sleep(event.get('for', 0))\n    return '%s'\n"
    make(endpoint, role, "swapped", packed(app_py=slow % "old"), Timeout=60)
    assert call(endpoint, "swapped") == "old"
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(lambda: call(endpoint, "swapped", **{"for": 3}))
        time.sleep(1)
        client(endpoint, "lambda").update_function_code(FunctionName="swapped", ZipFile=packed(app_py=slow % "new"))
        assert call(endpoint, "swapped") == "new"
        assert under_way.result() == "old"


def test_a_function_without_code_is_an_error_and_no_made_up_answer(endpoint: Endpoint) -> None:
    missing = function()
    missing["Properties"]["Code"] = {"S3Bucket": "no-such-bucket", "S3Key": "none.zip"}
    stack = deploy(endpoint, "no-code", {"Resources": {"Role": ROLE, "F": missing}})
    assert stack.status == "ROLLBACK_COMPLETE"


def test_a_state_machine_catches_the_class_that_a_function_raised(endpoint: Endpoint, role: str, seeing: str) -> None:
    arn = client(endpoint, "lambda").get_function(FunctionName=seeing)["Configuration"]["FunctionArn"]
    task = {
        "Type": "Task",
        "Resource": arn,
        "Catch": [
            {"ErrorEquals": ["OutOfStock"], "Next": "Apologise"},
            {"ErrorEquals": ["States.ALL"], "Next": "Broken"},
        ],
        "End": True,
    }
    states = {
        "Reserve": task,
        "Apologise": {"Type": "Pass", "Result": "sorry", "End": True},
        "Broken": {"Type": "Pass", "Result": "broken", "End": True},
    }
    api = client(endpoint, "stepfunctions")
    machine = api.create_state_machine(
        name="catching", roleArn=role, definition=json.dumps({"StartAt": "Reserve", "States": states})
    )
    arn = api.start_execution(stateMachineArn=machine["stateMachineArn"], input='{"then": "raise"}')["executionArn"]
    until = time.monotonic() + 10
    while (done := api.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.02)
    assert json.loads(done["output"]) == "sorry"


SDK_MODULE = """
import { SSMClient as Client, GetParameterCommand } from "@aws-sdk/client-ssm";
const { SQSClient } = await import("@aws-sdk/client-sqs");
export const handler = async (event) => {
  const found = await new Client({}).send(new GetParameterCommand({ Name: event.key }));
  return { value: found.Parameter.Value, queues: typeof SQSClient };
};
"""


def test_an_es_module_imports_the_sdk_that_the_runtime_brings(endpoint: Endpoint) -> None:
    client(endpoint, "ssm").put_parameter(Name="/for/modules", Value="kept", Type="String")
    reads = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    trust = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    role = client(endpoint, "iam").create_role(RoleName="sdk-module", AssumeRolePolicyDocument=json.dumps(trust))
    client(endpoint, "iam").put_role_policy(RoleName="sdk-module", PolicyName="reads", PolicyDocument=policy)
    make(endpoint, role["Role"]["Arn"], "sdk-module", packed(app_mjs=SDK_MODULE), Runtime="nodejs20.x")
    assert call(endpoint, "sdk-module", key="/for/modules") == {"value": "kept", "queues": "function"}


SHORT = """
import time
{loading}
def handler(event, context):
    time.sleep({takes})
    return context.log_stream_name
"""


@pytest.mark.parametrize(
    ("name", "loading", "takes", "most"), [("short-calls", "time.sleep(1.5)", 0, 1), ("long-calls", "", 1.5, 4)]
)
def test_a_call_waits_for_a_free_environment_no_longer_than_a_new_one_takes_to_start(
    endpoint: Endpoint, role: str, name: str, loading: str, takes: float, most: int
) -> None:
    make(endpoint, role, name, packed(app_py=SHORT.format(loading=loading, takes=takes)), Timeout=30)
    call(endpoint, name)
    with ThreadPoolExecutor(4) as pool:
        streams = set(pool.map(lambda _: call(endpoint, name), range(4)))
    assert len(streams) == most


AGED = """
const age = process.uptime();
exports.handler = async () => ({ age, word: "%s", env: process.env.WORD, argv: process.argv.slice(1) });
"""


@contextmanager
def _looked_at(endpoint: Endpoint) -> Iterator[None]:
    seen = happenings(endpoint)
    assert next(seen) is None
    try:
        yield
    finally:
        seen.close()


def _swapped(endpoint: Endpoint, name: str, word: str, folder: Path) -> None:
    code = folder / f"{word}.zip"
    code.write_bytes(packed(app_js=AGED % word))
    swap_code(endpoint, {name: code})


def test_new_code_of_node_is_loaded_by_a_process_that_is_there_already(
    endpoint: Endpoint, role: str, tmp_path: Path
) -> None:
    code = packed(app_js=AGED % "first")
    make(endpoint, role, "aged", code, Runtime="nodejs20.x", Environment={"Variables": {"WORD": "a"}})
    with _looked_at(endpoint):
        assert call(endpoint, "aged")["word"] == "first"
        for word in map(str, range(20)):
            time.sleep(1.5)  # of which the process takes a part to begin
            _swapped(endpoint, "aged", word, tmp_path)
            answer = call(endpoint, "aged")
            assert (answer["word"], answer["argv"]) == (word, ["/var/runtime/index.mjs"])
            if answer["age"] > 1:
                break
        assert answer["age"] > 1
        time.sleep(1.5)
        client(endpoint, "lambda").update_function_configuration(
            FunctionName="aged", Environment={"Variables": {"WORD": "b"}}
        )
        _swapped(endpoint, "aged", "last", tmp_path)
        answer = call(endpoint, "aged")
        assert (answer["word"], answer["env"]) == ("last", "b")
