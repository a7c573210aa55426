"""What the emulator is told of the SDK's models is what it reads in them itself."""

from collections.abc import Iterator

import pytest
from ministack.core import iam_actions, responses

from sealift.local.patches.sdk_models import models_read_once

SERVICES = ("apigateway", "cognito-idp", "dynamodb", "iam", "lambda", "monitoring", "s3", "sqs", "states", "unheard-of")
TYPES = ("application/json", "application/x-amz-json-1.1", "application/xml", "text/xml; charset=x", "image/png")
_CACHES = (iam_actions._TAG_OPERATIONS, iam_actions._UNSIGNED_OPERATIONS, iam_actions._REST_ROUTE_CACHE)


def told(service: str) -> object:
    """Return all that the emulator derives from the model of a service."""
    return (
        iam_actions._tag_operations(service),
        iam_actions.unsigned_operations(service),
        iam_actions._get_routes_for_service(service),
        [responses.expected_error_content_type(service, kind) for kind in TYPES],
        [responses.expected_success_content_type(service, kind) for kind in TYPES],
    )


def forget() -> None:
    for kept in _CACHES:
        kept.clear()


@pytest.fixture
def whole() -> Iterator[dict[str, object]]:
    """What is told of each service without the patch; afterwards everything is as it was."""
    read, describe = iam_actions._load_botocore_model, responses._service_model
    forget()
    yield {service: told(service) for service in SERVICES}
    iam_actions._load_botocore_model, responses._service_model = read, describe
    forget()


def test_the_same_is_told_of_every_service_and_no_model_is_read_twice(whole: dict[str, object]) -> None:
    read: list[str] = []
    parse = iam_actions._load_botocore_model

    def parsed(name: str) -> object:
        read.append(name)
        return parse(name)

    forget()
    iam_actions._load_botocore_model = parsed
    models_read_once()
    assert {service: told(service) for service in SERVICES} == whole
    assert len(read) == len(set(read))
    assert any(iam_actions.unsigned_operations("cognito-idp"))
