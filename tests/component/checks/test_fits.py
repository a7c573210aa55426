"""Rules of Sealift's own: each with a template that has the finding and with neighbours that have not."""

import pytest

from sealift.analysis.fits import fit_findings
from sealift.analysis.rules import RULES
from sealift.checks.handlers import handler_findings
from sealift.model.finding import Finding
from sealift.template.loading import load
from tests.component.checks.conftest import Write, make_app

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = """\
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: src
"""
CODE = {"src/app.py": "def handler(event, context):\n    return {}\n"}


def said(write: Write, template: str, code: str = CODE["src/app.py"]) -> list[Finding]:
    root = write({"template.yaml": HEAD + template, "src/app.py": code})
    read = load(root, "template.yaml")
    found = [*fit_findings(read), *handler_findings(make_app(root), {"app": read})]
    assert {one.id for one in found} <= RULES.keys()
    return found


def rules(write: Write, template: str, code: str = CODE["src/app.py"]) -> list[tuple[str, bool, int]]:
    return [(f.id, f.stops, f.location.line if f.location else 0) for f in said(write, template, code)]


def function(*lines: str, resources: str = "", more: str = "") -> str:
    return f"{more}Resources:\n{FUNCTION}" + "".join(f"      {line}\n" for line in lines) + resources


API = "Events: {E: {Type: Api, Properties: {Path: /orders, Method: get}}}"
HTTP = "Events: {E: {Type: HttpApi, Properties: {Path: /orders, Method: get}}}"
QUEUE = "Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}"
EXPLICIT = "Events: {E: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref Api, TimeoutInMillis: 60000}}}"


@pytest.mark.parametrize(
    ("lines", "limit", "cure"),
    [
        (("Timeout: 30", API), "after 29 s", "edge-optimized API never waits"),
        (("Timeout: 31", HTTP), "after 30 s", "HTTP API never waits"),
        (("Timeout: 6", HTTP.replace("get}", "get, TimeoutInMillis: 5000}")), "after 5 s", "HTTP API never waits"),
    ],
)
def test_a_function_that_may_run_longer_than_its_api_waits(
    write: Write, lines: tuple[str, str], limit: str, cure: str
) -> None:
    (one,) = said(write, function(*lines))
    assert (one.id, one.stops, one.location and one.location.line) == ("api-timeout", False, 9)
    assert limit in one.message
    assert cure in one.fix


def test_a_regional_api_may_be_given_more(write: Write) -> None:
    api = "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: v1, EndpointConfiguration: {Type: REGIONAL}}}\n"
    assert rules(write, function("Timeout: 60", EXPLICIT, resources=api)) == []
    (one,) = said(write, function("Timeout: 61", EXPLICIT, resources=api))
    assert "quota" in one.fix
    everywhere = "Globals: {Api: {EndpointConfiguration: REGIONAL}, Function: {Timeout: 40}}\n"
    (one,) = said(write, function(API, more=everywhere))
    assert "quota" in one.fix


@pytest.mark.parametrize(
    "lines",
    [
        ("Timeout: 29", API),
        ("Timeout: 30", HTTP),
        ("Timeout: !Ref Limit", API),
        ("Timeout: 900",),
        ("Timeout: 60", "FunctionUrlConfig: {AuthType: NONE}"),
        ("Timeout: 60", "Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}"),
    ],
)
def test_what_fits_its_api_is_no_finding(write: Write, lines: tuple[str, ...]) -> None:
    assert rules(write, function(*lines)) == []


def test_functions_of_one_cause_are_one_finding(write: Write) -> None:
    second = FUNCTION.replace("  F:", "  G:")
    everywhere = "Globals: {Function: {Timeout: 60}}\n"
    template = function(API, more=everywhere, resources=second + "      " + API.replace("/orders", "/others") + "\n")
    (one,) = said(write, template)
    assert one.message.startswith("F and 1 more (G) may run for 60 s")


