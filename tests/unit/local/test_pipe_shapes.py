"""What an input template of a pipe makes of a record."""

import base64
import json

import pytest

from sealift.local.patches.pipes import at, shaped
from sealift.model.template import Json

PIPE = {"Name": "p", "Arn": "arn:p", "Source": "arn:s", "Target": "arn:t"}
RECORD: dict[str, Json] = {
    "body": json.dumps({"order": {"id": 7, "name": 'a "b"'}, "lines": ["x", "y"]}),
    "data": base64.b64encode(b'{"level": "high"}').decode(),
    "plain": "text",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.plain", "text"),
        ("$.body.order.id", 7),
        ("$.body.lines[1]", "y"),
        ("$.data.level", "high"),
        ("$.nothing.there", None),
        ("$.plain.more", None),
    ],
)
def test_a_path_looks_into_json_in_strings(path: str, found: Json) -> None:
    assert at(RECORD, path) == found


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('{"id": <$.body.order.id>, "all": <$.body.lines>}', {"id": 7, "all": ["x", "y"]}),
        ('{"name": "<$.body.order.name>"}', {"name": 'a "b"'}),
        ('{"name": <$.body.order.name>}', {"name": 'a "b"'}),
        ('{"said": "order <$.body.order.id> of <$.body.order.name>"}', {"said": 'order 7 of a "b"'}),
        ('{"pipe": "<aws.pipes.pipe-name>"}', {"pipe": "p"}),
        ('"<$.plain>"', "text"),
        ('{"x": "1 < 2 > 0"}', {"x": "1 < 2 > 0"}),
    ],
)
def test_a_template_is_filled_from_the_record(template: str, made: Json) -> None:
    assert shaped(template, RECORD, PIPE) == made
