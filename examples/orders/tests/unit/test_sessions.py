"""Sessions: opening one, and who is let in."""

import json

import pytest
from authorize import Unauthorized, authorize
from open_session import open_session

from orders_core.sessions import LIFETIME_S

METHOD = "arn:aws:execute-api:eu-central-1:111122223333:api0000001/v1/POST/orders"


def token_for(customer, *, key="a key", now=1000.0):
    return json.loads(open_session(key=key, now=now, new_customer=lambda: customer)["body"])["token"]


def policy_for(header, *, key="a key", now=1000.0):
    return authorize({"authorizationToken": header, "methodArn": METHOD}, key=key, now=now)


def test_a_session_lets_its_customer_in():
    policy = policy_for(f"Bearer {token_for('ann')}")
    assert policy["context"] == {"customer": "ann"}
    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"


def test_the_policy_holds_for_this_api_and_stage_alone():
    (statement,) = policy_for(f"Bearer {token_for('ann')}")["policyDocument"]["Statement"]
    assert statement["Resource"] == "arn:aws:execute-api:eu-central-1:111122223333:api0000001/v1/*"


def test_a_session_ends_after_an_hour():
    token = token_for("ann", now=1000.0)
    assert policy_for(f"Bearer {token}", now=1000.0 + LIFETIME_S - 1)
    with pytest.raises(Unauthorized):
        policy_for(f"Bearer {token}", now=1000.0 + LIFETIME_S)


def test_a_session_of_another_environment_is_refused():
    with pytest.raises(Unauthorized):
        policy_for(f"Bearer {token_for('ann', key='the key of staging')}", key="the key of production")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer a.b.c", "Bearer é.1.é", "Basic YW5uOnNlY3JldA=="])
def test_what_is_no_session_is_refused(header):
    with pytest.raises(Unauthorized, match="^Unauthorized$"):
        policy_for(header)


def test_a_changed_customer_breaks_the_signature():
    token = token_for("ann").replace("ann", "bob")
    with pytest.raises(Unauthorized):
        policy_for(f"Bearer {token}")
