"""Values from outside the templates: one name is one value, and what nobody can decide about is counted."""

import pytest

from sealift.isolation.model import EnvironmentView, StackView, Verdict
from sealift.isolation.prove import prove
from sealift.model.template import Json

Body = dict[str, Json]


def verdict(value: Json, *, accounts: tuple[str | None, str | None] = (None, None), only: str = "") -> Verdict:
    """Prove a function with one variable, in staging and production, or in one of them alone."""
    names = ("staging", "production")
    variables: dict[str, Body] = {n: {"X": value} if only in ("", n) else {} for n in names}
    return prove(
        [
            EnvironmentView(
                name=name,
                region="eu-west-1",
                account=account,
                stacks=(StackView(name=f"shop-{name}", body=_function(variables[name])),),
            )
            for name, account in zip(names, accounts, strict=True)
        ]
    )


def _function(variables: Body) -> Body:
    return {
        "Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}}}
    }


REFERENCES = ("{{resolve:ssm:/shop/x}}", "{{resolve:ssm:/shop/x:3}}", {"Fn::ImportValue": "shop-x"})


@pytest.mark.parametrize("value", REFERENCES, ids=str)
def test_one_name_in_one_account_is_one_value(value: Json) -> None:
    found = verdict(value)
    assert [(f.id, f.source, f.target) for f in found.findings if f.id == "SHR-02"] == [
        ("SHR-02", "staging", "production")
    ]
    assert found.unseen == ()


@pytest.mark.parametrize("value", REFERENCES[:2], ids=str)
def test_one_name_in_two_accounts_is_two_values_that_nobody_looked_at(value: Json) -> None:
    found = verdict(value, accounts=("111111111111", "222222222222"))
    assert found.level == "L1"
    assert found.unseen == ("SSM parameter /shop/x of production", "SSM parameter /shop/x of staging")


def test_what_one_environment_alone_asks_for_is_not_looked_at() -> None:
    assert verdict(REFERENCES[0], only="staging").unseen == ("SSM parameter /shop/x of staging",)


def test_a_path_with_the_stacks_name_is_its_own() -> None:
    found = verdict({"Fn::Sub": "{{resolve:ssm:/${AWS::StackName}/x}}"})
    assert (found.level, found.unseen) == ("L1", ())


def test_what_aws_publishes_is_nobodys() -> None:
    found = verdict("{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}")
    assert (found.level, found.unseen) == ("L1", ())


def test_the_verdict_says_what_it_means_and_what_was_not_looked_at() -> None:
    body = verdict(REFERENCES[0], only="staging").as_json()
    assert body["not_looked_at"] == ["SSM parameter /shop/x of staging"]
    assert "reaches a declared resource of another" in str(body["meaning"])


def test_a_secret_is_one_finding_whatever_keys_of_it_are_read() -> None:
    def function(*keys: str) -> Body:
        return _function({key.upper(): "{{resolve:secretsmanager:shop/db:SecretString:" + key + "}}" for key in keys})

    def found(staging: Body, production: Body) -> list[str]:
        views = [
            EnvironmentView(name=name, region="eu-west-1", stacks=(StackView(name=f"shop-{name}", body=body),))
            for name, body in (("staging", staging), ("production", production))
        ]
        return [f.message for f in prove(views).findings if f.id == "SHR-02"]

    keys = ("host", "user", "password")
    assert found(function(*keys), function(*keys)) == [
        "staging and production share the credential <secret shop/db:host> (F, Environment.Variables.HOST), and 2 more"
        " values of it."
    ]
    assert found(function("a", "b"), function("b", "c")) == [
        "staging and production share the credential <secret shop/db:b> (F, Environment.Variables.B)."
    ]
    assert found(function("staging"), function("production")) == []


def test_two_secrets_are_two_findings() -> None:
    both = {
        "A": "{{resolve:secretsmanager:shop/a}}",
        "B": "{{resolve:secretsmanager:shop/b}}",
        "OF_A": "{{resolve:secretsmanager:shop/a:SecretString:host}}",
    }
    views = [
        EnvironmentView(name=n, region="eu-west-1", stacks=(StackView(name=f"shop-{n}", body=_function({**both})),))
        for n in ("staging", "production")
    ]
    assert len([f for f in prove(views).findings if f.id == "SHR-02"]) == 2


