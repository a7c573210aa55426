"""More kinds of leaks: services wired to another environment, and actions whose resources have an unexpected ARN."""

from tests.component.isolation.shop import ACCOUNT, REGION, Shop, allow, got, mutation, sub

__all__: list[str] = []


def _add(shop: Shop, cfn_type: str, **properties: object) -> None:
    shop.resources[f"Wired{len(shop.resources)}"] = {"Type": cfn_type, "Properties": properties}


def _function(shop: Shop) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{shop.stack}-{shop.ids['function']}-A1B2C3D4E5F6"


def _topic(shop: Shop) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{shop.stack}-news"


def _bucket(shop: Shop) -> str:
    return f"{shop.stack}-{shop.ids['bucket']}-a1b2c3d4e5f6".lower()


# Services wired to the other environment


@mutation("REF-08")
def an_integration_with_the_other_function(a: Shop, b: Shop) -> None:
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{_function(b)}/invocations"
    if a.random.random() < 0.5:
        _add(a, "AWS::ApiGateway::Method", RestApiId={"Ref": a.ids["api"]}, Integration={"Type": "AWS", "Uri": uri})
    else:
        _add(a, "AWS::ApiGatewayV2::Integration", IntegrationUri=_function(b))


@mutation("API-04")
def a_definition_that_names_the_other_function(a: Shop, b: Shop) -> None:
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{_function(b)}/invocations"
    integration = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri}}
    a.properties("api")["Body"] = {"paths": {"/": {"get": integration}}}


@mutation("REF-08")
def a_graph_that_reads_the_other_table(a: Shop, b: Shop) -> None:
    table = f"{b.stack}-{b.ids['table']}-A1B2C3D4E5F6"
    _add(a, "AWS::AppSync::DataSource", Type="AMAZON_DYNAMODB", DynamoDBConfig={"TableName": table})


@mutation("REF-08")
def users_checked_by_the_other_function(a: Shop, b: Shop) -> None:
    _add(a, "AWS::Cognito::UserPool", LambdaConfig={"PreSignUp": _function(b)})


@mutation("REF-08")
def a_stream_delivered_to_the_other_bucket(a: Shop, b: Shop) -> None:
    destination = {"BucketARN": f"arn:aws:s3:::{_bucket(b)}", "RoleARN": got("MachineRole")}
    _add(a, "AWS::KinesisFirehose::DeliveryStream", ExtendedS3DestinationConfiguration=destination)


@mutation("REF-08")
def a_site_that_shows_the_other_bucket(a: Shop, b: Shop) -> None:
    origin = {"Id": "o", "DomainName": f"{_bucket(b)}.s3.{REGION}.amazonaws.com", "S3OriginConfig": {}}
    _add(a, "AWS::CloudFront::Distribution", DistributionConfig={"Origins": [origin], "Enabled": True})


@mutation("EVT-04")
def objects_copied_to_the_other_bucket(a: Shop, b: Shop) -> None:
    rule = {"Destination": {"Bucket": f"arn:aws:s3:::{_bucket(b)}"}, "Status": "Enabled"}
    a.properties("bucket")["ReplicationConfiguration"] = {"Role": got("MachineRole"), "Rules": [rule]}


@mutation("REF-08")
def changes_of_a_table_told_to_the_other(a: Shop, b: Shop) -> None:
    b.resources["Told"] = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": sub("${AWS::StackName}-told")}}
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{b.stack}-told"
    a.properties("table")["KinesisStreamSpecification"] = {"StreamArn": stream}


@mutation("EVT-02")
def a_pipe_from_the_other_queue(a: Shop, b: Shop) -> None:
    b.properties("queue")["QueueName"] = sub("${AWS::StackName}-work")
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{b.stack}-work"
    _add(a, "AWS::Pipes::Pipe", RoleArn=got("MachineRole"), Source=source, Target=got(a.ids["queue"]))


@mutation("REF-08")
def a_pipe_enriched_by_the_other(a: Shop, b: Shop) -> None:
    ends = {"Source": got(a.ids["queue"]), "Target": got(a.ids["queue"])}
    _add(a, "AWS::Pipes::Pipe", RoleArn=got("MachineRole"), Enrichment=_function(b), **ends)


