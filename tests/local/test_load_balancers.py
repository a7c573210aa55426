"""A function behind an Application Load Balancer answers at the address that the stack puts out."""

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import ROLE, deploy, function, http

CODE = """
import json

def handler(event, context):
    said = {key: event[key] for key in ("path", "httpMethod", "queryStringParameters")}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(said)}
"""


def test_a_load_balancer_calls_the_function_of_its_target_group(endpoint: Endpoint) -> None:
    forward: Json = [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]
    types: dict[str, tuple[str, dict[str, Json]]] = {
        "Balancer": ("LoadBalancer", {"Name": "shop-lb", "Subnets": ["subnet-1", "subnet-2"]}),
        "Group": ("TargetGroup", {"TargetType": "lambda", "Targets": [{"Id": {"Fn::GetAtt": ["F", "Arn"]}}]}),
        "Listener": (
            "Listener",
            {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": forward},
        ),
    }
    resources: dict[str, Json] = {
        "Role": ROLE,
        "F": function(CODE),
        **{
            name: {"Type": f"AWS::ElasticLoadBalancingV2::{kind}", "Properties": given}
            for name, (kind, given) in types.items()
        },
    }
    url: Json = {"Fn::Sub": "http://${Balancer.DNSName}/items"}
    made = deploy(endpoint, "balanced", {"Resources": resources, "Outputs": {"Url": {"Value": url}}})
    answer = http("GET", f"{made.outputs['Url']}?a=1")
    assert answer.json == {"path": "/items", "httpMethod": "GET", "queryStringParameters": {"a": "1"}}