def queue(visibility: str = "") -> str:
    return "  Queue: {Type: AWS::SQS::Queue" + (f", Properties: {{{visibility}}}" if visibility else "") + "}\n"


@pytest.mark.parametrize(
    ("timeout", "visibility", "stops"),
    [
        (60, "", True),
        (31, "", True),
        (30, "", False),
        (6, "", False),
        (60, "VisibilityTimeout: 59", True),
        (60, "VisibilityTimeout: 60", False),
        (60, "VisibilityTimeout: 359", False),
    ],
)
def test_a_queue_that_shows_a_message_again_while_it_is_worked_on(
    write: Write, timeout: int, visibility: str, stops: bool
) -> None:
    found = rules(write, function(f"Timeout: {timeout}", QUEUE, resources=queue(visibility)))
    assert found == [("queue-visibility", stops, 9)]


@pytest.mark.parametrize(
    ("timeout", "visibility"), [(60, "VisibilityTimeout: 360"), (5, ""), (60, "VisibilityTimeout: !Ref Hidden")]
)
def test_a_queue_that_hides_a_message_long_enough_is_no_finding(write: Write, timeout: int, visibility: str) -> None:
    assert rules(write, function(f"Timeout: {timeout}", QUEUE, resources=queue(visibility))) == []


def test_the_queue_that_sam_makes_for_a_subscription_counts(write: Write) -> None:
    event = "Events: {E: {Type: SNS, Properties: {Topic: !Ref Topic, SqsSubscription: true}}}"
    topic = "  Topic: {Type: AWS::SNS::Topic}\n"
    (one,) = said(write, function("Timeout: 60", event, resources=topic))
    assert (one.id, one.stops) == ("queue-visibility", True)
    assert "SqsSubscription: true" in one.message
    assert "QueueArn and QueueUrl under SqsSubscription" in one.fix
    assert "VisibilityTimeout of 360" in one.fix
    own = event.replace("true", "{QueueArn: !GetAtt Queue.Arn, QueueUrl: !Ref Queue}")
    wide = topic + queue("VisibilityTimeout: 360")
    assert rules(write, function("Timeout: 60", own, resources=wide)) == []
    assert rules(write, function("Timeout: 60", event.replace("true", "false"), resources=topic)) == []


def test_a_mapping_of_its_own_counts_as_an_event_does(write: Write) -> None:
    mapping = (
        "  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref F, EventSourceArn: !GetAtt"
        " Queue.Arn}}\n"
    )
    assert rules(write, function("Timeout: 60", resources=queue() + mapping)) == [("queue-visibility", True, 9)]


@pytest.mark.parametrize(
    "variable",
    [
        "DB_PASSWORD: hunter2-hunter2",
        "API_KEY: 8f14e45fceea167a",
        "StripeToken: tok-123456",
        "DATABASE: postgres://shop:hunter2@db.example.org/shop",
        "ANYTHING: AKIAABCDEFGHIJKLMNOP",
        "GITHUB: ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "TOKEN: !Ref Given",
    ],
)
def test_a_secret_in_the_template_is_named_and_never_shown(write: Write, variable: str) -> None:
    given = "Parameters: {Given: {Type: String, Default: hunter2-hunter2}}\n"
    (one,) = said(write, function("Environment:", "  Variables:", f"    {variable}", more=given))
    assert (one.id, one.severity, one.stops) == ("secret-in-template", "high", False)
    value = variable.partition(": ")[2]
    assert value not in one.message + one.fix
    assert "hunter2" not in one.message + one.fix


