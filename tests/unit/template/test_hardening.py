"""What stores lack, written into the text of a template."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.model.finding import Lack
from sealift.template.hardening import hardened

RETAIN = Lack(type="AWS::DynamoDB::Table", what="DeletionPolicy", line="DeletionPolicy: Retain", is_property=False)
PROTECTED = Lack(
    type="AWS::DynamoDB::Table",
    what="deletion protection",
    line="DeletionProtectionEnabled: true",
    is_property=True,
)
BOTH = {"Orders": (RETAIN, PROTECTED)}
TEMPLATE = """\
# The shop.
Resources:
    Orders: # what was bought
        Type: AWS::DynamoDB::Table
        Properties:
            # One key.
            KeySchema: [{AttributeName: id, KeyType: HASH}]
    Other:
        Type: AWS::SQS::Queue
"""


def test_lines_are_added_as_the_author_indents_and_nothing_else_changes():
    text, left = hardened(TEMPLATE, "t.yaml", BOTH)
    assert left == []
    assert text == TEMPLATE.replace(
        "        Type: AWS::DynamoDB::Table\n        Properties:\n",
        "        Type: AWS::DynamoDB::Table\n        DeletionPolicy: Retain\n        Properties:\n"
        "            DeletionProtectionEnabled: true\n",
    )


def test_a_resource_without_properties_gets_them():
    text, left = hardened("Resources:\n  Orders:\n    Type: AWS::DynamoDB::Table", "t.yaml", BOTH)
    assert left == []
    assert text == (
        "Resources:\n  Orders:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n"
        "    Properties:\n      DeletionProtectionEnabled: true\n"
    )


def test_rows_keep_how_they_end():
    text, _ = hardened(TEMPLATE.replace("\n", "\r\n"), "t.yaml", BOTH)
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize("indent", [2, "\t"])
def test_json_stays_json(indent: int | str):
    body = {"Resources": {"Orders": {"Properties": {"TableName": "t"}, "Type": "AWS::DynamoDB::Table"}}}
    text, left = hardened(json.dumps(body, indent=indent), "t.json", BOTH)
    assert left == []
    orders = json.loads(text)["Resources"]["Orders"]
    assert (orders["DeletionPolicy"], orders["Properties"]["DeletionProtectionEnabled"]) == ("Retain", True)


@pytest.mark.parametrize(
    "text",
    [
        "Resources:\n  Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: t}}\n",
        "Resources: {Orders: {Type: 'AWS::DynamoDB::Table'}}\n",
        "Resources:\n  Orders:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Delete\n"
        "    Properties: {TableName: t}\n",
        "Resources:\n  Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: tables.yaml}}\n",
        '{"Resources": {"Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "t"}}}}',
    ],
    ids=["in one line", "all in one line", "there already", "in another file", "JSON in one line"],
)
def test_what_can_not_be_added_by_a_line_is_left_to_its_author(text: str):
    made, left = hardened(text, "t.yaml", BOTH)
    assert (made, [lack for _, lack in left]) == (text, [RETAIN, PROTECTED])


NAMES = st.from_regex(r"[A-Z][A-Za-z0-9]{0,8}", fullmatch=True)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.dictionaries(NAMES, inner, max_size=3)
)


@given(properties=st.dictionaries(NAMES, VALUES, max_size=4), indent=st.integers(1, 6), before=st.booleans())
def test_whatever_a_table_says_it_says_the_same_and_the_additions(properties: dict, indent: int, before: bool):
    table = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    body = {"Resources": {"Orders": dict(reversed(table.items())) if before else table}}
    text, left = hardened(json.dumps(body, indent=indent), "t.json", BOTH)
    orders = json.loads(text)["Resources"]["Orders"]
    for lack in {RETAIN, PROTECTED} - {lack for _, lack in left}:
        section = orders["Properties"] if lack.is_property else orders
        section.pop(lack.line.split(":")[0])
    assert orders == table