@pytest.mark.parametrize(
    "suffix", ["TABLE", "ARN", "NAME", "URL", "TOPIC", "QUEUE", "PARAMETER", "PATH", "SECRET_NAME"]
)
@pytest.mark.parametrize("word", ["EXPERIAN_TOKEN", "DB_PASSWORD", "API_KEY"])
def test_a_variable_that_holds_a_reference_is_no_credential(word: str, suffix: str) -> None:
    def told(key: str) -> list[str]:
        views = [
            EnvironmentView(
                name=name,
                region="eu-west-1",
                stacks=(StackView(name=f"shop-{name}", body=_function({key: "{{resolve:ssm:/shop/of-all}}"})),),
            )
            for name in ("staging", "production")
        ]
        return [f.message for f in prove(views).findings if f.id == "SHR-02"]

    assert not any("credential" in one for one in told(f"{word}_{suffix}"))
    assert any("credential" in one for one in told(word))


def test_a_part_of_the_stacks_own_id_names_a_thing_of_its_own() -> None:
    part = {"Fn::Select": [4, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]}
    body: Body = {
        "Resources": {
            "Logs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Join": ["-", ["logs", part]]}}}
        }
    }
    views = [
        EnvironmentView(name=n, region="eu-west-1", stacks=(StackView(name=f"shop-{n}", body=body),))
        for n in ("staging", "production")
    ]
    assert [f.id for f in prove(views).findings if f.severity in ("high", "critical")] == []


def test_an_export_of_nobody_that_both_share_is_one_finding() -> None:
    found = verdict({"Fn::ImportValue": "network-VpcId"})
    assert [f.id for f in found.findings if "network-VpcId" in f.message] == ["NET-01"]


def test_what_is_said_of_a_supposed_value_is_said_of_nothing() -> None:
    views = [
        EnvironmentView(
            name=name,
            region="eu-west-1",
            supposed=(f"Vpc-of-{name}",),
            stacks=(StackView(name=f"shop-{name}", body=_function({"X": {"Fn::ImportValue": f"Vpc-of-{name}-Id"}})),),
        )
        for name in ("staging", "production")
    ]
    assert [f.id for f in prove(views).findings] == []


REST = "arn:aws:apigateway:eu-west-1:"


def mentioned(kind: str, properties: Body) -> list[str]:
    """Return the rules that report what both environments name in this resource."""
    body: Body = {"Resources": {"It": {"Type": kind, "Properties": properties}}}
    views = [
        EnvironmentView(name=n, region="eu-west-1", stacks=(StackView(name=f"shop-{n}", body=body),))
        for n in ("staging", "production")
    ]
    return [f.id for f in prove(views).findings if f.id in ("SHR-02", "API-04", "EVT-05")]


def method(uri: str) -> Body:
    return {"Body": {"paths": {"/": {"get": {"x-amazon-apigateway-integration": {"uri": uri}}}}}}


def test_what_names_no_thing_is_not_shared() -> None:
    bucket: Json = {"InputTransformer": {"InputPathsMap": {"bucket": "$.detail.bucket.name"}}, "Arn": "x", "Id": "y"}
    assert mentioned("AWS::Events::Rule", {"Targets": [bucket]}) == []
    assert mentioned("AWS::ApiGateway::RestApi", method(REST + "dynamodb:action/PutItem")) == []
    written = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:X/invocations"
    assert mentioned("AWS::ApiGateway::RestApi", method(REST + "lambda:path/2015-03-31/functions/" + written)) == []
    asked = {"requestTemplates": {"application/json": {"StreamName": "$input.params('streamName')"}}}
    templates: Body = {"Body": {"paths": {"/": {"get": {"x-amazon-apigateway-integration": asked}}}}}
    assert mentioned("AWS::ApiGateway::RestApi", templates) == []
    generation: Json = {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0"}}
    assert mentioned("AWS::Cognito::UserPool", {"LambdaConfig": generation}) == []


def test_what_names_a_thing_still_is() -> None:
    assert mentioned("AWS::ApiGateway::RestApi", method(REST + "sqs:path/222222222222/orders")) == ["SHR-02"]
    function = "arn:aws:lambda:eu-west-1:222222222222:function:sign"
    generation: Json = {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": function}}
    assert mentioned("AWS::Cognito::UserPool", {"LambdaConfig": generation}) == ["API-04"]