@pytest.mark.parametrize(
    "variable",
    [
        "DB_PASSWORD: !Sub '{{resolve:secretsmanager:${Secret}}}'",
        "DB_PASSWORD: '{{resolve:ssm-secure:/shop/password}}'",
        "DB_PASSWORD: !Ref Hidden",
        "DB_PASSWORD: !Ref Empty",
        "DB_PASSWORD: !Ref Stored",
        "DB_PASSWORD: ''",
        "API_KEY: /shop/staging/api-key",
        "SECRET: arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf",
        "TOKEN_TABLE: tokens-of-the-shop",
        "SECRET_NAME: shop-secret-name",
        "MAX_TOKEN: '4096'",
        "TOKEN: https://login.example.org/oauth/token",
        "URL: https://example.org/a:b@c",
    ],
)
def test_what_only_names_a_secret_is_no_finding(write: Write, variable: str) -> None:
    given = (
        "Parameters: {Hidden: {Type: String, NoEcho: true, Default: hunter2-hunter2}, Empty: {Type: String, Default:"
        " ''}, Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: ShopDatabasePassword}}\n"
    )
    assert rules(write, function("Environment:", "  Variables:", f"    {variable}", more=given)) == []


STREAM = "Events: {E: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST MORE}}}"
TABLE = """\
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {}
"""
MAPPED = """\
  Reads:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref F, EventSourceArn: !GetAtt Table.StreamArn, StartingPosition: LATEST MORE}
"""


@pytest.mark.parametrize(
    "lines", [(STREAM, TABLE), (STREAM.replace("DynamoDB", "Kinesis"), TABLE), ("", TABLE + MAPPED)]
)
@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", ["stream-held-up"]),
        (", MaximumRetryAttempts: -1, BisectBatchOnFunctionError: true", ["stream-held-up"]),
        (", DestinationConfig: {OnFailure: {Destination: !Ref Dead}}", ["stream-held-up"]),
        (", MaximumRetryAttempts: 3", []),
        (", MaximumRecordAgeInSeconds: 3600", []),
        (", MaximumRetryAttempts: !Ref Tries", []),
    ],
)
def test_a_record_that_is_tried_again_without_an_end_holds_up_its_stream(
    write: Write, lines: tuple[str, str], more: str, found: list[str]
) -> None:
    event, others = (text.replace(" MORE", more) for text in lines)
    template = function(*([event] if event else []), resources=others)
    assert [one.id for one in said(write, template)] == found


def test_a_mapping_of_a_queue_holds_up_nothing(write: Write) -> None:
    assert rules(write, function("Timeout: 3", QUEUE, resources=queue("VisibilityTimeout: 18"))) == []


@pytest.mark.parametrize(("timeout", "severity"), [(30, "low"), (31, "medium"), (900, "medium")])
def test_a_second_more_than_the_api_waits_weighs_little(write: Write, timeout: int, severity: str) -> None:
    (one,) = said(write, function(f"Timeout: {timeout}", API))
    assert one.severity == severity


READS = "def handler(event, context):\n    {}\n"
FIFO = function("Timeout: 3", QUEUE, resources=queue())


@pytest.mark.parametrize(
    ("template", "read", "key"),
    [
        (FIFO, "id = event['pathParameters']['id']", "pathParameters"),
        (FIFO, "for one in event['detail']: pass", "detail"),
        (function(HTTP), "method = event['httpMethod']", "httpMethod"),
        (function(HTTP), "return event['Records'][0]", "Records"),
        (function(API), "path = event['rawPath']", "rawPath"),
        (function("FunctionUrlConfig: {AuthType: NONE}"), "x = event['path']", "path"),
        (function("Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}"), "event['Records']", "Records"),
    ],
)
def test_a_handler_that_reads_what_its_events_never_have(write: Write, template: str, read: str, key: str) -> None:
    (one,) = said(write, template, READS.format(read))
    assert (one.id, one.stops, str(one.location)) == ("event-misread", False, "src/app.py:2")
    assert f'event["{key}"]' in one.message


