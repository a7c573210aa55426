"""A secret that a template makes and reads is there before what reads it."""

import pytest

from sealift.local.expand.context import Context
from sealift.local.expand.otherwise import own_settings
from sealift.model.template import Json

CONTEXT = Context(stack_name="s", account="1", region="r", parameters={"Name": "shop"})


@pytest.mark.parametrize(
    ("reference", "waits"),
    [
        ("{{resolve:secretsmanager:shop:SecretString}}", ["Other", "Key"]),
        ("{{resolve:secretsmanager:shop}}", ["Other", "Key"]),
        ("{{resolve:secretsmanager:shop-more}}", "Other"),
        ("{{resolve:ssm:shop}}", "Other"),
    ],
)
def test_what_reads_a_secret_waits_for_it(reference: str, waits: Json) -> None:
    body: dict[str, Json] = {
        "Parameters": {"Name": {"Type": "String"}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Other", "Properties": {"DisplayName": reference}},
            "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": {"Ref": "Name"}}},
        },
    }
    expanded = own_settings(body, CONTEXT).body["Resources"]
    assert expanded["Topic"]["DependsOn"] == waits  # type: ignore[index, call-overload]
