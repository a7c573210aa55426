"""Whatever a template holds, `prove` ends with a verdict or with an error that says what to mend; never a traceback."""

import json
from typing import Any

import pytest

TRUST: Any = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}}]
}
ANY: Any = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}


def role(document: Any) -> Any:
    """Return resources: a queue, and a role of this policy document."""
    policies = [{"PolicyName": "p", "PolicyDocument": document}]
    properties = {"AssumeRolePolicyDocument": TRUST, "Policies": policies}
    return {"Inbox": {"Type": "AWS::SQS::Queue"}, "Role": {"Type": "AWS::IAM::Role", "Properties": properties}}


def reaching(resource: Any) -> Any:
    """Return resources with a permission on this."""
    return role({"Statement": [{**ANY, "Resource": resource}]})


def queue(**properties: Any) -> Any:
    """Return a queue."""
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


NOT_PROVED: dict[str, Any] = {
    "a policy document as text": role(json.dumps({"Statement": [ANY]})),
    "a policy document as text that is not JSON": role("{"),
    "a policy document that is a list": role([ANY]),
    "a statement that is a number": role({"Statement": [7]}),
    "a policy document that is a number": role(7),
    "stars everywhere": role({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}),
    "resources that name each other": {
        **reaching({"Ref": "A"}),
        "A": queue(QueueName={"Ref": "B"}),
        "B": queue(QueueName={"Ref": "A"}),
    },
    "a resource that names itself": {**reaching({"Ref": "A"}), "A": queue(QueueName={"Fn::Sub": "${A}"})},
    "a type that nobody knows": {"It": {"Type": "AWS::Unheard::Of", "Properties": {}}},
    "an action that nobody knows": role({"Statement": [{**ANY, "Action": "sqs:Teleport"}]}),
    "a reference to nothing": reaching({"Ref": "Nowhere"}),
    "an export of nobody": reaching({"Fn::ImportValue": "nowhere"}),
    "an ARN of the partition": reaching("arn:aws:sqs:*:*:*"),
}
PROVED: dict[str, Any] = {
    "an ARN of another partition": reaching("arn:aws-cn:sqs:*:*:*"),
}
REFUSED: dict[str, Any] = {
    "template-function": reaching({"Fn::Unheard": "x"}),
    "template-empty": {},
}


def prove(sealift: Any, folder: Any, body: Any) -> Any:
    """Run the command on a template of these sections."""
    (folder / "template.json").write_text(json.dumps(body))
    return sealift("prove", "-C", folder, "--json")


@pytest.mark.parametrize("resources", NOT_PROVED.values(), ids=NOT_PROVED.keys())
def test_what_can_not_be_decided_or_leaks_is_not_proved(sealift: Any, folder: Any, resources: Any) -> None:
    shown = prove(sealift, folder, {"Resources": resources})
    assert (shown.code, shown.json.get("verdict")) == (3, "L0"), shown
    assert all(finding["message"] for finding in shown.json["findings"])


@pytest.mark.parametrize("resources", PROVED.values(), ids=PROVED.keys())
def test_what_is_odd_and_leaks_nothing_is_proved(sealift: Any, folder: Any, resources: Any) -> None:
    shown = prove(sealift, folder, {"Resources": resources})
    assert (shown.code, shown.json.get("verdict")) == (0, "L1"), shown


@pytest.mark.parametrize(("code", "resources"), REFUSED.items())
def test_what_cloudformation_would_refuse_is_an_error(sealift: Any, folder: Any, code: str, resources: Any) -> None:
    shown = prove(sealift, folder, {"Resources": resources})
    assert (shown.code, shown.json["error"]["code"]) == (1, code)
    assert "template.json" in shown.json["error"]["message"]


@pytest.mark.parametrize("branch", ["yes", "no"])
def test_both_ways_of_a_condition_count_when_it_is_not_known(sealift: Any, folder: Any, branch: str) -> None:
    own = {"Fn::GetAtt": ["Inbox", "Arn"]}
    both = ["Wide", "*", own] if branch == "yes" else ["Wide", own, "*"]
    body = {
        "Parameters": {"Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a"}},
        "Conditions": {"Wide": {"Fn::Equals": [{"Ref": "Stored"}, "yes"]}},
        "Resources": reaching({"Fn::If": both}),
    }
    shown = prove(sealift, folder, body)
    assert shown.code == 3
    assert "IAM-01" in {finding["id"] for finding in shown.json["findings"]}


@pytest.mark.parametrize(("given", "code"), [("yes", 3), ("no", 0)])
def test_one_way_of_a_condition_counts_when_it_is_known(sealift: Any, folder: Any, given: str, code: int) -> None:
    body = {
        "Parameters": {"Wide": {"Type": "String", "Default": given}},
        "Conditions": {"Wide": {"Fn::Equals": [{"Ref": "Wide"}, "yes"]}},
        "Resources": reaching({"Fn::If": ["Wide", "*", {"Fn::GetAtt": ["Inbox", "Arn"]}]}),
    }
    assert prove(sealift, folder, body).code == code


def test_templates_that_nest_each_other_in_a_circle_are_refused_by_name(sealift: Any, folder: Any) -> None:
    def nesting(file: str) -> Any:
        return {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": file}}}

    (folder / "inner.json").write_text(json.dumps({"Resources": nesting("template.json")}))
    shown = prove(sealift, folder, {"Resources": nesting("inner.json")})
    assert shown.code == 1
    assert "inner.json" in shown.json["error"]["message"]
    assert "Traceback" not in shown.out + shown.err


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "null", "{", "Resources: [", '{"Resources": []}', '{"Resources": {"A": null}}', "\x00"]
)
def test_what_is_no_template_is_an_error_that_names_the_file(sealift: Any, folder: Any, text: str) -> None:
    (folder / "template.yaml").write_text(text)
    shown = sealift("prove", "-C", folder, "--json")
    assert shown.code in (1, 3), shown
    assert "template.yaml" in shown.out
    assert "Traceback" not in shown.out + shown.err