@pytest.mark.parametrize(
    ("template", "read"),
    [
        (FIFO, "for one in event['Records']: one['pathParameters']"),
        (FIFO, "id = event.get('pathParameters')"),
        (FIFO, "id = event['pathParameters'] if 'pathParameters' in event else None"),
        (FIFO, "if 'Records' in event: return {}\n    return event['pathParameters']"),
        (FIFO, "event = other(event)\n    return event['pathParameters']"),
        (FIFO, "return event['of-our-own']"),
        (FIFO, "event['pathParameters'] = {}"),
        (function(HTTP.replace("get}", "get, PayloadFormatVersion: '1.0'}")), "return event['httpMethod']"),
        (function("Timeout: 3"), "return event['pathParameters']"),
        (function("Events: {E: {Type: Cognito, Properties: {UserPool: !Ref Pool}}}"), "return event['pathParameters']"),
        (
            function("Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day), Input: '{\"Records\": []}'}}}"),
            "return event['Records']",
        ),
        (
            FIFO + "  P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref F}}\n",
            "return event['pathParameters']",
        ),
    ],
)
def test_a_handler_that_may_read_it_is_no_finding(write: Write, template: str, read: str) -> None:
    assert rules(write, template, READS.format(read)) == []


def test_a_decorator_may_change_the_event_unless_it_is_known_not_to(write: Write) -> None:
    code = "@{}\n" + READS.format("return event['pathParameters']")
    assert rules(write, FIFO, code.format("unknown")) == []
    assert [one for one, _, _ in rules(write, FIFO, code.format("logger.inject_lambda_context(log_event=True)"))] == [
        "event-misread"
    ]


ENVIRONMENTS: dict[str, dict[str, str]] = {"staging": {}, "production": {"Limit": "60"}}


def waiting(write: Write, body: str, environments: dict[str, dict[str, str]] | None = None) -> list[str]:
    """Return what is said of a template's waiting APIs, with values for these environments."""
    root = write({"template.yaml": HEAD + body, "src/app.py": CODE["src/app.py"]})
    found = fit_findings(load(root, "template.yaml"), environments or {})
    return [one.message for one in found if one.id == "api-timeout"]


def long(*lines: str, timeout: str = "60", resources: str = "", more: str = "") -> str:
    return function(f"Timeout: {timeout}", *lines, resources=resources, more=more)


URI = "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations'"
METHOD = """\
  Rest: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: shop{api}}}}}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Rest
      Integration:
        Type: AWS_PROXY
        Uri: {uri}
{more}"""
SOCKETS = """\
  Web: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Name: shop, ProtocolType: {protocol}}}}}
  Call:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {{ApiId: !Ref Web, IntegrationType: AWS_PROXY, IntegrationUri: {uri}{more}}}
"""
REGIONAL = ", EndpointConfiguration: {Types: [REGIONAL]}"
ALIAS = "  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref F, FunctionVersion: '1', Name: live}}\n"
DEFINITION = """\
  Api:
    Type: AWS::Serverless::{kind}
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /orders:
            get:
              x-amazon-apigateway-integration: {{type: aws_proxy, httpMethod: POST, uri: {uri}{more}}}
"""


@pytest.mark.parametrize(
    ("resources", "api", "limit"),
    [
        (METHOD.format(api="", uri=URI, more=""), "an edge-optimized REST API", "29 s"),
        (METHOD.format(api=REGIONAL, uri=URI, more=""), "a REST API", "29 s"),
        (METHOD.format(api=REGIONAL.replace("REGIONAL", "PRIVATE"), uri=URI, more=""), "a REST API", "29 s"),
        (METHOD.format(api=REGIONAL, uri=URI, more="        TimeoutInMillis: 50000\n"), "a REST API", "50 s"),
        (METHOD.format(api="", uri=URI, more="        TimeoutInMillis: 60000\n"), "an edge-optimized REST API", "29 s"),
        (
            METHOD.format(api="", uri=URI.replace("F.Arn", "Live"), more="") + ALIAS,
            "an edge-optimized REST API",
            "29 s",
        ),
        (SOCKETS.format(protocol="HTTP", uri="!GetAtt F.Arn", more=""), "an HTTP API", "30 s"),
        (SOCKETS.format(protocol="HTTP", uri=URI, more=", TimeoutInMillis: 5000"), "an HTTP API", "5 s"),
        (SOCKETS.format(protocol="WEBSOCKET", uri=URI, more=""), "a WebSocket API", "29 s"),
        (DEFINITION.format(kind="Api", uri=URI, more=""), "an edge-optimized REST API", "29 s"),
        (DEFINITION.format(kind="Api", uri=URI, more=", timeoutInMillis: 3000"), "an edge-optimized REST API", "3 s"),
        (DEFINITION.format(kind="HttpApi", uri=URI, more=""), "an HTTP API", "30 s"),
        (
            "  Web: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, Target: !GetAtt F.Arn}}\n",
            "an HTTP API",
            "30 s",
        ),
    ],
)
def test_an_api_waits_however_it_is_declared(write: Write, resources: str, api: str, limit: str) -> None:
    assert waiting(write, long(resources=resources)) == [
        f"F may run for 60 s, but {api} answers 504 to its caller after {limit}"
    ]
    assert waiting(write, long(timeout="3", resources=resources)) == []


