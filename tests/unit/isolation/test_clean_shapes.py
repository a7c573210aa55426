"""What is usual in clean applications and looks like a leak: none of it stops a deployment in one account."""

import re
from typing import Any

import pytest

from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.patterns import FIRST_SYMBOL, LAST_SYMBOL, TAIL
from sealift.isolation.prove import prove
from sealift.isolation.types import TYPES
from sealift.isolation.world import World
from tests.unit.isolation.test_bad_input import TRUST, proved


def resources(**listed: Any) -> Any:
    """Return a template."""
    return {"Resources": listed}


def role(*statements: Any, **more: Any) -> Any:
    """Return a role with these statements."""
    policy = {"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [policy], **more}}


def stopping(body: Any, **stack: Any) -> list[str]:
    """Return what would stop a deployment of both environments."""
    return [f.message for f in proved(body, **stack).stopping]


def test_a_function_with_a_public_url() -> None:
    # As the SAM translator writes it for AuthType NONE.
    both = {"FunctionName": {"Ref": "F"}, "Principal": "*"}
    url = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE", **both}
    invoked = {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True, **both}
    body = resources(
        F={"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
        Role=role(),
        Url={"Type": "AWS::Lambda::Permission", "Properties": url},
        Invoked={"Type": "AWS::Lambda::Permission", "Properties": invoked},
    )
    assert stopping(body) == []


def test_a_bucket_that_calls_a_function_by_its_account() -> None:
    # As the SAM translator writes it for S3 events: a SourceArn would be a circle.
    permission = {"FunctionName": {"Ref": "F"}, "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
                  "SourceAccount": {"Ref": "AWS::AccountId"}}  # fmt: skip
    body = resources(
        F={"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
        Role=role(),
        May={"Type": "AWS::Lambda::Permission", "Properties": permission},
    )
    assert stopping(body) == []


def test_permissions_on_other_services_are_no_way_to_make_or_pass_roles() -> None:
    own = {"Fn::Sub": "arn:aws:rds:eu-central-1:000000000000:db:${AWS::StackName}-*"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": own}
    assert stopping(resources(Role=role(everything))) == []


def test_a_denial_of_iam_takes_the_ways_of_a_wide_permission() -> None:
    wide = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denied = {"Effect": "Deny", "Action": ["iam:*", "sts:*"], "Resource": "*"}
    found = {f.id for f in proved(resources(Role=role(wide, denied))).stopping}
    assert not {"IAM-03", "IAM-04"} & found


def test_records_of_one_name_in_zones_of_their_own() -> None:
    zone = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "shop.internal"}}
    record = {"Name": "db.shop.internal", "Type": "A", "HostedZoneId": {"Ref": "Zone"}}
    assert stopping(resources(Zone=zone, Record={"Type": "AWS::Route53::RecordSet", "Properties": record})) == []


def test_a_resource_of_a_type_that_is_hardly_known_and_a_permission_on_it() -> None:
    named = {"Effect": "Allow", "Action": "glue:GetClassifier", "Resource": {"Fn::GetAtt": ["Odd", "Arn"]}}
    assert stopping(resources(Odd={"Type": "AWS::Glue::Classifier", "Properties": {}}, Role=role(named))) == []


def test_a_permission_on_one_resource_of_a_service_that_has_others() -> None:
    own = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": {"Fn::GetAtt": ["Stream", "Arn"]}}
    body = resources(
        Stream={"Type": "AWS::Kinesis::Stream", "Properties": {}},
        Reader={"Type": "AWS::Kinesis::StreamConsumer", "Properties": {"StreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}}},
        Role=role(own),
    )
    assert stopping(body) == []
    own["Resource"] = "arn:aws:kinesis:*:*:stream/*"
    assert {f.id for f in proved(body).stopping} == {"IAM-01"}


@pytest.mark.parametrize(("staging", "production"), [("shop", "shop-production"), ("shop-staging", "shop")])
@pytest.mark.parametrize("logical_id", ["Short", "OfALengthThatCloudFormationCutsOutOfNamesOfRolesAsItDoes"])
def test_a_stacks_name_that_begins_with_the_others(staging: str, production: str, logical_id: str) -> None:
    name = {"Fn::Sub": "${AWS::StackName}-live-messages-${AWS::AccountId}"}
    body = resources(**{logical_id: role()}, B={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}})
    views = [
        EnvironmentView(name=n, region="eu-central-1", stacks=(StackView(name=stack, body=body),))
        for n, stack in (("staging", staging), ("production", production))
    ]
    assert [f.message for f in prove(views).stopping] == []


def test_a_branch_for_a_parameter_that_is_left_empty_is_not_taken_where_an_own_arn_is_given() -> None:
    other = "arn:aws:cognito-idp:eu-central-1:000000000000:userpool/eu-central-1_Placehold"
    pool = {"Fn::If": ["Own", {"Fn::GetAtt": ["Pool", "Arn"]}, other]}
    given = {"RestApiId": "abcdefghij", "Type": "COGNITO_USER_POOLS", "Name": "a", "ProviderARNs": [pool]}
    body = resources(
        Pool={"Type": "AWS::Cognito::UserPool"}, A={"Type": "AWS::ApiGateway::Authorizer", "Properties": given}
    )
    for condition in ([{"Fn::GetAtt": ["Pool", "Arn"]}, ""], ["", {"Fn::GetAtt": ["Pool", "Arn"]}]):
        body["Conditions"] = {"Own": {"Fn::Not": [{"Fn::Equals": condition}]}}
        assert not [m for m in stopping(body) if "userpool" in m]
    body["Conditions"] = {"Own": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "111111111111"]}}
    assert [m for m in stopping(body) if "userpool" in m]


def test_what_aws_has_for_everybody_is_no_shared_parent() -> None:
    given = {
        "CertificateAuthorityArn": {"Ref": "Own"},
        "TemplateArn": "arn:aws:acm-pca:::template/RootCACertificate/V1",
    }
    body = resources(
        Own={"Type": "AWS::ACMPCA::CertificateAuthority"}, C={"Type": "AWS::ACMPCA::Certificate", "Properties": given}
    )
    assert not [message for message in stopping(body) if "template/RootCACertificate" in message]


def test_units_of_tokens_are_no_credentials() -> None:
    units = {"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "days"}
    given = {"UserPoolId": {"Ref": "Pool"}, "TokenValidityUnits": units}
    body = resources(
        Pool={"Type": "AWS::Cognito::UserPool"}, Client={"Type": "AWS::Cognito::UserPoolClient", "Properties": given}
    )
    assert stopping(body) == []


def test_words_that_are_also_the_name_of_a_stack() -> None:
    variables = {"Variables": {"POWERTOOLS_SERVICE_NAME": "app"}}
    function = {
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Environment": variables,
        "Tags": [{"Key": "a", "Value": "app"}],
    }
    body = resources(Role=role(), F={"Type": "AWS::Lambda::Function", "Properties": function})
    views = [
        EnvironmentView(name=n, region="eu-central-1", stacks=(StackView(name=stack, body=body),))
        for n, stack in (("staging", "app-staging"), ("production", "app"))
    ]
    assert [f.message for f in prove(views).stopping] == []


def test_a_policy_in_text_that_is_put_together() -> None:
    text = (
        '{"Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*", "Principal": {"Service": '
    )
    text += '"es.amazonaws.com"}, "Condition": {"ArnLike": {"aws:SourceArn": "${Domain.Arn}"}}}]}'
    body = resources(
        Domain={"Type": "AWS::OpenSearchService::Domain", "Properties": {}},
        Logs={"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyName": {"Fn::Sub": "${AWS::StackName}-es"},
                                                                   "PolicyDocument": {"Fn::Sub": text}}},
    )  # fmt: skip
    assert stopping(body) == []


def test_a_key_that_the_logs_service_uses_for_an_own_log_group() -> None:
    own = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/shop/${AWS::StackName}"
    every = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"
    for context, found in ((own, 0), (every, 2)):
        condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": context}}}
        statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": condition,
                     "Principal": {"Service": "logs.eu-central-1.amazonaws.com"}}  # fmt: skip
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [statement]}}}
        logs = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "/shop/${AWS::StackName}"}}}
        assert len(stopping(resources(Key=key, Logs=logs))) == found


