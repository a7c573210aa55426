"""Function URLs stream what a function of Node.js writes to its response stream."""

import http.client
import time
from urllib.parse import urlsplit

from sealift.local.endpoint import Endpoint
from tests.local.deploying import ROLE, deploy, function
from tests.local.deploying import http as request

STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const about = { statusCode: 201, headers: { 'content-type': 'text/plain', 'x-a': '1' }, cookies: ['c=1'] };
  stream = awslambda.HttpResponseStream.from(stream, about);
  for (let i = 0; i < 4; i++) { stream.write('part ' + i + '\\n'); await new Promise(r => setTimeout(r, 200)); }
  stream.end();
});
"""
FAIL = "exports.handler = awslambda.streamifyResponse(async () => { throw new Error('no'); });"


def _url(endpoint: Endpoint, name: str, code: str) -> str:
    url = {
        "Type": "AWS::Lambda::Url",
        "Properties": {"TargetFunctionArn": {"Ref": "F"}, "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"},
    }
    body = {
        "Resources": {"Role": ROLE, "F": function(code, Runtime="nodejs20.x"), "U": url},
        "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["U", "FunctionUrl"]}}},
    }
    return deploy(endpoint, name, body).outputs["Url"]  # type: ignore[arg-type]


def test_parts_come_one_after_the_other_with_status_headers_and_cookies(endpoint: Endpoint) -> None:
    where = urlsplit(_url(endpoint, "streaming", STREAM))
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
    connection.request("GET", where.path)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-a"], answer.headers["content-type"]) == (201, "1", "text/plain")
    assert answer.headers["set-cookie"] == "c=1"
    came = []
    while line := answer.readline():
        came.append((line.decode(), time.monotonic()))
    connection.close()
    assert [line for line, _ in came] == [f"part {n}\n" for n in range(4)]
    assert came[-1][1] - came[0][1] > 0.4


def test_a_function_that_fails_before_it_writes_is_answered_with_an_error(endpoint: Endpoint) -> None:
    assert request("GET", _url(endpoint, "not-streaming", FAIL)).status == 502