@pytest.mark.parametrize(
    "resources",
    [
        METHOD.format(api=REGIONAL, uri=URI, more="        TimeoutInMillis: 60000\n"),
        METHOD.format(api="", uri=URI.replace("F.Arn", "Other.Arn"), more=""),
        METHOD.format(api="", uri=URI, more="        TimeoutInMillis: !Ref Wait\n"),
        METHOD.format(
            api="",
            uri=URI,
            more="        RequestParameters: {integration.request.header.X-Amz-Invocation-Type: \"'Event'\"}\n",
        ),
        DEFINITION.format(
            kind="Api",
            uri=URI,
            more=", requestParameters: {integration.request.header.X-Amz-Invocation-Type: \"'Event'\"}",
        ),
        METHOD.format(api=REGIONAL, uri=URI, more="        ResponseTransferMode: STREAM\n"),
        METHOD.format(api="", uri=URI, more="        ResponseTransferMode: STREAM\n        TimeoutInMillis: 900000\n"),
        DEFINITION.format(kind="Api", uri=URI, more=", responseTransferMode: STREAM"),
        "  Url: {Type: AWS::Lambda::Url, Properties: {AuthType: NONE, TargetFunctionArn: !Ref F}}\n",
    ],
)
def test_an_api_that_does_not_wait_or_waits_long_enough_is_none(write: Write, resources: str) -> None:
    assert waiting(write, long(resources=resources)) == []


def test_the_integration_of_a_definition_counts_before_the_event_of_the_function(write: Write) -> None:
    event = "Events: {E: {Type: Api, Properties: {Path: /orders, Method: get, RestApiId: !Ref Api}}}"
    regional = "    Properties:\n      EndpointConfiguration: REGIONAL\n"
    api = DEFINITION.format(kind="Api", uri=URI, more=", timeoutInMillis: 60000").replace("    Properties:\n", regional)
    assert waiting(write, long(event, resources=api)) == []


def test_an_api_of_an_included_definition_waits(write: Write) -> None:
    where = "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: api.yaml}}}"
    included = "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: v1, DefinitionBody: " + where + "}}\n"
    uri = URI.replace("!Sub ", "{Fn::Sub: ") + "}"
    call = "x-amazon-apigateway-integration: {type: aws_proxy, uri: " + uri + "}"
    write({"api.yaml": "openapi: 3.0.1\npaths: {/: {get: {" + call + "}}}\n"})
    assert len(waiting(write, long(resources=included))) == 1


LIMIT = "Parameters: {Limit: {Type: Number, Default: 10}}\n"
STAGES = "Mappings: {Of: {staging: {Limit: 10}, production: {Limit: 60}}}\nParameters: {Stage: {Type: String}}\n"
IS_LONG = "Parameters: {Limit: {Type: Number, Default: 10}}\nConditions: {Long: !Equals [!Ref Limit, '60']}\n"


