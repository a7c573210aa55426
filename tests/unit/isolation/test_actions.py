"""What the facts say of actions that are not among them."""

import pytest

from sealift.isolation.actions import alike


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("appconfigdata:StartConfigurationSession", "appconfig:StartConfigurationSession"),
        ("dynamodb:PutItems", "dynamodb:PutItem"),
        ("dynamo:GetItem", "dynamodb:GetItem"),
        ("Lambda:InvokeFunctoin", "lambda:InvokeFunction"),
    ],
)
def test_an_action_that_is_not_known_has_a_neighbour_that_was_meant(written: str, meant: str):
    assert alike(written) == meant


@pytest.mark.parametrize("written", ["nobody:Knows", "dynamodb:Xyzzy", "", ":", "a*:b"])
def test_what_resembles_nothing_is_not_guessed(written: str):
    assert alike(written) is None
