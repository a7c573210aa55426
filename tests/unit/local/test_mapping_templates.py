"""Mapping templates make of a request what API Gateway makes of it."""

import pytest

from sealift.local.mapping_templates import Seen, rendered
from sealift.local.patches.subtypes import filled

BODY = '{"name": "O\'Neil", "items": [{"n": 1}, {"n": 2}], "empty": [], "a": {"b": "c"}}'


def _seen(**more: object) -> Seen:
    given = {
        "body": BODY,
        "path": {"id": "7"},
        "querystring": {"id": "8", "q": "x y"},
        "header": {"X-One": "1"},
        "context": {"requestId": "r", "authorizer": {"claims": {"sub": "u"}}, "responseOverride": {"header": {}}},
        "stage_variables": {"table": "orders"},
    }
    return Seen(**{**given, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain text, $5 and \\$x", "plain text, $5 and $x"),
        ("$input.body", BODY),
        ("$input.json('$.a')", '{"b":"c"}'),
        ("$input.json('$.items[1].n')", "2"),
        ("$input.path('$.a.b')-$input.path('$.none.at.all')", "c-"),
        ("$input.path('$')['a']['b']", "c"),
        ("$input.params('id')|$input.params('q')|$input.params('x-one')|$input.params('no')", "7|x y|1|"),
        ("$input.params().querystring.get('id')", "8"),
        ("$context.requestId $context.authorizer.claims.sub$context.identity.none", "r u"),
        ("$stageVariables.table", "orders"),
        ("$util.urlEncode($input.params('q'))", "x+y"),
        ("$util.base64Decode($util.base64Encode('ä'))", "ä"),
        ("$util.escapeJavaScript($input.path('$.name'))", "O\\'Neil"),
        ("$util.escapeJavaScript($input.path('$.name')).replaceAll(\"\\\\'\", \"'\")", "O'Neil"),
        ("#set($r = $input.path('$'))#foreach($i in $r.items)$i.n#if($foreach.hasNext),#end#end", "1,2"),
        ("#set($r = $input.path('$'))$r.items.size() $r.empty.isEmpty() $r.a.containsKey('b')", "2 true true"),
        ("#foreach($e in $input.path('$.a').entrySet())$e.key=$e.value#end", "b=c"),
        ("$util.escapeJavaScript($none)|$util.escapeJavaScript(7)", "|7"),
        ("#if($input.path('$.a.b').equals('c'))yes#{else}no#end", "yes"),
        (
            "#set($m = $input.path('$.none'))$m#if($m == '')empty#end #if($m.isEmpty())empty#end #if($m)true#end",
            "empty empty true",
        ),
        ("#set($x = $util.parseJson($input.body))$x.items.get(0).n", "1"),
        ("$input.path('$.items') $input.path('$').items", '[{"n":1},{"n":2}] [{"n":1},{"n":2}]'),
        (
            '$input.path(\'$.items[0]\') $util.parseJson(\'{"a": [true, null], "b": {"c": false}}\')',
            ("{n=1} {a=[true,null], b={c=false}}"),
        ),
        ("$input.params().querystring $input.params().header.toString()", "{id=8, q=x y} {X-One=1}"),
        ("#foreach($k in $input.params().path.keySet())$k=$input.params().path.get($k)#end", "id=7"),
        ("#foreach($i in $input.path('$.items'))$i#end", "{n=1}{n=2}"),
        ("## a comment\n#* and more *#done", "done"),
    ],
)
def test_a_template_renders_as_on_api_gateway(template: str, text: str) -> None:
    seen = _seen()
    assert rendered(template, seen.body, seen) == text


def test_a_template_sets_the_status_of_the_answer() -> None:
    seen = _seen()
    rendered("#set($context.responseOverride.status = 404)", "", seen)
    assert seen.context["responseOverride"]["status"] == 404


def test_a_template_that_is_none_is_an_error_with_its_place() -> None:
    with pytest.raises(ValueError, match="line 1"):
        rendered("#foreach($x in", "", _seen())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("static", "static"),
        ("$request.body", BODY),
        ("$request.body.items[1].n", "2"),
        ("$request.body.a", '{"b":"c"}'),
        ("$request.header.x-one", "1"),
        ("$request.querystring.q", "x y"),
        ("order ${request.path.id} of ${stageVariables.table}", "order 7 of orders"),
        ("$context.authorizer.claims.sub", "u"),
        ("$request.body.none", ""),
        ("costs $5", "costs $5"),
    ],
)
def test_a_parameter_of_an_http_api_is_filled_from_the_request(value: str, text: str) -> None:
    assert filled(value, _seen()) == text
