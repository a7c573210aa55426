"""Lambda and configuration read back."""

import hashlib
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile, ZipInfo

import pytest

from sealift.errors import CloudError
from sealift.model.health import FUNCTION
from sealift.model.stack import StackResource
from sealift.model.template import Json
from tests.contract.worlds import World, template


def test_the_code_of_a_deployed_function_is_read_back_as_the_hash_of_its_zip(world: World) -> None:
    name = world.name()
    first, second = _zipped("first"), _zipped("second")
    for code in (first, second):
        world.deploy(name, template(Role=_role(), Work=_function(world, code)))
        (function,) = [r for r in world.cloud.stacks.resources(name) if r.logical_id == "Work"]
        (state,) = world.cloud.functions.state([str(function.physical_id)])

        assert state.name == function.physical_id
        assert state.code_sha256 == hashlib.sha256(code).hexdigest()


def test_states_come_in_the_order_of_the_names(world: World) -> None:
    name = world.name()
    body = template(Role=_role(), **{f"Work{n}": _function(world, _zipped(str(n))) for n in range(4)})
    world.deploy(name, body)
    resources = world.cloud.stacks.resources(name)
    names = sorted((str(r.physical_id) for r in resources if r.logical_id.startswith("Work")), reverse=True)

    states = world.cloud.functions.state(names)

    assert [state.name for state in states] == names
    assert len({state.code_sha256 for state in states}) == 4


def test_a_function_that_is_not_there_is_an_error(world: World) -> None:
    with pytest.raises(CloudError) as caught:
        world.cloud.functions.state([world.name()])

    assert caught.value.code == "not-found"


def test_a_function_that_is_not_there_can_not_be_called(world: World) -> None:
    with pytest.raises(CloudError) as caught:
        world.cloud.functions.invoke(world.name(), {})

    assert caught.value.code == "not-found"


def test_no_functions_have_no_states(world: World) -> None:
    assert world.cloud.functions.state([]) == ()


def test_a_function_that_never_ran_has_no_logs(world: World) -> None:
    since = world.clock.now() - timedelta(hours=1)

    assert world.cloud.functions.logs(world.name(), since=since) == ()


def test_the_caller_is_in_the_account(world: World) -> None:
    assert world.cloud.identity.caller().account == world.cloud.account


def test_parameters_and_secrets_that_are_not_there_are_missing(world: World) -> None:
    name = world.name()
    wanted = (f"ssm:/{name}/key", f"ssm-secure:/{name}/password:1", f"secretsmanager:{name}:SecretString:user")

    assert world.cloud.settings.missing(wanted) == wanted
    assert world.cloud.settings.missing(()) == ()


def test_alarms_that_are_not_there_have_no_state(world: World) -> None:
    assert world.cloud.metrics.alarms([world.name()]) == {}


def test_nothing_went_through_a_function_that_nobody_calls(world: World) -> None:
    end = world.clock.now()
    kept = [_resource("Work", FUNCTION, world.name()), _resource("Table", "AWS::DynamoDB::Table", world.name())]

    traffic = world.cloud.metrics.traffic(kept, start=end - timedelta(days=2), end=end)

    assert [(t.name, t.minutes) for t in traffic] == [("Work", ())]


def _resource(logical_id: str, kind: str, physical_id: str) -> StackResource:
    return StackResource(logical_id=logical_id, physical_id=physical_id, type=kind, status="CREATE_COMPLETE")


def _zipped(text: str) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr(ZipInfo("app.py"), f"def handler(event, context):\n    return {text!r}\n")
    return buffer.getvalue()


def _function(world: World, code: bytes) -> dict[str, Json]:
    world.cloud.bucket.ensure()
    key = f"blobs/{hashlib.sha256(code).hexdigest()}"
    world.cloud.bucket.put(key, code)
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": world.cloud.bucket.name, "S3Key": key},
        },
    }


def _role() -> dict[str, Json]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        },
    }
