"""What a handler surely reads from its event, against the events that its template sends it. Pure, and static.

The keys are those of https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from sealift.analysis.parsing import tree_of
from sealift.cfn.sources import SAM_EVENTS, Source, meant, sources
from sealift.cfn.values import function_properties, mapping_at, properties, resources
from sealift.model.template import Json

_RECORDS = frozenset({"sqs", "sns", "s3", "dynamodb", "kinesis"})
_REST, _HTTP = frozenset({"http 1.0"}), frozenset({"http 2.0"})
_EVENTS = frozenset({"eventbridge", "schedule"})
HAS: Mapping[str, frozenset[str]] = {
    "Records": _RECORDS,
    **dict.fromkeys(("body", "headers", "isBase64Encoded", "requestContext"), _REST | _HTTP),
    **dict.fromkeys(("pathParameters", "queryStringParameters", "stageVariables"), _REST | _HTTP),
    **dict.fromkeys(("httpMethod", "path", "resource"), _REST),
    **dict.fromkeys(("multiValueHeaders", "multiValueQueryStringParameters"), _REST),
    **dict.fromkeys(("rawPath", "rawQueryString", "routeKey", "cookies"), _HTTP),
    **dict.fromkeys(("detail", "detail-type"), _EVENTS),
}
"""Key of an event → the sources whose events may have it."""
_PASSING = {"inject_lambda_context", "capture_lambda_handler", "log_metrics", "capture_method"}
"""Decorators that hand the event on as it is."""
_OWN_INPUT = ("Input", "InputPath", "InputTransformer")


def callers(body: object, logical_id: str) -> tuple[Source, ...]:
    """Return what calls a function, or nothing where not everything that does so is known."""
    events = mapping_at(function_properties(body, logical_id), "Events").values()
    for event in events:
        kind, said = mapping_at(event).get("Type"), properties(event)
        if str(kind) not in SAM_EVENTS or any(key in said for key in _OWN_INPUT):
            return ()
    for _, rule in resources(body, "AWS::Lambda::Permission", "AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if _names(properties(rule), logical_id):
            return ()
    return sources(body, logical_id)


def _names(value: Json, logical_id: str) -> bool:
    if isinstance(value, dict):
        return meant(value) == logical_id or any(_names(each, logical_id) for each in value.values())
    return isinstance(value, list) and any(_names(each, logical_id) for each in value)


def misreads(
    read: Callable[[str, str], Iterator[tuple[str, int]]], source: str, handler: str, called_by: tuple[Source, ...]
) -> Iterator[tuple[str, int, tuple[Source, ...]]]:
    """Yield each key that the handler reads at every call, its line, and the sources whose events never have it.

    `read` yields what a handler of that name reads in a source of its language: `always_read`.
    """
    for key, line in read(source, handler):
        lacking = tuple(one for one in called_by if key in HAS and _family(one) not in HAS[key])
        if lacking:
            yield key, line, lacking


def _family(one: Source) -> str:
    return f"http {one.version}" if one.kind == "http" else one.kind


def always_read(source: str, handler: str) -> Iterator[tuple[str, int]]:
    """Yield what a handler of Python reads from its event before anything is decided."""
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    defined = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == handler]
    if len(defined) != 1 or not defined[0].args.args or not all(map(_passes, defined[0].decorator_list)):
        return
    event = defined[0].args.args[0].arg
    for statement in defined[0].body:
        simple = isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return | ast.For)
        looked_at = statement.iter if isinstance(statement, ast.For) else statement
        if not simple or any(isinstance(node, _DECIDES) for node in ast.walk(looked_at)):
            return
        for node in ast.walk(looked_at):
            match node:
                case (
                    ast.Subscript(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[key]))
                    | ast.Attribute(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[key]))
                ) if name == event and isinstance(key, ast.Constant):
                    yield str(key.value), node.lineno  # without a default it is None there
                case ast.Name(id=name, ctx=ast.Store()) if name == event:
                    return
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                    if name == event:
                        yield key, node.lineno


_DECIDES = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _passes(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in _PASSING


_API = _REST | _HTTP
_TYPES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("APIGatewayRestResolver", "ApiGatewayResolver", "APIGatewayProxyEvent"), _REST),
    **dict.fromkeys(("APIGatewayHttpResolver", "LambdaFunctionUrlResolver"), _HTTP),
    **dict.fromkeys(("APIGatewayProxyEventV2", "LambdaFunctionUrlEvent"), _HTTP),
    **{f"{name}Event": frozenset({name.lower()}) for name in ("SQS", "SNS", "S3")},
    "DynamoDBStreamEvent": frozenset({"dynamodb"}),
    "KinesisStreamEvent": frozenset({"kinesis"}),
    "EventBridgeEvent": _EVENTS,
}
"""Resolvers and data classes of Powertools → the sources whose events they parse."""
_TYPESCRIPT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("APIGatewayProxy", "APIGateway", "APIGatewayProxyEventV2", "APIGatewayProxyV2"), _API),
    **{name: frozenset({name.lower()}) for name in ("SQS", "SNS", "S3")},
    "DynamoDBStream": frozenset({"dynamodb"}),
    "KinesisStream": frozenset({"kinesis"}),
    **dict.fromkeys(("EventBridge", "Scheduled"), _EVENTS),
}
"""Types of `@types/aws-lambda`, before `Event` or `Handler`; which event of an API it is decides little."""
_TYPED = (
    r"\b{0}\s*(?::\s*([\w.<>, |]+?))?\s*=\s*(?:async\s*)?\(\s*_?\w+\s*(?::\s*([\w.<>|, ]+?))?\s*[,)]",
    r"\bfunction\s+{0}\s*\(()\s*_?\w+\s*:\s*([\w.<>| ]+?)\s*[,)]",
)


def mistyped(
    source: str, handler: str, called_by: tuple[Source, ...], *, typescript: bool
) -> Iterator[tuple[str, int, tuple[Source, ...]]]:
    """Yield the type by which a handler takes each event, its line, and the sources whose events are of another."""
    found = _typescript(source, handler) if typescript else _powertools(source, handler)
    for name, line, parsed in found:
        others = tuple(one for one in called_by if _family(one) not in parsed)
        if others:
            yield name, line, others


def _powertools(source: str, handler: str) -> Iterator[tuple[str, int, frozenset[str]]]:
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    made = {
        target.id: str(getattr(made.func, "id", getattr(made.func, "attr", "")))
        for one in tree.body
        if isinstance(one, ast.Assign) and isinstance(made := one.value, ast.Call)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    for one in tree.body:
        if not isinstance(one, ast.FunctionDef) or one.name != handler:
            continue
        for decorator in one.decorator_list:
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            names = [getattr(word.value, "id", "") for word in keywords if word.arg == "data_class"]
            yield from ((name, decorator.lineno, _TYPES[name]) for name in names if name in _TYPES)
        match one.body[-1]:
            case ast.Return(value=ast.Call(func=ast.Attribute(value=ast.Name(id=app), attr="resolve"))) as last:
                if len(one.body) == 1 and made.get(app) in _TYPES:
                    yield made[app], last.lineno, _TYPES[made[app]]


def _typescript(source: str, handler: str) -> Iterator[tuple[str, int, frozenset[str]]]:
    for pattern in _TYPED:
        for found in re.finditer(pattern.format(re.escape(handler)), source):
            said = (found[2] or found[1] or "").strip()
            names = re.findall(r"\b(\w+?)(?:Event|Handler)(?:V2)?\b", said)
            known = [_TYPESCRIPT.get(name) for name in names]
            if known and None not in known and "unknown" not in said:
                parsed = frozenset().union(*(one for one in known if one))
                yield said, source.count("\n", 0, found.start()) + 1, parsed