@pytest.mark.parametrize(
    ("more", "timeout", "given"),
    [
        (LIMIT, "!Ref Limit", ENVIRONMENTS),
        (
            STAGES,
            "!FindInMap [Of, !Ref Stage, Limit]",
            {"staging": {"Stage": "staging"}, "production": {"Stage": "production"}},
        ),
        (IS_LONG, "!If [Long, 60, 10]", ENVIRONMENTS),
    ],
)
def test_what_an_environment_decides_is_judged_as_it_has_it(
    write: Write, more: str, timeout: str, given: dict[str, dict[str, str]]
) -> None:
    template = long(API, timeout=timeout, more=more)
    (one,) = waiting(write, template, given)
    assert one.endswith("after 29 s (production)")
    assert waiting(write, template, {"staging": given["staging"]}) == []
    everywhere = dict.fromkeys(given, given["production"])
    assert [m.endswith("after 29 s") for m in waiting(write, template, everywhere)] == [True]


def test_what_is_not_known_or_left_out_by_a_condition_is_not_judged(write: Write) -> None:
    assert (
        waiting(
            write,
            long(API, timeout="!Ref Limit", more="Parameters: {Limit: {Type: Number}}\n"),
            ENVIRONMENTS | {"production": {}},
        )
        == []
    )
    without = long(API, more=IS_LONG).replace(
        "    Type: AWS::Serverless::Function", "    Condition: Long\n    Type: AWS::Serverless::Function"
    )
    assert waiting(write, without, {"staging": {}}) == []
    assert len(waiting(write, without, ENVIRONMENTS)) == 1


def test_a_batching_window_comes_on_top_of_what_a_queue_hides(write: Write) -> None:
    event = "Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, MaximumBatchingWindowInSeconds: 60}}}"
    (one,) = said(write, function("Timeout: 10", event, resources=queue("VisibilityTimeout: 119")))
    assert "to 120 (6 × Timeout + 60 s of the batching window)" in one.fix
    assert said(write, function("Timeout: 10", event, resources=queue("VisibilityTimeout: 120"))) == []


def test_a_mapping_that_names_an_alias_feeds_its_function(write: Write) -> None:
    of = "{FunctionName: !Ref Live, EventSourceArn: !GetAtt Queue.Arn}"
    feeds = "  M: {Type: AWS::Lambda::EventSourceMapping, Properties: " + of + "}\n"
    assert rules(write, function("Timeout: 60", resources=queue() + ALIAS + feeds)) == [("queue-visibility", True, 9)]
    off = feeds.replace("FunctionName", "Enabled: false, FunctionName")
    assert rules(write, function("Timeout: 60", resources=queue() + ALIAS + off)) == []


@pytest.mark.parametrize(
    "name", ["DB_PASS", "DB_PWD", "JWT_KEY", "ENCRYPTION_KEY", "SESSION_KEY", "jwtSecret", "API_TOKEN"]
)
def test_a_name_of_a_secret_with_a_value_in_plain_text(write: Write, name: str) -> None:
    template = function(f"Environment: {{Variables: {{{name}: s3cr3t-Value-9}}}}")
    assert [rule for rule, *_ in rules(write, template)] == ["secret-in-template"]
    for suffix in ("TABLE", "ARN", "NAME", "URL", "TOPIC", "QUEUE", "PARAMETER", "PATH", "ID", "TTL"):
        assert rules(write, template.replace(f"{{{name}:", f"{{{name}_{suffix}:")) == []


def test_a_secret_that_globals_give_is_at_the_line_that_gives_it(write: Write) -> None:
    everywhere = "Globals:\n  Function:\n    Environment:\n      Variables:\n        JWT_SECRET: s3cr3t-Value-9\n"
    assert rules(write, function(more=everywhere)) == [("secret-in-template", False, 6)]


def test_a_part_of_what_the_event_never_has_is_read_from_none(write: Write) -> None:
    (one,) = said(write, FIFO, READS.format("return event.get('pathParameters')['id']"))
    assert (one.id, str(one.location)) == ("event-misread", "src/app.py:2")
    assert said(write, FIFO, READS.format("return event.get('pathParameters', {})['id']")) == []


