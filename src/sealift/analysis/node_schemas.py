"""The variables that schemas in JavaScript and TypeScript name: zod, envalid, env-var, convict, joi, t3-env. Pure."""

from collections.abc import Iterator

from sealift.analysis.node_names import Module

_MAY_LACK = {"optional", "default", "nullish", "nullable", "catch", "prefault", "fallback"}
_PARSE = {"parse", "safeParse", "parseAsync", "safeParseAsync", "validate", "validateSync", "validateAsync", "attempt"}
_OBJECTS = {"object", "strictObject", "looseObject", "Object", "keys", "extend", "shape"}
_DEMAND = {"joi", "@hapi/joi", "yup"}
"""Libraries whose keys are optional unless they are said to be required."""

Found = tuple[str, bool, int]


def schema_reads(module: Module) -> Iterator[Found]:
    """Yield each variable with whether it is required, and where its key stands."""
    found = module.tokens
    for at, token in enumerate(found[:-2]):
        if token.kind != "name" or not found[at + 1].is_sign("("):
            continue
        given = [*module.arguments(at + 1)]
        path = module.imports.get(token.text, ("", ""))[0]
        if token.text in _PARSE and found[at - 1].is_sign(".") and _has_environment(module, given):
            yield from _of_schema(module, at, given)
        elif token.text in {"cleanEnv", "customCleanEnv"} and len(given) > 1 and _has_environment(module, given[:1]):
            yield from _keys(module, module.object_at(given[1][0]), {"default", *_MAY_LACK})
        elif path == "convict" and given:
            yield from _of_convict(module, *given[0])
        elif token.text == "createEnv" and given:
            yield from _of_t3(module, given[0][0])
        elif token.text == "get" and module.imports.get(found[at - 2].text, ("",))[0] == "env-var" and given:
            yield from _of_env_var(module, at, given[0])


def _has_environment(module: Module, given: list[tuple[int, int]]) -> bool:
    return any(module.environment(start) == end for start, end in given)


def _keys(module: Module, begins: int | None, optional: set[str], required: set[str] | None = None) -> Iterator[Found]:
    """Yield the keys of an object that describes each variable by a chain of calls or an object of options."""
    if begins is None:
        return
    for key, (start, end) in module.entries(begins):
        words = {module.tokens[i].text for i in range(start, end) if module.tokens[i].kind == "name"}
        needed = not words & optional if required is None else bool(words & required)
        yield key, needed, start


def _of_schema(module: Module, at: int, given: list[tuple[int, int]]) -> Iterator[Found]:
    """Yield the keys of the schema that reads `process.env`: the receiver of the call, or its other argument."""
    found = module.tokens
    others = [start for start, end in given if module.environment(start) != end]
    start = others[0] if others else at - 2
    if not others and start in module.pairs:
        start, end = module.pairs[start], at
        while start > 1 and (found[start - 2].is_sign(".") or found[start].is_sign("(")):
            start = module.pairs.get(start - 3, start - 3) if found[start - 2].is_sign(".") else start - 1
            if found[start].kind == "name" and not found[start - 1].is_sign("."):
                break
    else:
        begins = module.constants.get(found[start].text)
        start, end = (
            (begins, module.end_of(begins)) if begins is not None else (start, given[0][1] if others else start)
        )
    demand = module.uses(*_DEMAND)
    for index in range(start, end):
        if found[index].text in _OBJECTS and found[index + 1].is_sign("("):
            inner = next(module.arguments(index + 1), None)
            begins = module.object_at(inner[0]) if inner is not None else None
            yield from _keys(module, begins, _MAY_LACK, {"required"} if demand else None)
            return


def _of_convict(module: Module, start: int, end: int) -> Iterator[Found]:
    """Yield each `env: "TAX"`; one without a default, or with null, is required."""
    begins = module.object_at(start) or start
    end = module.pairs.get(begins, end)
    for at in range(begins, end):
        if (
            module.tokens[at].text == "env"
            and module.tokens[at + 1].is_sign(":")
            and module.tokens[at + 2].kind == "text"
        ):
            opened = max(
                (i for i, j in module.pairs.items() if i < at < j and module.tokens[i].is_sign("{")), default=at
            )
            default = dict(module.entries(opened)).get("default")
            required = default is None or module.tokens[default[0]].text in {"null", "undefined"}
            yield module.tokens[at + 2].text, required, at


def _of_t3(module: Module, start: int) -> Iterator[Found]:
    begins = module.object_at(start)
    for key, (value, _) in module.entries(begins) if begins is not None else ():
        if key in {"server", "shared"} and module.tokens[value].is_sign("{"):
            yield from _keys(module, value, _MAY_LACK)


def _of_env_var(module: Module, at: int, given: tuple[int, int]) -> Iterator[Found]:
    end = module.end_of(at)
    words = {module.tokens[i].text for i in range(at, end)}
    for name in module.texts(*given) or ("",):
        yield name, bool(name) and "required" in words and "default" not in words, at
