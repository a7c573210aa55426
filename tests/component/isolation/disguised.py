"""More kinds of leaks: the same ones, in the shapes in which templates hide them."""

import json

from tests.component.isolation.shop import ACCOUNT, REGION, Shop, allow, declared, got, mutation, sub, trusting

__all__: list[str] = []


# Values that are put together


@mutation("RES-01")
def a_resource_from_a_reference_in_parts(a: Shop, b: Shop) -> None:
    a.permit(allow("dynamodb:PutItem", sub("{{resolve:ssm:/${AWS::StackName}/table}}")))


@mutation("RES-01")
def a_part_of_what_aws_will_choose(a: Shop, b: Shop) -> None:
    a.resources["Vendor"] = {"Type": "Custom::Vendor", "Properties": {"ServiceToken": got(a.ids["function"])}}
    whole = {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "Vendor"}]}]}
    a.permit(allow("ecs:UpdateService", {"Fn::Join": ["", [whole, "*"]]}))


@mutation("IAM-01", judged=True)
def a_name_by_a_sub_with_values(a: Shop, b: Shop) -> None:
    values = {"Which": {"Fn::Join": ["-", [b.stack, "*"]]}, "Kind": "table"}
    text = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:${Kind}/${Which}"
    a.permit(allow("dynamodb:DeleteItem", {"Fn::Sub": [text, values]}))


@mutation("IAM-01", judged=True)
def a_policy_written_as_text(a: Shop, b: Shop) -> None:
    document = {"Statement": [allow("sqs:PurgeQueue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{b.stack}-*")]}
    text = json.dumps(document)
    value = a.random.choice((text, sub(text.replace(ACCOUNT, "${AWS::AccountId}")), {"Fn::Join": ["", [text]]}))
    a.properties("role")["Policies"].append({"PolicyName": "text", "PolicyDocument": value})


@mutation("IAM-01", judged=True)
def every_policy_behind_a_condition(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Wide": {"Type": "String"}}
    a.body["Conditions"] = {"IsWide": {"Fn::Equals": [{"Ref": "Wide"}, "yes"]}}
    wide = {"PolicyName": "wide", "PolicyDocument": {"Statement": [allow("sqs:*", "*")]}}
    role = a.properties("role")
    role["Policies"] = {"Fn::If": ["IsWide", [*role["Policies"], wide], role["Policies"]]}


@mutation("IAM-01", judged=True)
def a_document_behind_a_condition(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Wide": {"Type": "String"}}
    a.body["Conditions"] = {"IsWide": {"Fn::Equals": [{"Ref": "Wide"}, "yes"]}}
    documents = [{"Statement": [allow("sqs:*", r)]} for r in ("*", got(a.ids["queue"]))]
    a.random.shuffle(documents)
    a.properties("role")["Policies"].append({"PolicyName": "p", "PolicyDocument": {"Fn::If": ["IsWide", *documents]}})


@mutation("IAM-01", judged=True)
def a_statement_for_one_account_that_is_not_declared(a: Shop, b: Shop) -> None:
    a.body["Conditions"] = {"IsProduction": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "222222222222"]}}
    a.permit({"Fn::If": ["IsProduction", allow("sqs:PurgeQueue", "*"), {"Ref": "AWS::NoValue"}]})


@mutation("IAM-01", judged=True)
def an_account_with_wildcards(a: Shop, b: Shop) -> None:
    account = a.random.choice(("1111*", "*", "1111????1111", "111111111111"))
    a.permit(allow("sns:Publish", f"arn:aws:sns:{REGION}:{account}:{b.stack}-news"))


@mutation("IAM-01", judged=True)
def a_name_with_single_wildcards(a: Shop, b: Shop) -> None:
    a.permit(allow("sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:{'?' * len(b.stack)}-news"))


@mutation("IAM-01", judged=True)
def a_policy_variable_in_the_name(a: Shop, b: Shop) -> None:
    a.permit(allow("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/${{aws:PrincipalTag/team}}-*"))


@mutation("IAM-01")
def a_denial_that_a_condition_makes_void(a: Shop, b: Shop) -> None:
    a.permit(allow("sqs:SendMessage", "*"))
    condition = {"StringNotEquals": {"aws:ResourceTag/environment": a.environment}}
    a.permit({"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": condition})


@mutation("IAM-01", judged=True)
def everything_but_by_a_negated_list(a: Shop, b: Shop) -> None:
    a.permit({"Effect": "Allow", "NotAction": ["iam:*", "sts:*", "kms:*"], "NotResource": [got(a.ids["queue"])]})


@mutation("PRF-01")
def a_macro_that_may_write_anything(a: Shop, b: Shop) -> None:
    a.body["Transform"] = a.random.choice(("Company::Defaults", ["AWS::LanguageExtensions", "Company::Defaults"]))


@mutation("PRF-01")
def a_loop_that_nobody_unrolled(a: Shop, b: Shop) -> None:
    loop = ["Name", ["One", "Two"], {"${Name}": {"Type": "AWS::SQS::Queue"}}]
    a.resources["Fn::ForEach::Queues"] = loop


# Identities


