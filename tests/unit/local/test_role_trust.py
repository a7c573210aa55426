"""Whether a role's trust policy lets a service assume it."""

import json

import pytest

from sealift.local.patches.roles import trusts
from sealift.model.template import Json


def _policy(principal: Json, action: Json = "sts:AssumeRole", effect: str = "Allow") -> Json:
    return {"Statement": [{"Effect": effect, "Principal": principal, "Action": action}]}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (_policy({"Service": "lambda.amazonaws.com"}), True),
        (_policy({"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]}), True),
        (_policy({"Service": "lambda.eu-west-1.amazonaws.com"}), True),
        (_policy("*"), True),
        (_policy({"Service": "lambda.amazonaws.com"}, ["sts:TagSession", "sts:AssumeRole"]), True),
        (_policy({"Service": "lambda.amazonaws.com"}, "sts:*"), True),
        (json.dumps(_policy({"Service": "lambda.amazonaws.com"})), True),
        (_policy({"Service": "states.amazonaws.com"}), False),
        (_policy({"AWS": "*"}), False),
        (_policy({"Service": "lambda.amazonaws.com"}, "sts:TagSession"), False),
        (_policy({"Service": "lambda.amazonaws.com"}, effect="Deny"), False),
        ({"Statement": _policy({"Service": "lambda.amazonaws.com"})["Statement"][0]}, True),  # type: ignore[call-overload, index]
        ({}, False),
    ],
)
def test_a_service_is_trusted_when_a_statement_names_it(policy: Json, expected: bool) -> None:
    assert trusts(policy, "lambda") is expected