@mutation("EVT-03")
def a_queue_that_hears_the_other_topic(a: Shop, b: Shop) -> None:
    subscription = {"Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{b.stack}-work"}
    b.properties("queue")["QueueName"] = sub("${AWS::StackName}-work")
    a.properties("topic")["Subscription"] = [subscription]


@mutation("REF-04")
def a_workflow_that_calls_the_other(a: Shop, b: Shop) -> None:
    a.properties("machine")["DefinitionSubstitutions"] = {"TopicArn": _topic(b)}


@mutation("REF-08")
def a_workflow_with_the_other_in_its_definition(a: Shop, b: Shop) -> None:
    states = {
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": _topic(b)}}
    }
    a.properties("machine").pop("DefinitionString")
    a.properties("machine")["Definition"] = {"StartAt": "Tell", "States": states}


@mutation("NST-01")
def a_custom_resource_answered_by_the_other(a: Shop, b: Shop) -> None:
    _add(a, "Custom::Seed", ServiceToken=_function(b))


@mutation("REF-08")
def a_custom_resource_about_the_other(a: Shop, b: Shop) -> None:
    _add(a, "Custom::Empty", ServiceToken=got(a.ids["function"]), BucketName=_bucket(b))


@mutation("REF-03")
def a_reference_with_a_wrong_parameter(a: Shop, b: Shop) -> None:
    a.body["Parameters"] = {"Env": {"Type": "String", "Default": b.environment}}
    url = sub("{{resolve:ssm:/shop/${Env}/url}}")
    a.properties("function")["Environment"]["Variables"]["URL"] = url


@mutation("EVT-05")
def one_queue_from_outside_for_both(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs-of-all"
        shop.resources["Feed"]["Properties"]["EventSourceArn"] = queue


@mutation("NAM-01")
def one_address_for_two_sites(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        _add(shop, "AWS::CloudFront::Distribution", DistributionConfig={"Aliases": ["www.example.com"]})


@mutation("NAM-01")
def one_record_in_a_group(a: Shop, b: Shop) -> None:
    for shop in (a, b):
        records = [{"Name": "api.example.com", "Type": "A", "ResourceRecords": ["10.0.0.1"]}]
        _add(shop, "AWS::Route53::RecordSetGroup", HostedZoneName="example.com.", RecordSets=records)


@mutation("NST-01")
def a_set_of_stacks_anywhere(a: Shop, b: Shop) -> None:
    _add(a, "AWS::CloudFormation::StackSet", StackSetName=sub("${AWS::StackName}-all"), TemplateURL="https://x")


# Actions on resources of another service's name


@mutation("IAM-01", judged=True)
def rows_by_the_data_interface(a: Shop, b: Shop) -> None:
    b.resources["Rows"] = {"Type": "AWS::RDS::DBCluster", "Properties": {}}
    a.permit(allow("rds-data:ExecuteStatement", a.random.choice(("*", f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:*"))))


@mutation("IAM-01", judged=True)
def a_shell_on_the_other_machine(a: Shop, b: Shop) -> None:
    b.resources["Host"] = {"Type": "AWS::EC2::Instance", "Properties": {}}
    a.permit(allow("ssm:StartSession", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/*"))


@mutation("IAM-01", judged=True)
def rules_of_the_other_bus(a: Shop, b: Shop) -> None:
    bus = {"EventBusName": sub("${AWS::StackName}-bus"), "EventPattern": {"source": ["shop"]}}
    b.resources["Hears"] = {"Type": "AWS::Events::Rule", "Properties": bus}
    a.permit(allow("events:DisableRule", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{b.stack}-bus/*"))


@mutation("IAM-01", judged=True)
def objects_by_an_access_point(a: Shop, b: Shop) -> None:
    point = {"Bucket": {"Ref": b.ids["bucket"]}, "Name": sub("${AWS::StackName}-point")}
    b.resources["Point"] = {"Type": "AWS::S3::AccessPoint", "Properties": point}
    a.permit(allow("s3:GetObject", f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/{b.stack}-point/object/*"))


@mutation("IAM-01", judged=True)
def settings_by_the_path_above(a: Shop, b: Shop) -> None:
    b.properties("setting")["Name"] = "/shop/production/settings/tax"
    a.properties("setting")["Name"] = "/shop/staging/settings/tax"
    path = a.random.choice(("shop", "shop/production", "shop/production/settings"))
    a.permit(allow("ssm:GetParametersByPath", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{path}"))