def test_a_rule_that_hears_only_what_has_a_name_of_its_environment() -> None:
    own, all_of_it = {"Ref": "AWS::StackName"}, {"anything-but": [{"Ref": "AWS::StackName"}]}
    for stack, heard in (([own], 0), ([{"prefix": own}], 0), ([own, "another"], 2), ([all_of_it], 2)):
        rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"detail": {"stack": stack}}}}
        assert len([f for f in proved(resources(Rule=rule)).findings if f.id == "EVT-01"]) == heard


@pytest.mark.parametrize("cfn_type", sorted(t for t, f in TYPES.items() if f.style in ("stack", "lower")))
def test_own_names_in_any_region_and_account_are_nobody_elses(cfn_type: str) -> None:
    views = [
        EnvironmentView(
            name=name,
            region="eu-central-1",
            stacks=(StackView(name=f"app-{name}", body=resources(It={"Type": cfn_type, "Properties": {}})),),
        )
        for name in ("staging", "production")
    ]
    world = World(views)
    for entry in world.by_name["staging"].owned:
        fields = re.sub(f"[{TAIL}{FIRST_SYMBOL}-{LAST_SYMBOL}]", "*", entry.term).split(":")
        anywhere = ":".join(("*" if at in (3, 4) and field else field) for at, field in enumerate(fields))
        # The key of an object may hold anything, whole ARNs too; so may what stands for a cluster's name.
        if entry.logical_id and "app-staging" in anywhere and "/object/" not in anywhere and "*/app-" not in anywhere:
            met = {o.environment for o in world.index.meeting(anywhere) if o.kind != "accesspointobject"}
            assert met == {"staging"}, anywhere


