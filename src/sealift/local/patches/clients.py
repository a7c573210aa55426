"""Clients of the emulator's own services, for what acts with the rights of a function or a pipe."""

import os
from collections.abc import Mapping
from typing import Any


def client_as(function: Mapping[str, Any], service: str, region: str) -> Any:
    """Return a boto3 client with the credentials of a function's role; `function` has `Role` and `FunctionArn`."""
    import boto3
    from botocore.config import Config
    from ministack.core import lambda_runtime

    keys = lambda_runtime.execution_credentials(dict(function))
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        region_name=region,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
        config=Config(inject_host_prefix=False),
    )


def queue_url(queues: Any, arn: str) -> str:
    """Return the URL of a queue. Lambda and pipes need no `sqs:GetQueueUrl` to find it."""
    *_, account, name = arn.split(":")
    return f"{queues.meta.endpoint_url}/{account}/{name}"
