"""The kinds of leaks. Each plants one in staging (`a`), against production (`b`), in both, or in their surroundings."""

from tests.component.isolation.shop import (
    ACCOUNT,
    MUTATIONS,
    REGION,
    Shop,
    allow,
    declared,
    got,
    mutation,
    sub,
    trusting,
)

__all__ = ["MUTATIONS"]


# Reach by a role's own policies


@mutation("IAM-01", judged=True)
def read_every_table(a: Shop, b: Shop) -> None:
    a.permit(allow(a.random.choice(["dynamodb:GetItem", "dynamodb:*Item", "dynamodb:Q*", ["dynamodb:Scan"]]), "*"))


@mutation("IAM-01", judged=True)
def write_tables_by_a_wide_name(a: Shop, b: Shop) -> None:
    end = a.random.choice(("table/*", "table/*-*", f"table/{b.stack}-*", f"table/{b.stack}-{b.ids['table']}-*"))
    a.permit(allow("dynamodb:PutItem", a.arn(f"dynamodb:{end}")))


@mutation("IAM-01", judged=True)
def read_every_object(a: Shop, b: Shop) -> None:
    a.permit(allow("s3:GetObject", a.random.choice(["arn:aws:s3:::*", f"arn:aws:s3:::{b.stack}-*/*", "*"])))


@mutation("IAM-01", judged=True)
def send_to_every_queue(a: Shop, b: Shop) -> None:
    a.permit(allow("sqs:SendMessage", a.arn(f"sqs:{a.random.choice(['*', b.stack + '-*', '*Queue*'])}")))


@mutation("IAM-01", judged=True)
def invoke_every_function(a: Shop, b: Shop) -> None:
    a.permit(allow(a.random.choice(["lambda:InvokeFunction", "lambda:Invoke*"]), a.arn("lambda:function:*")))


@mutation("IAM-01", judged=True)
def read_every_secret(a: Shop, b: Shop) -> None:
    a.permit(allow("secretsmanager:GetSecretValue", a.arn(f"secretsmanager:secret:{b.ids['secret']}-*")))


@mutation("IAM-01", judged=True)
def read_every_parameter(a: Shop, b: Shop) -> None:
    a.permit(
        allow("ssm:GetParameter", a.arn(f"ssm:parameter/{a.random.choice(['*', b.stack + '/*', '*/settings/*'])}"))
    )


@mutation("IAM-01", judged=True)
def decrypt_with_every_key(a: Shop, b: Shop) -> None:
    a.permit(allow("kms:Decrypt", a.random.choice(["*", "arn:aws:kms:*:*:key/*"])))


@mutation("IAM-01", judged=True)
def publish_to_the_other_topic_by_name(a: Shop, b: Shop) -> None:
    a.permit(allow("sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"))


@mutation("IAM-01", judged=True)
def start_every_state_machine(a: Shop, b: Shop) -> None:
    a.permit(allow("states:StartExecution", a.arn("states:stateMachine:*")))


@mutation("IAM-01", judged=True)
def put_events_on_the_other_bus(a: Shop, b: Shop) -> None:
    a.permit(allow("events:PutEvents", a.arn(f"events:event-bus/{b.stack}-bus")))


