"""What the facts say of actions that are not among them."""

import pytest

from sealift.isolation.actions import alike, near_managed_policy


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


@pytest.mark.parametrize(
    ("arn", "near"),
    [
        ("arn:aws:iam::aws:policy/amazondynamodbfullaccess", "AmazonDynamoDBFullAccess"),
        ("arn:aws:iam::aws:policy/AWSLambdaSQSQueueExecutionRole", "service-role/AWSLambdaSQSQueueExecutionRole"),
        ("arn:aws-cn:iam::aws:policy/AmazonS3FulAccess", "AmazonS3FullAccess"),
        ("amazons3fullaccess", "AmazonS3FullAccess"),
        ("arn:aws:iam::111122223333:policy/amazons3fullaccess", ""),
    ],
)
def test_a_managed_policy_that_is_misspelled_has_its_name(arn: str, near: str) -> None:
    assert near_managed_policy(arn) == (f' (did you mean "{near}"?)' if near else "")
