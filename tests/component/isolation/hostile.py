"""Leaks that somebody thought of who wanted one that nobody sees: trust, the whole account, and what lives inside."""

from tests.component.isolation.shop import ACCOUNT, REGION, Shop, allow, mutation, sub, trusting

__all__: list[str] = []

GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
COGNITO = "cognito-identity.amazonaws.com"


def _add(shop: Shop, cfn_type: str, **properties: object) -> None:
    shop.resources[f"Hostile{len(shop.resources)}"] = {"Type": cfn_type, "Properties": properties}


def _trusting(shop: Shop, principal: object, **condition: object) -> None:
    shop.properties("role")["AssumeRolePolicyDocument"] = trusting(principal, Condition=condition)


# Trust


@mutation("RPL-04")
def every_visitor_of_every_identity_pool(a: Shop, b: Shop) -> None:
    _trusting(a, {"Federated": COGNITO}, **{"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}})


@mutation("RPL-04")
def visitors_of_the_other_identity_pool(a: Shop, b: Shop) -> None:
    b.resources["Visitors"] = {"Type": "AWS::Cognito::IdentityPool", "Properties": {}}
    b.stack_view["physical_ids"] = {"Visitors": f"{REGION}:11f6"}
    _trusting(a, {"Federated": COGNITO}, StringEquals={f"{COGNITO}:aud": f"{REGION}:11f6"})


@mutation("RPL-04")
def a_subject_that_everybody_has(a: Shop, b: Shop) -> None:
    subject = a.random.choice(("*", "repo:*", "r*"))
    _trusting(a, {"Federated": GITHUB}, StringLike={"token.actions.githubusercontent.com:sub": subject})


@mutation("RPL-04")
def whoever_in_the_world_has_a_tag(a: Shop, b: Shop) -> None:
    _trusting(a, {"AWS": "*"}, StringEquals={"aws:PrincipalTag/team": "shop"})


@mutation("RPL-04")
def the_other_role_by_a_condition(a: Shop, b: Shop) -> None:
    b.properties("role")["RoleName"] = sub("${AWS::StackName}-worker")
    name = a.random.choice((b.stack + "-worker", b.stack + "-*"))
    _trusting(a, {"AWS": "*"}, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{name}"})


@mutation("RPL-04")
def every_service(a: Shop, b: Shop) -> None:
    _trusting(a, {"Service": a.random.choice(("*", "*.amazonaws.com"))})


@mutation("RPL-03")
def a_foreign_account_may_assume(a: Shop, b: Shop) -> None:
    a.view["account"], b.view["account"] = "111111111111", "222222222222"
    _trusting(a, {"AWS": "arn:aws:iam::333333333333:root"})


@mutation("RPL-02")
def rules_of_every_account(a: Shop, b: Shop) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*",
                 "Principal": {"Service": "events.amazonaws.com"},
                 "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}}  # fmt: skip
    _add(a, "AWS::SQS::QueuePolicy", Queues=[{"Ref": a.ids["queue"]}], PolicyDocument={"Statement": [statement]})


@mutation("RPL-02")
def a_bucket_opened_by_a_canned_list(a: Shop, b: Shop) -> None:
    a.properties("bucket")["AccessControl"] = a.random.choice(("PublicRead", "PublicReadWrite", "AuthenticatedRead"))


@mutation("RPL-02")
def a_url_for_the_roles_of_every_account(a: Shop, b: Shop) -> None:
    _add(a, "AWS::Lambda::Permission", FunctionName={"Ref": a.ids["function"]}, Action="lambda:InvokeFunctionUrl",
         Principal="*", FunctionUrlAuthType="AWS_IAM")  # fmt: skip


@mutation("RPL-02")
def every_skill_of_a_voice(a: Shop, b: Shop) -> None:
    _add(a, "AWS::Lambda::Permission", FunctionName={"Ref": a.ids["function"]}, Action="lambda:InvokeFunction",
         Principal="alexa-appkit.amazon.com")  # fmt: skip


# Identities that the template takes, and what is about the whole account


@mutation("IAM-03")
def a_user_in_a_group_from_outside(a: Shop, b: Shop) -> None:
    if a.random.random() < 0.5:
        _add(a, "AWS::IAM::User", Groups=["administrators"])
    else:
        a.resources["Somebody"] = {"Type": "AWS::IAM::User", "Properties": {}}
        _add(a, "AWS::IAM::UserToGroupAddition", GroupName="administrators", Users=[{"Ref": "Somebody"}])


@mutation("IAM-03")
def keys_of_the_other_user(a: Shop, b: Shop) -> None:
    b.resources["Somebody"] = {"Type": "AWS::IAM::User", "Properties": {"UserName": sub("${AWS::StackName}-user")}}
    _add(a, "AWS::IAM::AccessKey", UserName=f"{b.stack}-user")


@mutation("ACC-01")
def every_log_group_is_listened_to(a: Shop, b: Shop) -> None:
    document = '{"DestinationArn": "arn:aws:lambda:::function:x", "FilterPattern": ""}'
    _add(a, "AWS::Logs::AccountPolicy", PolicyType="SUBSCRIPTION_FILTER_POLICY", PolicyDocument=document)


@mutation("ACC-01")
def whatever_has_a_tag_is_copied(a: Shop, b: Shop) -> None:
    picked = a.random.choice(
        ({"Resources": ["*"]}, {"ListOfTags": [{"ConditionKey": "backup", "ConditionValue": "1"}]})
    )
    role = {"Fn::GetAtt": ["MachineRole", "Arn"]}
    _add(a, "AWS::Backup::BackupSelection", BackupSelection={"IamRoleArn": role, **picked})


@mutation("IAM-05")
def the_role_of_api_gateway_for_the_account(a: Shop, b: Shop) -> None:
    a.permit(allow(a.random.choice(("apigateway:PATCH", "apigateway:*")), f"arn:aws:apigateway:{REGION}::/account"))


# What lives inside something of the other


@mutation("IAM-01", judged=True)
def a_rule_on_the_other_bus(a: Shop, b: Shop) -> None:
    a.permit(allow("events:PutRule", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{b.stack}-bus/spy"))


@mutation("IAM-01", judged=True)
def records_of_one_stream_of_the_other_table(a: Shop, b: Shop) -> None:
    table = f"{b.stack}-{b.ids['table']}-*"
    label = a.random.choice(("*", "2026-01-01T00:00:00.000"))
    a.permit(allow("dynamodb:GetRecords", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/{label}"))


@mutation("IAM-01", judged=True)
def deployments_of_every_api(a: Shop, b: Shop) -> None:
    a.permit(allow("apigateway:POST", "arn:aws:apigateway:*::/restapis/*/deployments"))


@mutation("IAM-01", judged=True)
def routes_of_every_http_api(a: Shop, b: Shop) -> None:
    b.resources["Front"] = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {}}
    a.permit(allow("apigateway:PATCH", "arn:aws:apigateway:*::/apis/*/routes/*"))


@mutation("IAM-01", judged=True)
def paths_of_the_other_domain(a: Shop, b: Shop) -> None:
    b.resources["Address"] = {"Type": "AWS::ApiGateway::DomainName", "Properties": {
        "DomainName": sub("${AWS::StackName}.example.com")}}  # fmt: skip
    a.permit(allow("apigateway:POST", "arn:aws:apigateway:*::/domainnames/*/basepathmappings"))


@mutation("IAM-01", judged=True)
def map_runs_of_every_state_machine(a: Shop, b: Shop) -> None:
    a.permit(allow("states:UpdateMapRun", f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:*/*:*"))


# What nobody sees in the template, and what deploys


@mutation("PRF-01")
def properties_from_elsewhere(a: Shop, b: Shop) -> None:
    key = a.random.choice(("Fn::Transform", "Fn::ForEach::More"))
    place = a.random.choice((a.resources[a.ids["queue"]], a.properties("role"), a.properties("queue")))
    place[key] = {"Name": "AWS::Include", "Parameters": {"Location": "s3://somewhere/policies.yaml"}}


@mutation("REF-08")
def traffic_shifted_when_the_other_function_says_so(a: Shop, b: Shop) -> None:
    b.properties("function")["FunctionName"] = sub("${AWS::StackName}-check")
    shifting = {"ApplicationName": "a", "BeforeAllowTrafficHook": f"{b.stack}-check"}
    a.resources["Live"] = {"Type": "AWS::Lambda::Alias", "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": shifting},
                           "Properties": {"FunctionName": {"Ref": a.ids["function"]}, "FunctionVersion": "1",
                                          "Name": "live"}}  # fmt: skip


@mutation("REF-08")
def a_record_in_the_other_zone(a: Shop, b: Shop) -> None:
    b.resources["Zone"] = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.com"}}
    b.stack_view["physical_ids"] = {"Zone": "Z0A1B2C3D4"}
    _add(a, "AWS::Route53::RecordSet", Name="shop.example.com", Type="A", HostedZoneId="Z0A1B2C3D4")


@mutation("NAM-01")
def one_export(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.body["Outputs"] = {"T": {"Value": {"Ref": shop.ids["table"]}, "Export": {"Name": "orders-table"}}}


@mutation("NAM-01")
def one_macro(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        _add(shop, "AWS::CloudFormation::Macro", Name="Defaults", FunctionName={"Ref": shop.ids["function"]})


@mutation("EVT-01")
def messages_of_every_thing(a: Shop, b: Shop) -> None:
    actions = [{"Lambda": {"FunctionArn": {"Fn::GetAtt": [a.ids["function"], "Arn"]}}}]
    _add(a, "AWS::IoT::TopicRule", TopicRulePayload={"Sql": "SELECT * FROM 'orders/#'", "Actions": actions})


@mutation("SHR-01")
def one_store_that_neither_owns(a: Shop, b: Shop) -> None:
    store, write, read = a.random.choice((
        ("arn:aws:s3:::data-of-all/*", "s3:PutObject", "s3:GetObject"),
        (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/data-of-all", "dynamodb:UpdateItem", "dynamodb:Query"),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/all/*", "ssm:PutParameter", "ssm:GetParameter"),
    ))  # fmt: skip
    a.permit(allow(write, store))
    b.permit(allow(read, store))
