"""Physical names that a template fixes."""

from sealift.local.expand import Context
from sealift.local.names import names_in
from sealift.model.template import Json

CONTEXT = Context(stack_name="shop", account="123456789012", region="eu-west-1")


def _names(**resources: Json) -> list[tuple[str, str, str]]:
    return [(i, n.type, n.name) for i, n in names_in({"Resources": resources}, CONTEXT)]


def test_fixed_names_are_found_and_generated_ones_are_not() -> None:
    found = _names(
        Fixed={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-jobs"}}},
        Generated={"Type": "AWS::SQS::Queue"},
        Unknown={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["X", "Y"]}}},
        Conditional={"Type": "AWS::SQS::Queue", "Condition": "C", "Properties": {"QueueName": "c"}},
    )
    assert found == [("Fixed", "AWS::SQS::Queue", "shop-jobs")]


def test_tables_and_global_tables_share_their_names() -> None:
    properties: Json = {"TableName": "t"}
    found = _names(
        A={"Type": "AWS::DynamoDB::Table", "Properties": properties},
        B={"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties},
    )
    assert found[0][1:] == found[1][1:]


def test_names_that_are_unique_within_a_group_only_do_not_count() -> None:
    assert not _names(
        Rule={"Type": "AWS::Events::Rule", "Properties": {"Name": "r", "EventBusName": {"Ref": "Bus"}}},
        Schedule={"Type": "AWS::Scheduler::Schedule", "Properties": {"Name": "s", "GroupName": "g"}},
    )
