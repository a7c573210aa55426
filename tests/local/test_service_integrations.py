"""APIs call services themselves, and shape what functions get and answer, by real HTTP."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from sealift.model.template import Json
from tests.local.deploying import Answer, client, deploy, function, http, invoke_uri

CODE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("Refused: " + event["fail"])
    return {"got": event}
"""
_CALLS = ("dynamodb:*", "sns:Publish", "events:PutEvents", "states:StartExecution", "sqs:SendMessage", "s3:GetObject")


def _role(service: str, *actions: str) -> Json:
    statement: Json = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    rights: Json = {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    policies: list[Json] = [{"PolicyName": "p", "PolicyDocument": rights}] if actions else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [statement]}, "Policies": policies},
    }


def _sub(text: str) -> Json:
    return {"Fn::Sub": text}


def _service(target: str, *, template: str | None = None, role: str = "Calls", **more: Json) -> dict[str, Json]:
    templates: dict[str, Json] = {"requestTemplates": {"application/json": _sub(template)}} if template else {}
    return {
        "type": "aws",
        "httpMethod": "POST",
        "uri": _sub(f"arn:aws:apigateway:${{AWS::Region}}:{target}"),
        "credentials": {"Fn::GetAtt": [role, "Arn"]},
        "responses": {"default": {"statusCode": "200"}, r"4\d\d": {"statusCode": "400"}},
        **templates,
        **more,
    }


def _lambda(**more: Json) -> dict[str, Json]:
    return {"type": "aws", "httpMethod": "POST", "uri": invoke_uri("Function"), **more}


ITEM = """{"id": {"S": "$input.params('id')"}, "name": {"S": "$input.path('$.name')"}}"""
PUT = '{"TableName": "${Table}", "Item": ' + ITEM + "}"
GET = """{"TableName": "${Table}", "Key": {"id": {"S": "$input.params('id')"}}}"""
FOUND = """#if($input.path('$.Item.name.S') == "")#set($context.responseOverride.status = 404){}#else
{"name": $input.json('$.Item.name.S')}#end"""
START = """{"input": "$util.escapeJavaScript($input.json('$')).replaceAll("\\\\'", "'")",
"stateMachineArn": "${Machine}"}"""
ASKS: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::apigateway:invoke",
    "Parameters": {
        "ApiEndpoint": "${Api}.execute-api.${AWS::Region}.amazonaws.com",
        "Method": "GET",
        "Stage": "v1",
        "Path": "/mock",
        "QueryParameters": {"q.$": "States.Array($.q)"},
    },
    "End": True,
}
BY_PATH = {**ASKS, "Parameters": {**ASKS["Parameters"], "Stage": "", "Path": "/v1/mock"}}
REST: dict[str, Json] = {
    "/orders/{id}": {
        "put": _service("dynamodb:action/PutItem", template=PUT),
        "get": _service(
            "dynamodb:action/GetItem",
            template=GET,
            responses={"default": {"statusCode": "200", "responseTemplates": {"application/json": FOUND}}},
        ),
        "delete": _service("dynamodb:action/DeleteItem", template=GET, role="Nothing"),
    },
    "/news": {
        "post": _service(
            "sns:path//",
            requestParameters={
                "integration.request.querystring.Action": "'Publish'",
                "integration.request.querystring.TopicArn": _sub("'${Topic}'"),
                "integration.request.querystring.Message": "method.request.body.text",
            },
        )
    },
    "/machine": {
        "post": _service(
            "states:action/StartExecution",
            template=START,
        )
    },
    "/queue": {
        "post": _service(
            "sqs:path/${AWS::AccountId}/${Queue.QueueName}",
            template="Action=SendMessage&MessageBody=$util.urlEncode($input.body)",
            requestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        )
    },
    "/files/{key}": {
        "get": _service(
            "s3:path/${Bucket}/{key}",
            httpMethod="GET",
            requestParameters={"integration.request.path.key": "method.request.path.key"},
            responses={
                "default": {
                    "statusCode": "200",
                    "responseParameters": {
                        "method.response.header.Content-Type": "integration.response.header.Content-Type"
                    },
                },
                "404": {"statusCode": "404"},
            },
        )
    },
    "/function": {
        "post": _lambda(
            requestTemplates={"application/json": '{"said": $input.json(\'$\'), "stage": "$context.stage"}'},
            responses={
                "default": {
                    "statusCode": "201",
                    "responseTemplates": {"application/xml": "<got>$input.path('$.got.said.word')</got>"},
                },
            },
        ),
        "put": _lambda(
            responses={
                "default": {"statusCode": "200"},
                "Refused.*": {
                    "statusCode": "422",
                    "responseTemplates": {"application/json": '{"why": "$input.path(\'$.errorMessage\')"}'},
                },
            }
        ),
        "patch": _lambda(passthroughBehavior="never", requestTemplates={"application/xml": "{}"}),
    },
    "/mock": {
        "get": {
            "type": "mock",
            "requestTemplates": {
                "application/json": '{"statusCode": #if($input.params("q") == "no")404#{else}200#end}'
            },
            "responses": {
                "200": {
                    "statusCode": "200",
                    "responseTemplates": {"application/json": '{"q": "$input.params(\'q\')"}'},
                },
                "404": {"statusCode": "404"},
            },
        }
    },
}