RESOLVER = "app = {kind}()\ndef handler(event, context):\n    return app.resolve(event, context)\n"
DATA = "@event_source(data_class={kind})\ndef handler(event, context):\n    return {{}}\n"


@pytest.mark.parametrize(
    ("template", "code", "misread"),
    [
        (FIFO, RESOLVER.format(kind="APIGatewayRestResolver"), True),
        (function(API), RESOLVER.format(kind="APIGatewayRestResolver"), False),
        (function(HTTP), RESOLVER.format(kind="APIGatewayRestResolver"), True),
        (function(HTTP), RESOLVER.format(kind="APIGatewayHttpResolver"), False),
        (function("FunctionUrlConfig: {AuthType: NONE}"), RESOLVER.format(kind="LambdaFunctionUrlResolver"), False),
        (function(API), RESOLVER.format(kind="OurOwnResolver"), False),
        (FIFO, DATA.format(kind="SQSEvent"), False),
        (function(API), DATA.format(kind="SQSEvent"), True),
    ],
)
def test_an_event_that_powertools_cannot_parse(write: Write, template: str, code: str, misread: bool) -> None:
    assert [rule for rule, *_ in rules(write, template, code)] == ["event-misread"] * misread


def test_one_handler_of_two_sources_is_told_of_the_one_that_it_cannot_parse(write: Write) -> None:
    both = (
        "Events: {A: {Type: Api, Properties: {Path: /, Method: get}},"
        " Q: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}"
    )
    template = function(both, resources=queue("VisibilityTimeout: 60"))
    (one,) = said(write, template, RESOLVER.format(kind="APIGatewayRestResolver"))
    assert one.message.endswith("which it is not when it is called by sqs, Queue")
    decides = (
        "def handler(event, context):\n    if 'Records' in event: return {}\n    return app.resolve(event, context)\n"
    )
    assert said(write, template, "app = APIGatewayRestResolver()\n" + decides) == []


@pytest.mark.parametrize(
    ("events", "code", "misread"),
    [
        (API, "export const handler = async (event: SQSEvent) => {}", True),
        (API, "export const handler = async (event: APIGatewayProxyEvent): Promise<X> => {}", False),
        (HTTP, "export const handler = async (event: APIGatewayProxyEventV2) => {}", False),
        (HTTP, "export const handler: Handler = async (event: APIGatewayProxyEvent) => {}", False),
        (API, "export const handler: SQSHandler = async (event) => {}", True),
        (API, "export async function handler(event: S3Event, context: Context) {}", True),
        (API, "export const handler = async (event: SQSEvent | APIGatewayProxyEvent) => {}", False),
        (API, "export const handler = async (event: Ours) => {}", False),
        (API, "export const handler = async (event: any) => {}", False),
        (API, "export const other = async (event: SQSEvent) => {}", False),
    ],
)
def test_a_type_that_is_not_that_of_the_event(write: Write, events: str, code: str, misread: bool) -> None:
    bundled = "    Metadata: {BuildMethod: esbuild, BuildProperties: {EntryPoints: [app.ts]}}\n"
    template = function(events, resources=bundled).replace("python3.12", "nodejs22.x")
    root = write({"template.yaml": HEAD + template, "src/app.ts": code + "\n"})
    found = list(handler_findings(make_app(root), {"app": load(root, "template.yaml")}))
    assert [(f.id, f.severity, str(f.location)) for f in found] == [
        ("event-misread", "medium", "src/app.ts:1")
    ] * misread


def javascript(write: Write, template: str, code: str, file: str = "app.mjs") -> list[Finding]:
    bundled = f"    Metadata: {{BuildMethod: esbuild, BuildProperties: {{EntryPoints: [{file}]}}}}\n"
    made = template.replace("python3.12", "nodejs22.x")
    if file.endswith("ts"):
        made = made.replace("    Properties:\n      Runtime", f"{bundled}    Properties:\n      Runtime", 1)
    root = write({"template.yaml": HEAD + made, f"src/{file}": code})
    return list(handler_findings(make_app(root), {"app": load(root, "template.yaml")}))