@mutation("IAM-03")
def pass_roles_of_nobody_by_everything_but(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        for key in [k for k, r in shop.resources.items() if r["Type"] == "AWS::IAM::Role"]:
            if shop is b or key != shop.ids["role"]:
                shop.resources.pop(key)
    a.permit({"Effect": "Allow", "NotAction": ["s3:*", "cloudformation:*"], "Resource": "*"})


@mutation("IAM-03")
def pass_every_role_but_one(a: Shop, b: Shop) -> None:
    a.permit({"Effect": "Allow", "Action": "iam:PassRole", "NotResource": a.arn("iam:role/${AWS::StackName}-*")})


@mutation("IAM-03")
def a_target_called_by_a_role_from_outside(a: Shop, b: Shop) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/events-of-all"
    properties = {"Target": {"Arn": got(a.ids["queue"]), "RoleArn": role}, "ScheduleExpression": "rate(1 day)"}
    a.resources["Timer"] = {"Type": "AWS::Scheduler::Schedule", "Properties": properties}


@mutation("IAM-03")
def an_integration_with_credentials_from_outside(a: Shop, b: Shop) -> None:
    integration = {"type": "aws", "credentials": f"arn:aws:iam::{ACCOUNT}:role/api-of-all"}
    a.properties("api")["Body"] = {"paths": {"/": {"get": {"x-amazon-apigateway-integration": integration}}}}


@mutation("IAM-03")
def a_role_from_outside_for_visitors(a: Shop, b: Shop) -> None:
    a.resources["Visitors"] = {"Type": "AWS::Cognito::IdentityPool", "Properties": {}}
    roles = {"unauthenticated": f"arn:aws:iam::{ACCOUNT}:role/visitors"}
    properties = {"IdentityPoolId": {"Ref": "Visitors"}, "Roles": roles}
    a.resources["Attached"] = {"Type": "AWS::Cognito::IdentityPoolRoleAttachment", "Properties": properties}


@mutation("RES-01")
def a_policy_for_a_role_nobody_knows(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Target": {"Type": "String"}}
    document = {"Statement": [allow("dynamodb:*", "*")]}
    properties = {"PolicyName": "p", "PolicyDocument": document, "Roles": [{"Ref": "Target"}]}
    a.resources["More"] = {"Type": "AWS::IAM::Policy", "Properties": properties}


@mutation("IAM-02")
def a_policy_for_a_role_from_outside(a: Shop, b: Shop) -> None:
    document = {"Statement": [allow("dynamodb:*", got(a.ids["table"]))]}
    properties = {"PolicyName": "p", "PolicyDocument": document, "Roles": ["functions-of-all"]}
    a.resources["More"] = {"Type": "AWS::IAM::Policy", "Properties": properties}


@mutation("IAM-04")
def a_boundary_that_can_be_taken_off(a: Shop, b: Shop) -> None:
    name = a.random.choice(("DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary"))
    a.permit(allow(f"iam:{name}", a.arn("iam:role/${AWS::StackName}-*")))


@mutation("IAM-04")
def a_boundary_that_can_be_rewritten(a: Shop, b: Shop) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/{a.stack}-boundary"
    roles, policies = (f"arn:aws:iam::{ACCOUNT}:{kind}/{a.stack}-*" for kind in ("role", "policy"))
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    making = allow("iam:CreateRole", roles, Condition=bounded)
    limits = {"Statement": [allow("iam:*", [roles, policies])]}
    declared(a, "cloudformation", making, allow("iam:CreatePolicyVersion", policies), boundary=limits)


@mutation("IAM-04")
def a_boundary_of_any_name(a: Shop, b: Shop) -> None:
    bounded = {"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/*"}}
    a.permit(allow("iam:CreateRole", a.arn("iam:role/${AWS::StackName}-*"), Condition=bounded))


# What lets others in


@mutation("RPL-02")
def anybody_of_the_organization(a: Shop, b: Shop) -> None:
    _opened(a, "*", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3"}})


@mutation("RPL-02")
def anybody_by_an_endpoint_of_both(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        _opened(shop, "*", {"StringEquals": {"aws:SourceVpce": "vpce-0a1b"}})


@mutation("RPL-02")
def whoever_has_a_name_like_both(a: Shop, b: Shop) -> None:
    _opened(a, "*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}})


@mutation("RPL-02")
def a_domain_anybody_may_search(a: Shop, b: Shop) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "es:*", "Resource": "*", "Principal": {"AWS": "*"}}]}
    value = a.random.choice((policy, json.dumps(policy)))
    a.resources["Search"] = {"Type": "AWS::OpenSearchService::Domain", "Properties": {"AccessPolicies": value}}


@mutation("RPL-01")
def the_whole_other_account_without_a_role_in_it(a: Shop, b: Shop) -> None:
    a.view["account"], b.view["account"] = "111111111111", "222222222222"
    for key in [k for k, r in b.resources.items() if r["Type"] == "AWS::IAM::Role"]:
        b.resources.pop(key)
    _opened(a, {"AWS": "arn:aws:iam::222222222222:root"}, {})


@mutation("RPL-01")
def the_other_topic_in_an_account_that_is_not_declared(a: Shop, b: Shop) -> None:
    source = f"arn:aws:sns:{REGION}:123456789012:{b.stack}-news"
    _opened(a, {"Service": "sns.amazonaws.com"}, {"ArnEquals": {"aws:SourceArn": source}})


@mutation("RPL-04")
def a_role_for_the_organization(a: Shop, b: Shop) -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3"}}
    a.properties("role")["AssumeRolePolicyDocument"] = trusting({"AWS": "*"}, Condition=condition)


def _opened(shop: Shop, principal: object, condition: object) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": principal}
    document = {"Statement": [{**statement, "Condition": condition} if condition else statement]}
    properties = {"Queues": [{"Ref": shop.ids["queue"]}], "PolicyDocument": document}
    shop.resources["Opened"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}
