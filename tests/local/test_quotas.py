"""What our expansions add to a template does not count against CloudFormation's quotas."""

import json

from sealift.local.endpoint import Endpoint
from sealift.local.expand import Context, expand
from sealift.local.quotas import refuse_over_quota
from sealift.model.template import Json
from tests.local.deploying import ROLE, client, function, invoke_uri

OPERATION: Json = {
    "x-amazon-apigateway-integration": {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "payloadFormatVersion": "2.0",
        "uri": invoke_uri("Echo"),
    },
    "responses": {},
}


def test_an_http_api_of_three_hundred_paths_is_taken_as_aws_takes_it(endpoint: Endpoint) -> None:
    paths: dict[str, Json] = {f"/p{number}": {"get": OPERATION} for number in range(300)}
    api: dict[str, Json] = {"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": paths}
    body: dict[str, Json] = {
        "Resources": {
            "Role": ROLE,
            "Echo": function(Description="x" * 200),
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": api}},
        }
    }
    refuse_over_quota(body, b"", "wide")
    context = Context(stack_name="wide", account=endpoint.account, region=endpoint.region, parameters={})
    expanded = expand(body, context=context).body
    resources = expanded["Resources"]
    assert isinstance(resources, dict)
    assert len(resources) > 500
    padded = {**expanded, "Metadata": {"padding": "x" * 1_000_000}}
    client(endpoint, "s3").create_bucket(
        Bucket="wide-templates", CreateBucketConfiguration={"LocationConstraint": endpoint.region}
    )
    client(endpoint, "s3").put_object(Bucket="wide-templates", Key="t.json", Body=json.dumps(padded).encode())
    cloudformation = client(endpoint, "cloudformation")
    cloudformation.create_change_set(
        StackName="wide",
        ChangeSetName="one",
        ChangeSetType="CREATE",
        TemplateURL=f"{endpoint.url}/wide-templates/t.json",
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(
        StackName="wide", ChangeSetName="one", WaiterConfig={"Delay": 1}
    )