def _first_class(subtype: str, **parameters: Json) -> dict[str, Json]:
    return {
        "type": "aws_proxy",
        "integrationSubtype": subtype,
        "credentials": {"Fn::GetAtt": ["Calls", "Arn"]},
        "payloadFormatVersion": "1.0",
        "requestParameters": parameters,
    }


HTTP: dict[str, Json] = {
    "/queue": {
        "post": _first_class(
            "SQS-SendMessage",
            QueueUrl={"Ref": "Queue"},
            MessageBody="$request.body.text",
            MessageAttributes=json.dumps(
                {"kind": {"StringValue": "${request.querystring.kind}", "DataType": "String"}}
            ),
        )
    },
    "/events": {
        "post": _first_class(
            "EventBridge-PutEvents",
            Detail="$request.body",
            DetailType="news",
            Source="api",
            EventBusName={"Fn::GetAtt": ["Bus", "Name"]},
        )
    },
    "/machine": {
        "post": _first_class("StepFunctions-StartExecution", StateMachineArn={"Ref": "Machine"}, Input="$request.body")
    },
}


def _document(paths: dict[str, Json]) -> Json:
    return {
        "openapi": "3.0.1",
        "paths": {
            path: {verb: {"x-amazon-apigateway-integration": one, "responses": {}} for verb, one in verbs.items()}  # type: ignore[union-attr]
            for path, verbs in paths.items()
        },
    }


BODY: dict[str, Json] = {
    "Resources": {
        "Role": _role("lambda.amazonaws.com"),
        "Works": _role("states.amazonaws.com"),
        "Nothing": _role("apigateway.amazonaws.com"),
        "Calls": _role("apigateway.amazonaws.com", *_CALLS),
        "Function": function(CODE),
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Inbox": {"Type": "AWS::SQS::Queue"},
        "News": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Inbox", "Arn"]},
                "RawMessageDelivery": True,
            },
        },
        "Gets": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Inbox"}],
                "PolicyDocument": {
                    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]
                },
            },
        },
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "news"}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Bus"},
                "EventPattern": {"source": ["api"]},
                "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Inbox", "Arn"]}, "InputPath": "$.detail"}],
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Works", "Arn"]},
                "DefinitionString": json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
            },
        },
        "Asks": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Works", "Arn"]},
                "DefinitionString": _sub(json.dumps({"StartAt": "A", "States": {"A": ASKS}})),
            },
        },
        "AsksByPath": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Works", "Arn"]},
                "DefinitionString": _sub(json.dumps({"StartAt": "A", "States": {"A": BY_PATH}})),
            },
        },
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": _document(REST)}},
        "Deployed": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployed"}, "StageName": "v1"},
        },
        "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": _document(HTTP)}},
        "HttpStage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Http"}, "StageName": "$default", "AutoDeploy": True},
        },
    },
    "Outputs": {
        "Rest": {"Value": _sub("https://${Api}.execute-api.${AWS::Region}.amazonaws.com/v1")},
        "Http": {"Value": _sub("https://${Http}.execute-api.${AWS::Region}.amazonaws.com")},
        **{name: {"Value": {"Ref": name}} for name in ("Queue", "Inbox", "Bucket", "Machine", "Asks", "AsksByPath")},
    },
}
Ask = Callable[..., Answer]


