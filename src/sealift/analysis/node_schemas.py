"""The variables that schemas in JavaScript and TypeScript name: zod, envalid, env-var, convict, joi, t3-env. Pure."""

from collections.abc import Iterator

from tree_sitter import Node

from sealift.analysis.node_names import Module
from sealift.analysis.node_trees import arguments, called, descendants, entries, last_name, member, text, words

_MAY_LACK = {"optional", "default", "nullish", "nullable", "catch", "prefault", "fallback"}
_PARSE = {"parse", "safeParse", "parseAsync", "safeParseAsync", "validate", "validateSync", "validateAsync", "attempt"}
_OBJECTS = {"object", "strictObject", "looseObject", "Object", "keys", "extend", "shape"}
_DEMAND = {"joi", "@hapi/joi", "yup"}
"""Libraries whose keys are optional unless they are said to be required."""
_DEPTH = 12
_NAMES = {"identifier", "property_identifier", "shorthand_property_identifier"}

Found = tuple[str, bool, Node]


def schema_reads(module: Module) -> Iterator[Found]:
    """Yield each variable with whether it is required, and where it is named."""
    for node in module.tree.each("call_expression"):
        function, given = called(node), arguments(node)
        owner, name = member(function), last_name(function)
        if not given:
            continue
        if owner is not None and name in _PARSE and any(map(module.is_environment, given)):
            yield from _of_schema(module, [*(one for one in given if not module.is_environment(one)), owner[0]])
        elif name in {"cleanEnv", "customCleanEnv"} and len(given) > 1 and module.is_environment(given[0]):
            yield from _keys(module, given[1], {"default", *_MAY_LACK})
        elif module.imported(function)[0] == "convict":
            yield from _of_convict(module, given[0])
        elif name == "createEnv":
            for key, value in entries(module.resolved(given[0])):
                yield from _keys(module, value, _MAY_LACK) if key in {"server", "shared"} else ()
        elif name == "get" and owner is not None and module.imported(owner[0])[0] == "env-var":
            yield from _of_env_var(module, node, given[0])


def _keys(module: Module, described: Node, optional: set[str], required: set[str] | None = None) -> Iterator[Found]:
    """Yield the keys of an object that describes each variable by a chain of calls or an object of options."""
    for key, value in entries(module.resolved(described)):
        said = {words(one) for one in descendants(value) if one.type in _NAMES}
        needed = not said & optional if required is None else bool(said & required)
        yield key, needed, value


def _of_schema(module: Module, candidates: list[Node]) -> Iterator[Found]:
    """Yield the keys of the schema that reads `process.env`: an argument, or the receiver of the call."""
    for candidate in candidates:
        if found := [*_shape(module, candidate)]:
            yield from found
            return


def _shape(module: Module, schema: Node, depth: int = 0) -> Iterator[Found]:
    """Yield the keys of a schema and of those that it is made of."""
    module, schema = module.held(schema)
    if schema.type != "call_expression" or depth > _DEPTH:
        return
    name, owner, given = last_name(called(schema)), member(called(schema)), arguments(schema)
    optional = name == "partial"
    inner = [owner[0]] if owner is not None else []
    if name in _OBJECTS and given:
        _, keys = module.held(given[0])
        demand = {"required"} if module.uses(*_DEMAND) else None
        yield from _keys(module, keys, _MAY_LACK, demand)
        spread = [one.named_children[0] for one in keys.named_children if one.type == "spread_element"]
        inner += [owned[0] for one in spread if (owned := member(one)) is not None and owned[1] in {"shape", "entries"}]
    elif name not in {"refine", "superRefine", "transform", "describe"}:
        inner += given
    for one in inner:
        for key, needed, node in _shape(module, one, depth + 1):
            yield key, needed and not optional, node


def _of_convict(module: Module, given: Node) -> Iterator[Found]:
    """Yield each `env: "TAX"`; one without a default, or with null, is required."""
    schema = module.resolved(given)
    for node in descendants(schema) if schema is not None else ():
        described = dict(entries(node)) if node.type == "object" else {}
        named, default = described.get("env"), described.get("default")
        if named is not None and named.type == "string":
            yield text(named), default is None or words(default) in {"null", "undefined"}, named


def _of_env_var(module: Module, call: Node, given: Node) -> Iterator[Found]:
    """Yield the variables of `env.get("TAX").required().asString()`."""
    said, node = set[str](), call.parent
    while node is not None and node.type in {"member_expression", "call_expression"}:
        said |= {last_name(node)}
        node = node.parent
    for name in module.texts(given) or ("",):
        yield name, bool(name) and "required" in said and "default" not in said, call