MODULES = (
    "export const handler = async (event) => {{\n  console.log(JSON.stringify(event));\n  {}\n}};\n",
    "export async function handler(event, context) {{\n  // what it does\n  {}\n}}\n",
    "exports.handler = function (event, context) {{\n\n  {}\n}};\n",
    "const handler = async (event) => {{\n\n  {}\n}};\nmodule.exports = {{ handler }};\n",
)


@pytest.mark.parametrize("file", ["app.js", "app.mjs", "app.ts"])
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("template", "read", "key"),
    [
        (FIFO, "const id = event.pathParameters.id;", "pathParameters"),
        (FIFO, "const { id } = event.pathParameters;", "pathParameters"),
        (FIFO, "const { pathParameters: { id } } = event;", "pathParameters"),
        (FIFO, 'return event["detail"].id;', "detail"),
        (FIFO, "const order = JSON.parse(event.body);", "body"),
        (function(HTTP), "for (const one of event.Records) { await done(one); }", "Records"),
        (function(HTTP), "await Promise.all(event.Records.map(async (one) => done(one)));", "Records"),
        (function(API), "const [first] = event.cookies;", "cookies"),
    ],
)
def test_a_handler_of_javascript_that_takes_from_what_its_events_never_have(
    write: Write, template: str, module: str, read: str, key: str, file: str
) -> None:
    (one,) = javascript(write, template, module.format(read), file)
    assert (one.id, one.stops, str(one.location)) == ("event-misread", False, f"src/{file}:3")
    assert f'event["{key}"]' in one.message


@pytest.mark.parametrize(
    "read",
    [
        "for (const one of event.Records) { one.pathParameters.id; }",
        "for (const key in event.pathParameters) { console.log(key); }",
        "const id = event.pathParameters;",
        "const id = event.pathParameters?.id;",
        "const { id } = event.pathParameters ?? {};",
        "const { pathParameters: { id } = {} } = event;",
        "if (event.Records) return; event.pathParameters.id;",
        "try { event.pathParameters.id } catch { return }",
        "event = other(event); event.pathParameters.id;",
        "event.pathParameters = {}; event.pathParameters.id;",
        "const later = () => event.pathParameters.id;",
        "return event.ofOurOwn.id;",
        "return; event.pathParameters.id;",
        "event.pathParameters.id; }; const broken = (",
    ],
)
def test_a_handler_of_javascript_that_may_take_it_is_no_finding(write: Write, read: str) -> None:
    assert [javascript(write, FIFO, module.format(read)) for module in MODULES] == [[]] * len(MODULES)


@pytest.mark.parametrize(
    "code",
    [
        "const handler = async (event) => event.body.id;\nexports.handler = wrapped(handler);\n",
        "export const handler = middy(async (event) => event.body.id);\n",
        "exports.handler = async (event) => event.body.id;\nexports.handler = async (event) => event.Records;\n",
        "class Orders { handler(event) { return event.body.id; } }\nexports.handler = new Orders().run;\n",
        "function made() { function handler(event) { return event.body.id; } return handler; }\n"
        "exports.handler = made();\n",
        "export const handler = async (event) => event.Records;\nexport const other = (event) => event.body.id;\n",
        "export const handler = async () => 1;\n",
        "export const handler = async ({ body }) => body.id;\n",
    ],
)
def test_a_function_that_is_not_surely_called_with_the_event_is_no_finding(write: Write, code: str) -> None:
    assert javascript(write, FIFO, code) == []


@pytest.mark.parametrize(
    "code",
    [
        "export const handler = async (event) => event.pathParameters.id;\n",
        "export const handler = async ({ pathParameters: { id } }) => id;\n",
        "exports.handler = async function named(event) { return event.pathParameters.id };\n",
    ],
)
def test_a_handler_of_one_line_is_looked_at_as_others(write: Write, code: str) -> None:
    assert [str(one.location) for one in javascript(write, FIFO, code)] == ["src/app.mjs:1"]