@mutation("IAM-01", judged=True)
def everything_but_something(a: Shop, b: Shop) -> None:
    a.permit({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"})


@mutation("IAM-01", judged=True)
def everywhere_but_somewhere(a: Shop, b: Shop) -> None:
    a.permit({"Effect": "Allow", "Action": "dynamodb:DeleteItem", "NotResource": got(a.ids["table"])})


@mutation("IAM-01", judged=True)
def a_denial_that_covers_too_little(a: Shop, b: Shop) -> None:
    a.permit(allow("dynamodb:GetItem", "*"))
    a.permit({"Effect": "Deny", "Action": "dynamodb:GetItem", "Resource": a.arn("dynamodb:table/*-nothing")})


@mutation("IAM-01", judged=True)
def a_boundary_that_allows_it(a: Shop, b: Shop) -> None:
    a.resources["Boundary"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Statement": [allow(["dynamodb:*", "sqs:*", "logs:*"], "*")]}},
    }
    a.properties("role")["PermissionsBoundary"] = {"Ref": "Boundary"}
    a.permit(allow("dynamodb:DeleteItem", "*"))


@mutation("IAM-01", judged=True)
def read_the_other_log_groups(a: Shop, b: Shop) -> None:
    a.permit(allow(["logs:FilterLogEvents", "logs:GetLogEvents"], a.arn("logs:log-group:/aws/lambda/*")))


@mutation("IAM-01", judged=True)
def call_every_api(a: Shop, b: Shop) -> None:
    a.permit(allow("execute-api:Invoke", "arn:aws:execute-api:*:*:*"))


@mutation("IAM-01", judged=True)
def a_statement_behind_an_open_condition(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Wide": {"Type": "String"}}
    a.body["Conditions"] = {"IsWide": {"Fn::Equals": [{"Ref": "Wide"}, "yes"]}}
    wide = allow("sqs:PurgeQueue", a.arn("sqs:*"))
    a.permit({"Fn::If": ["IsWide", wide, {"Ref": "AWS::NoValue"}]})


@mutation("IAM-02", judged=True)
def change_every_key_policy(a: Shop, b: Shop) -> None:
    a.permit(allow(a.random.choice(["kms:PutKeyPolicy", "kms:CreateGrant"]), "*"))


@mutation("IAM-02", judged=True)
def change_roles(a: Shop, b: Shop) -> None:
    a.permit(allow("iam:UpdateAssumeRolePolicy", a.arn("iam:role/*")))


@mutation("IAM-02", judged=True)
def open_functions(a: Shop, b: Shop) -> None:
    a.permit(allow("lambda:AddPermission", a.arn(f"lambda:function:{b.stack}-*")))


@mutation("IAM-02", judged=True)
def open_buckets(a: Shop, b: Shop) -> None:
    a.permit(allow("s3:PutBucketPolicy", "arn:aws:s3:::*"))


@mutation("IAM-03", judged=True)
def pass_any_role(a: Shop, b: Shop) -> None:
    a.permit(allow("iam:PassRole", a.random.choice(["*", a.arn("iam:role/*"), a.arn(f"iam:role/{b.stack}-*")])))


@mutation("IAM-03", judged=True)
def assume_any_role(a: Shop, b: Shop) -> None:
    a.permit(allow("sts:AssumeRole", a.random.choice(["*", "arn:aws:iam::*:role/*"])))


@mutation("IAM-03")
def run_as_a_role_from_outside(a: Shop, b: Shop) -> None:
    a.properties("function")["Role"] = f"arn:aws:iam::{ACCOUNT}:role/lambda-admin"


@mutation("IAM-04")
def make_roles_without_a_boundary(a: Shop, b: Shop) -> None:
    a.permit(allow(["iam:CreateRole", "iam:PutRolePolicy"], a.arn("iam:role/${AWS::StackName}-*")))


@mutation("IAM-05")
def map_any_event_source(a: Shop, b: Shop) -> None:
    a.permit(allow("lambda:CreateEventSourceMapping", "*"))


@mutation("IAM-06", judged=True)
def a_wide_managed_policy(a: Shop, b: Shop) -> None:
    name = a.random.choice(("AmazonDynamoDBFullAccess", "AmazonS3ReadOnlyAccess", "AmazonSQSFullAccess",
                            "service-role/AWSLambdaSQSQueueExecutionRole"))  # fmt: skip
    a.properties("role")["ManagedPolicyArns"].append(f"arn:aws:iam::aws:policy/{name}")


@mutation("IAM-06")
def an_unknown_managed_policy(a: Shop, b: Shop) -> None:
    a.properties("role")["ManagedPolicyArns"].append(f"arn:aws:iam::{ACCOUNT}:policy/shared-by-all")


# Names and unknowns


@mutation("NAM-01")
def one_table_name(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.properties("table")["TableName"] = "orders"


@mutation("NAM-01")
def one_function_name(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.properties("function")["FunctionName"] = sub("orders-worker")


@mutation("NAM-04")
def a_name_of_no_environment(a: Shop, b: Shop) -> None:
    a.properties("queue")["QueueName"] = "orders"


@mutation("RES-01")
def a_resource_from_an_unset_parameter(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Target": {"Type": "String"}}
    a.permit(allow("dynamodb:PutItem", {"Ref": "Target"}))


@mutation("PRF-01")
def a_type_nobody_knows(a: Shop, b: Shop) -> None:
    a.resources["Odd"] = {"Type": "Vendor::Thing::Machine", "Properties": {}}


# References


@mutation("REF-01")
def import_from_the_other(a: Shop, b: Shop) -> None:
    b.body["Outputs"] = {"T": {"Value": {"Ref": b.ids["table"]}, "Export": {"Name": sub("${AWS::StackName}-table")}}}
    a.properties("function")["Environment"]["Variables"]["OTHER"] = {"Fn::ImportValue": f"{b.stack}-table"}


@mutation("REF-02")
def read_the_other_stacks_output(a: Shop, b: Shop) -> None:
    call = {"Fn::GetStackOutput": {"StackName": b.stack, "OutputName": "Table"}}
    a.properties("function")["Environment"]["Variables"]["OTHER"] = call


@mutation("REF-03")
def a_parameter_of_the_other(a: Shop, b: Shop) -> None:
    text = a.random.choice(
        (f"{{{{resolve:ssm:/{b.stack}/settings/tax}}}}", f"{{{{resolve:ssm:/x/{b.environment}/y:1}}}}")
    )
    a.properties("function")["Environment"]["Variables"]["OTHER"] = text


@mutation("REF-04")
def a_name_of_the_other(a: Shop, b: Shop) -> None:
    name = f"{b.stack}-{b.ids['table']}-1A2B3C4D5E6F"
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{b.stack}-{b.ids['queue']}-ABC"
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"
    a.properties("function")["Environment"]["Variables"]["OTHER"] = a.random.choice((name, url, topic))


@mutation("REF-05")
def a_parameter_value_of_the_other(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Topic": {"Type": "String"}}
    a.stack_view["parameters"] = {"Topic": f"{b.stack}-news"}


@mutation("REF-06")
def one_secret(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.view["secret_digests"] = {f"{shop.stack}/key": "0c1d"}


@mutation("REF-07")
def a_name_in_the_code(a: Shop, b: Shop) -> None:
    a.stack_view["code_texts"] = {a.ids["function"]: {"SELECT 1": None, f"{b.stack}-news": None}}


# Policies of resources


def _policy(shop: Shop, principal: object, **more: object) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": principal, **more}
    shop.resources["QueuePolicy"] = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": shop.ids["queue"]}], "PolicyDocument": {"Statement": [statement]}},
    }


@mutation("RPL-01")
def the_other_role_is_let_in(a: Shop, b: Shop) -> None:
    b.properties("role")["RoleName"] = sub("${AWS::StackName}-worker")
    _policy(a, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{b.stack}-worker"})


@mutation("RPL-01")
def the_other_topic_is_let_in(a: Shop, b: Shop) -> None:
    source = {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"}}
    _policy(a, {"Service": "sns.amazonaws.com"}, Condition=source)


@mutation("RPL-02")
def anybody_is_let_in(a: Shop, b: Shop) -> None:
    _policy(a, a.random.choice(["*", {"AWS": "*"}, {"AWS": ["*"]}]))


@mutation("RPL-02")
def a_service_for_anybody(a: Shop, b: Shop) -> None:
    a.resources["Calls"]["Properties"].pop("SourceArn")


@mutation("RPL-04")
def a_role_the_other_may_assume(a: Shop, b: Shop) -> None:
    b.properties("role")["RoleName"] = sub("${AWS::StackName}-worker")
    a.properties("role")["AssumeRolePolicyDocument"] = trusting(
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{b.stack}-worker"}
    )


@mutation("RPL-04")
def a_provider_without_a_subject(a: Shop, b: Shop) -> None:
    a.properties("role")["AssumeRolePolicyDocument"] = trusting({"Federated": "token.actions.githubusercontent.com"})


@mutation("RPL-04")
def a_set_operator_that_always_holds(a: Shop, b: Shop) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:PrincipalTag/team": "shop"}}
    a.properties("role")["AssumeRolePolicyDocument"] = trusting({"AWS": "*"}, Condition=condition)


# Shared things


@mutation("KMS-01")
def one_key(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.properties("queue")["KmsMasterKeyId"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11f6"


@mutation("NET-01")
def one_subnet(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.properties("function")["VpcConfig"] = {"SubnetIds": ["subnet-0a1b"], "SecurityGroupIds": ["sg-0a1b"]}


@mutation("LAY-01")
def an_image_by_tag(a: Shop, b: Shop) -> None:
    a.properties("function")["Code"] = {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop:latest"}


@mutation("ART-01")
def one_artifacts_bucket(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.view["artifact_bucket"] = "artifacts-of-all"
    declared(a, "deploy", allow("s3:PutObject", "arn:aws:s3:::artifacts-of-all/*"))


@mutation("API-01")
def one_domain(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.resources["Mapping"] = {
            "Type": "AWS::ApiGateway::BasePathMapping",
            "Properties": {"DomainName": "api.example.com", "RestApiId": {"Ref": shop.ids["api"]}},
        }


@mutation("API-02")
def the_account_role_of_api_gateway(a: Shop, b: Shop) -> None:
    a.resources["Account"] = {"Type": "AWS::ApiGateway::Account", "Properties": {}}


@mutation("API-03")
def one_usage_plan(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        stages = [{"ApiId": "a1b2c3d4", "Stage": "v1"}]
        shop.resources["Plan"] = {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"ApiStages": stages}}


@mutation("API-04")
def one_user_pool(a: Shop, b: Shop) -> None:
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_Ab1"
    for shop in (a, b):
        properties = {"RestApiId": {"Ref": shop.ids["api"]}, "ProviderARNs": [pool], "Type": "COGNITO_USER_POOLS"}
        shop.resources["Guard"] = {"Type": "AWS::ApiGateway::Authorizer", "Properties": properties}


# Events


@mutation("EVT-01")
def a_rule_that_hears_all(a: Shop, b: Shop) -> None:
    pattern = {"source": ["shop"], "detail-type": ["placed"]}
    a.resources["Hears"] = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}}


@mutation("EVT-02")
def a_rule_that_delivers_to_the_other(a: Shop, b: Shop) -> None:
    target = {"Id": "t", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"}
    properties = {"ScheduleExpression": "rate(1 day)", "Targets": [target]}
    a.resources["Delivers"] = {"Type": "AWS::Events::Rule", "Properties": properties}


@mutation("EVT-02")
def a_schedule_that_calls_the_other(a: Shop, b: Shop) -> None:
    target = {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{b.stack}-bus", "RoleArn": got("MachineRole")}
    a.resources["Timer"] = {"Type": "AWS::Scheduler::Schedule", "Properties": {"Target": target}}


@mutation("EVT-03")
def a_subscription_to_the_other_topic(a: Shop, b: Shop) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"
    properties = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": got(a.ids["queue"])}
    a.resources["Listens"] = {"Type": "AWS::SNS::Subscription", "Properties": properties}


@mutation("EVT-04")
def a_bucket_that_notifies_the_other(a: Shop, b: Shop) -> None:
    topic = {"Event": "s3:ObjectCreated:*", "Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"}
    a.properties("bucket")["NotificationConfiguration"] = {"TopicConfigurations": [topic]}


@mutation("EVT-05")
def a_function_fed_by_the_other(a: Shop, b: Shop) -> None:
    b.properties("queue")["QueueName"] = sub("${AWS::StackName}-work")
    a.resources["Feed"]["Properties"]["EventSourceArn"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{b.stack}-work"


@mutation("EVT-05")
def dead_letters_to_the_other(a: Shop, b: Shop) -> None:
    b.properties("queue")["QueueName"] = sub("${AWS::StackName}-work")
    dead = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{b.stack}-work", "maxReceiveCount": 3}
    a.properties("queue")["RedrivePolicy"] = dead


@mutation("LOG-01")
def one_log_group(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.properties("function")["LoggingConfig"] = {"LogGroup": "/all/functions"}


# Deployments


@mutation("DEP-01", judged=True)
def delete_every_stack(a: Shop, b: Shop) -> None:
    name = a.random.choice(("*", f"{b.stack}/*", f"{b.stack[:4]}*"))
    resource = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}"
    declared(a, "deploy", allow(["cloudformation:DeleteStack", "cloudformation:DescribeStacks"], resource))


@mutation("DEP-01", judged=True)
def execute_on_every_stack(a: Shop, b: Shop) -> None:
    declared(a, "deploy", allow("cloudformation:*", "*"))


@mutation("DEP-02")
def one_cloudformation_role(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.stack_view["role_arn"] = f"arn:aws:iam::{ACCOUNT}:role/cloudformation"


@mutation("DEP-02")
def a_cloudformation_role_without_boundary(a: Shop, b: Shop) -> None:
    a.stack_view["role_arn"] = f"arn:aws:iam::{ACCOUNT}:role/{a.stack}-cloudformation"
    declared(a, "cloudformation", allow("dynamodb:*", a.arn("dynamodb:table/${AWS::StackName}-*")["Fn::Sub"]))


@mutation("DEP-03")
def one_alarm(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.resources["App"] = {"Type": "AWS::CodeDeploy::Application", "Properties": {}}
        properties = {
            "ApplicationName": {"Ref": "App"},
            "ServiceRoleArn": got("MachineRole"),
            "AlarmConfiguration": {"Alarms": [{"Name": "errors-of-all"}]},
        }
        shop.resources["Group"] = {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": properties}


@mutation("DEP-04")
def tags_of_the_other(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.view["tags"] = {"environment": shop.environment}
    a.stack_view["live_tags"] = {"environment": b.environment}


@mutation("DEP-05")
def adopt_what_the_other_has(a: Shop, b: Shop) -> None:
    a.stack_view["import_existing"] = True
    for shop in (a, b):
        shop.properties("bucket")["BucketName"] = "objects-of-all"


@mutation("STG-01")
def stages_as_environments(a: Shop, b: Shop) -> None:
    for name in ("staging", "prod"):
        properties = {"StageName": name, "RestApiId": {"Ref": a.ids["api"]}}
        a.resources[f"Stage{name}"] = {"Type": "AWS::ApiGateway::Stage", "Properties": properties}


@mutation("NST-01")
def a_nested_stack_nobody_can_read(a: Shop, b: Shop) -> None:
    a.resources["Nested"] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://example.com"}}


@mutation("NST-01")
def one_custom_resource(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        token = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:seeds-all"
        shop.resources["Seed"] = {"Type": "Custom::Seed", "Properties": {"ServiceToken": token}}


@mutation("ORG-01")
def no_perimeter(a: Shop, b: Shop) -> None:
    a.view["perimeter"] = False


@mutation("PRV-01")
def an_untrusted_preview(a: Shop, b: Shop) -> None:
    a.view.update(kind="preview", untrusted=True)


# Templates that change what is not theirs


@mutation("IAM-02")
def a_policy_put_on_the_other_role(a: Shop, b: Shop) -> None:
    b.properties("role")["RoleName"] = sub("${AWS::StackName}-worker")
    document = {"Statement": [allow("s3:*", "*")]}
    properties = {"PolicyName": "p", "PolicyDocument": document, "Roles": [f"{b.stack}-worker"]}
    a.resources["Foreign"] = {"Type": "AWS::IAM::Policy", "Properties": properties}


@mutation("RPL-01")
def a_policy_put_on_the_other_topic(a: Shop, b: Shop) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{b.stack}-news"
    statement = {"Effect": "Deny", "Action": "sns:Publish", "Resource": topic, "Principal": "*"}
    properties = {"Topics": [topic], "PolicyDocument": {"Statement": [statement]}}
    a.resources["Foreign"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}


@mutation("NAM-01")
def one_domain_for_logging_in(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        shop.resources["Pool"] = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
        properties = {"Domain": "shop-login", "UserPoolId": {"Ref": "Pool"}}
        shop.resources["Login"] = {"Type": "AWS::Cognito::UserPoolDomain", "Properties": properties}


@mutation("NAM-02")
def a_stack_name_that_begins_the_other(a: Shop, b: Shop) -> None:
    a.stack = "till"
    b.stack = "till-production"


@mutation("NAM-03")
def a_name_that_is_cut(a: Shop, b: Shop) -> None:
    name = "Function" + "WithAVeryLongName" * 3
    a.resources[name] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": got(a.ids["role"])}}
    a.permit(allow("lambda:InvokeFunction", a.arn("lambda:function:${AWS::StackName}-*")))


@mutation("QTA-01")
def functions_without_reserved_concurrency(a: Shop, b: Shop) -> None:
    a.properties("function").pop("ReservedConcurrentExecutions", None)


@mutation("RPL-03")
def a_whole_account_of_nobody(a: Shop, b: Shop) -> None:
    a.view["account"], b.view["account"] = "111111111111", "222222222222"
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": {"AWS": "333333333333"}}
    properties = {"Queues": [{"Ref": a.ids["queue"]}], "PolicyDocument": {"Statement": [statement]}}
    a.resources["Opened"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}


@mutation("RPL-01")
def a_role_of_the_other_account(a: Shop, b: Shop) -> None:
    a.view["account"], b.view["account"] = "111111111111", "222222222222"
    b.properties("role")["RoleName"] = sub("${AWS::StackName}-worker")
    role = f"arn:aws:iam::222222222222:role/{b.stack}-worker"
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Principal": {"AWS": role}}
    properties = {"Queues": [{"Ref": a.ids["queue"]}], "PolicyDocument": {"Statement": [statement]}}
    a.resources["Opened"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}