def test_a_store_from_outside_that_is_only_read_or_has_a_part_for_each() -> None:
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data-of-all/*"}
    assert stopping(resources(Role=role(reading))) == []
    part = {"Fn::Sub": "arn:aws:s3:::data-of-all/${AWS::StackName}/*"}
    writing = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": part}
    assert stopping(resources(Role=role(writing))) == []
    denied = {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}
    assert stopping(resources(Role=role({**writing, "Resource": reading["Resource"]}, denied))) == []


@pytest.mark.parametrize(
    ("address", "stops"),
    [
        ("https://${Api}.execute-api.${AWS::Region}.amazonaws.com/Prod", False),
        ("wss://${Api}.execute-api.${AWS::Region}.amazonaws.com/production/x", False),
        ('{"own": "https://${Api}.execute-api.eu-west-1.amazonaws.com/Prod/"}', False),
        ("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/prod", False),
        ("arn:aws:apigateway:${AWS::Region}::/restapis/${Api}/stages/Production", False),
        ("${Api}.execute-api.${AWS::Region}.amazonaws.com/prod", False),
        ("/shop/production/${Api}", True),
        ("https://${Api}.shop-production.example.com/a", True),
        ("https://${Api}.example.com/a shop-production-orders", True),
    ],
)
def test_an_address_of_an_own_api_is_own_whatever_its_stage_is_called(address: str, *, stops: bool) -> None:
    body = resources(
        Api={"Type": "AWS::ApiGateway::RestApi", "Properties": {}},
        F={
            "Type": "AWS::Lambda::Function",
            "Properties": {"Environment": {"Variables": {"URL": {"Fn::Sub": address}}}},
        },
    )
    found = stopping(body)
    assert bool(found) is stops
    assert all(message.isascii() for message in found)


def test_endpoints_for_a_service_of_aws_are_apart() -> None:
    name = {"Fn::Sub": "com.amazonaws.${AWS::Region}.ecr.dkr"}
    endpoint = {"ServiceName": name, "VpcId": {"Ref": "Vpc"}, "VpcEndpointType": "Interface"}
    body = resources(
        Vpc={"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        Endpoint={"Type": "AWS::EC2::VPCEndpoint", "Properties": endpoint},
    )
    assert [f.message for f in proved(body).findings] == []


@pytest.mark.parametrize(
    "names_it",
    [
        "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:eu-central-1:000000000000:function:shop-pay/invocations",
        "arn:aws:lambda:eu-central-1:000000000000:function:shop-pay:live",
        "arn:aws:lambda:eu-central-1:000000000000:function:shop-pay",
    ],
)
def test_what_names_a_thing_that_both_declare_by_one_name_is_no_finding_of_its_own(names_it: str) -> None:
    api = {"Name": "own", "Body": {"paths": {"/": {"x-amazon-apigateway-integration": {"uri": names_it}}}}}
    body = resources(
        Pay={"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop-pay"}},
        Api={"Type": "AWS::ApiGateway::RestApi", "Properties": api},
    )
    assert {f.id for f in proved(body).findings} == {"NAM-01"}


def test_apis_that_one_firewall_guards() -> None:
    guarded = {"ResourceArn": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}::/restapis/${Api}/stages/live"}}
    guarded["WebACLArn"] = {"Fn::ImportValue": "company-acl"}
    body = resources(
        Api={"Type": "AWS::ApiGateway::RestApi", "Properties": {}},
        Guard={"Type": "AWS::WAFv2::WebACLAssociation", "Properties": guarded},
    )
    assert stopping(body) == []


def test_the_format_of_an_access_log_is_no_place_that_is_written_to() -> None:
    log = {"DestinationArn": {"Fn::GetAtt": ["Log", "Arn"]}, "Format": {"method": "$context.httpMethod"}}
    more = {**log, "Format": '{ "requestId": "$context.requestId", "method": "$context.httpMethod" }'}
    body = resources(
        Log={"Type": "AWS::Logs::LogGroup", "Properties": {}},
        Api={"Type": "AWS::ApiGateway::RestApi", "Properties": {}},
        One={"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": {"Ref": "Api"}, "AccessLogSetting": log}},
        Two={"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": "a1b2c3d4e5", "AccessLogSettings": more}},
    )
    assert [f.message for f in proved(body).findings if f.id == "LOG-01"] == []


def test_what_leads_to_a_thing_that_both_declare_by_one_name_is_no_finding_of_its_own() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "AWS::AccountId"}},
        "Action": "s3:Get*",
        "Resource": "*",
    }
    origin = {"Id": "o", "DomainName": {"Fn::Sub": "${Site}.s3.amazonaws.com"}}
    queued = {**statement, "Action": "sqs:SendMessage"}
    body = resources(
        Site={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop-site"}},
        Policy={
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Site"}, "PolicyDocument": {"Statement": [statement]}},
        },
        Front={"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {"Origins": [origin]}}},
        Jobs={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "shop-jobs"}},
        Sending={
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Jobs"}], "PolicyDocument": {"Statement": [queued]}},
        },
        Host={"Type": "AWS::ApiGateway::DomainName", "Properties": {"DomainName": "api.shop.example.org"}},
    )
    assert {f.id for f in proved(body).findings} & {"CFG-01", "SHR-02"} == set()
    named = {f.logical_id for f in proved(body).findings if f.id == "NAM-01"}
    assert named == {"Site", "Jobs", "Host"}


LONG = "a-stack-whose-name-leaves-a-function-no-room-{env}"


@pytest.mark.parametrize("end", ["*", ":*", "/*", ""])
def test_a_pattern_that_ends_after_a_whole_generated_name_names_no_other_however_long_the_stack_name(end: str) -> None:
    # As SAM writes LambdaInvokePolicy: the function's own name, and a star.
    own = {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}" + end}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
    body = resources(F=function, Role=role({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": own}))
    views = [
        EnvironmentView(
            name=env, region="eu-central-1", stacks=(StackView(name=LONG.replace("{env}", env), body=body),)
        )
        for env in ("staging", "production")
    ]
    assert [f.message for f in prove(views).stopping] == []


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("function:${AWS::StackName}-*", ["production", "staging"]),
        ("function:${AWS::StackName}-Function1-*", ["production", "staging"]),
        ("function:*", None),
        ("layer:${AWS::StackName}-*", []),
        ("function:${Function0}", []),
    ],
)
def test_a_shortened_name_is_reported_only_where_a_policy_matches_it_by_the_name_of_the_stack(
    pattern: str, found: list[str] | None
) -> None:
    functions = {f"Function{n}": {"Type": "AWS::Lambda::Function", "Properties": {}} for n in range(3)}
    own = {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:" + pattern}
    body = resources(**functions, Role=role({"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": own}))
    views = [
        EnvironmentView(
            name=env, region="eu-central-1", stacks=(StackView(name=LONG.replace("{env}", env), body=body),)
        )
        for env in ("staging", "production")
    ]
    short = [f for f in prove(views).findings if f.id == "NAM-03"]
    assert [f.source for f in short] == (found or [])
    for one in short:
        several = "Function0 and 2 more" if "Function1" not in pattern else "Function1"
        assert f"for {several} in {one.source}" in one.message
        assert f":{LONG.replace('{env}', one.source)}-" in one.message
        assert "at most 41 characters" in one.fix