class _Stack:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        deployed = deploy(endpoint, "integrations", BODY)
        assert deployed.status == "CREATE_COMPLETE"
        assert not deployed.notes
        self.outputs = deployed.outputs

    def ask(self, api: str, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http(method, self.outputs[api] + path, body=body, headers={"content-type": "application/json", **named})

    def next(self, queue: str) -> Any:
        sqs, url = client(self.endpoint, "sqs"), self.outputs[queue]
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"])["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return message


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> _Stack:
    return _Stack(endpoint)


def test_a_rest_api_reads_and_writes_a_table(stack: _Stack) -> None:
    assert stack.ask("Rest", "PUT", "/orders/7", '{"name": "tea"}').status == 200
    found = stack.ask("Rest", "GET", "/orders/7")
    assert (found.status, found.json) == (200, {"name": "tea"})
    assert stack.ask("Rest", "GET", "/orders/8").status == 404


def test_a_refused_call_takes_the_answer_of_its_status(stack: _Stack) -> None:
    refused = stack.ask("Rest", "DELETE", "/orders/7")
    assert refused.status == 400
    assert "AccessDenied" in refused.text


def test_a_rest_api_publishes_to_a_topic(stack: _Stack) -> None:
    answer = stack.ask("Rest", "POST", "/news", '{"text": "hello"}')
    assert answer.json["PublishResponse"]["PublishResult"]["MessageId"]
    assert stack.next("Inbox")["Body"] == "hello"


def test_a_rest_api_starts_an_execution(stack: _Stack) -> None:
    started = stack.ask("Rest", "POST", "/machine", '{"say": "it\'s \\"me\\""}').json["executionArn"]
    execution = client(stack.endpoint, "stepfunctions").describe_execution(executionArn=started)
    assert json.loads(execution["input"]) == {"say": 'it\'s "me"'}


def test_a_rest_api_sends_to_a_queue(stack: _Stack) -> None:
    answer = stack.ask("Rest", "POST", "/queue", '{"a": "b & c"}')
    assert answer.json["SendMessageResponse"]["SendMessageResult"]["MessageId"]
    assert stack.next("Queue")["Body"] == '{"a": "b & c"}'


def test_a_rest_api_serves_an_object(stack: _Stack) -> None:
    bucket = client(stack.endpoint, "s3")
    bucket.put_object(Bucket=stack.outputs["Bucket"], Key="a.css", Body=b"a{}", ContentType="text/css")
    answer = stack.ask("Rest", "GET", "/files/a.css")
    assert (answer.status, answer.text, answer.headers["content-type"]) == (200, "a{}", "text/css")
    assert stack.ask("Rest", "GET", "/files/none").status == 404


def test_a_function_gets_what_the_template_makes_and_its_answer_is_shaped(stack: _Stack) -> None:
    answer = stack.ask("Rest", "POST", "/function", '{"word": "hi"}', accept="application/xml")
    assert (answer.status, answer.text) == (201, "<got>hi</got>")
    assert answer.headers["content-type"] == "application/xml"


def test_a_function_without_a_template_gets_the_body(stack: _Stack) -> None:
    assert stack.ask("Rest", "PUT", "/function", '{"a": 1}').json == {"got": {"a": 1}}
    assert stack.ask("Rest", "PUT", "/function").json == {"got": {}}


def test_the_error_of_a_function_selects_its_answer(stack: _Stack) -> None:
    answer = stack.ask("Rest", "PUT", "/function", '{"fail": "no"}')
    assert (answer.status, answer.json) == (422, {"why": "Refused: no"})


def test_a_body_that_no_template_is_for_is_refused_where_nothing_passes(stack: _Stack) -> None:
    assert stack.ask("Rest", "PATCH", "/function", "{}").status == 415


def test_a_mock_takes_its_status_from_its_template(stack: _Stack) -> None:
    assert stack.ask("Rest", "GET", "/mock?q=x").json == {"q": "x"}
    assert stack.ask("Rest", "GET", "/mock?q=no").status == 404


def test_an_http_api_sends_to_a_queue(stack: _Stack) -> None:
    answer = stack.ask("Http", "POST", "/queue?kind=tea", '{"text": "hello"}')
    assert answer.status == 200
    assert "<MessageId>" in answer.text
    message = stack.next("Queue")
    assert message["Body"] == "hello"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "tea"


def test_an_http_api_puts_an_event(stack: _Stack) -> None:
    assert stack.ask("Http", "POST", "/events", '{"a": 1}').json["FailedEntryCount"] == 0
    assert json.loads(stack.next("Inbox")["Body"]) == {"a": 1}


def test_an_http_api_starts_an_execution(stack: _Stack) -> None:
    answer = stack.ask("Http", "POST", "/machine", '{"a": 1}')
    execution = client(stack.endpoint, "stepfunctions").describe_execution(executionArn=answer.json["executionArn"])
    assert json.loads(execution["input"]) == {"a": 1}


@pytest.mark.parametrize("machine", ["Asks", "AsksByPath"])
@pytest.mark.parametrize(
    ("asked", "status", "said"), [("x", "SUCCEEDED", {"q": "x"}), ("no", "FAILED", "ApiGateway.404")]
)
def test_a_state_machine_calls_an_api(stack: _Stack, machine: str, asked: str, status: str, said: Any) -> None:
    states = client(stack.endpoint, "stepfunctions")
    started = states.start_execution(stateMachineArn=stack.outputs[machine], input=json.dumps({"q": asked}))
    until = time.monotonic() + 20
    while (done := states.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert done["status"] == status
    assert (json.loads(done["output"])["ResponseBody"] if status == "SUCCEEDED" else done["error"]) == said
