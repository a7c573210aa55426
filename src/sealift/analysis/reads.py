"""What source code reads of its configuration: environment variables, parameters and secrets. Pure, and static.

What only a running program can know is counted as undecidable, never guessed.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from sealift.model.reads import Read

_PARAMETER_CALLS = {"get_parameter": "ssm", "get_secret": "secretsmanager"}
"""Of Powertools: https://docs.powertools.aws.dev/lambda/python/latest/utilities/parameters/"""
_BOTO_CALLS = {"get_parameter": ("Name", "ssm"), "get_secret_value": ("SecretId", "secretsmanager")}
_REGIONAL = {
    "dynamodb", "events", "firehose", "kinesis", "lambda", "scheduler", "secretsmanager", "sns", "sqs", "ssm",
    "stepfunctions",
}  # fmt: skip
"""Services where an application has resources of its own; others, as SES and Bedrock, are used across regions."""
_GUARDS = {"KeyError", "LookupError", "Exception", "BaseException"}


_DEFINED = ast.FunctionDef | ast.AsyncFunctionDef
_WRAPPERS = frozenset(
    (
        *("staticmethod", "classmethod", "property", "cached_property", "cache", "lru_cache", "wraps"),
        *("contextmanager", "abstractmethod", "override"),
        *("capture_method", "capture_lambda_handler", "inject_lambda_context", "log_metrics"),
    )
)
"""Of Python's own library and of Powertools."""


@lru_cache(maxsize=4096)
def python_units(source: str) -> Mapping[str, frozenset[str]]:
    """Return the names that each unit of a module uses: its functions and methods by name, and what loading it runs.

    What loading runs is the unit without a name; most decorators may register a function, so it belongs to that.
    """
    tree = _parsed(source)
    if tree is None:
        return {}
    found: dict[str, set[str]] = {"": set()}
    for node, unit in _placed(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.setdefault(unit, set()).add(name)
            case ast.alias(name=name, asname=other) if other:
                found[""].add(name.rpartition(".")[2])
    return {unit: frozenset(names) for unit, names in found.items()}


@lru_cache(maxsize=4096)
def _parsed(source: str) -> ast.Module | None:
    """Return a module of Python, None when it cannot be parsed."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def _wraps(decorator: ast.expr) -> bool:
    """Whether a decorator surely calls the function only when somebody calls it by its name."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in _WRAPPERS


def _placed(tree: ast.AST) -> Sequence[tuple[ast.AST, str]]:
    """Return every node with the unit that it is in, in no order; special methods belong to their class."""
    found: list[tuple[ast.AST, str]] = []
    waiting: list[tuple[ast.AST, str, str | None]] = [(tree, "", None)]
    while waiting:
        node, unit, owner = waiting.pop()
        found.append((node, unit))
        for child in ast.iter_child_nodes(node):
            inside = unit
            if isinstance(child, _DEFINED) and not unit and all(map(_wraps, child.decorator_list)):
                special = owner is not None and child.name.startswith("__")
                inside = str(owner) if special else child.name
            waiting.append((child, inside, child.name if isinstance(child, ast.ClassDef) else owner))
    return found


def live(units: Mapping[str, Mapping[str, frozenset[str]]], handler: str) -> frozenset[str]:
    """Return the names of the units that a handler may come to, by name alone; `units` are by module."""
    reached: set[str] = set()
    waiting = {"", handler}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        for module in units.values():
            waiting |= module.get(name, frozenset()) - reached
    return frozenset(reached)


@lru_cache(maxsize=4096)
def python_reads(source: str) -> tuple[Read, ...]:
    """Return what a module of Python reads; nothing of one that cannot be parsed."""
    tree = _parsed(source)
    if tree is None:
        return ()
    module = _Module(tree)
    found = tuple(module.reads())
    given = {name for name in module.given if name}
    return tuple(read for read in found if not (read.kind == "variable" and read.name in given))


class _Module:
    """A module, with its constants and what it calls `os.environ`."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._environ, self._getenv, self._os = {"environ"}, {"getenv"}, {"os"}
        self._powertools = False
        self._constants: dict[str, ast.expr | None] = {}
        self.given: set[str | None] = set()
        self._units = {id(node): unit for node, unit in _placed(tree)}
        for node, _ in _placed(tree):
            self._learn_import(node)
        for statement in tree.body:
            self._learn_constant(statement)

    def _learn_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            self._os |= {alias.asname or "os" for alias in node.names if alias.name == "os"}
        elif isinstance(node, ast.ImportFrom):
            self._powertools |= (node.module or "").startswith("aws_lambda_powertools")
            if node.module == "os":
                self._environ |= {alias.asname or alias.name for alias in node.names if alias.name == "environ"}
                self._getenv |= {alias.asname or alias.name for alias in node.names if alias.name == "getenv"}

    def _learn_constant(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._constants[name] = None if name in self._constants else value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._constants[name] = None if name in self._constants else value

    def reads(self) -> Iterator[Read]:
        """Yield every reading."""
        yield from self._in(self._tree, guarded=False, at_import=True)

    def _in(self, node: ast.AST, *, guarded: bool, at_import: bool) -> Iterator[Read]:
        if isinstance(node, ast.Try):
            inner = guarded or any(_catches_key_error(handler) for handler in node.handlers)
            for statement in node.body:
                yield from self._in(statement, guarded=inner, at_import=at_import)
            for part in (*node.handlers, *node.orelse, *node.finalbody):
                yield from self._in(part, guarded=guarded, at_import=at_import)
            return
        for read in self._of(node, guarded=guarded, at_import=at_import):
            yield replace(read, unit=self._units.get(id(node), ""))
        if isinstance(node, ast.If | ast.IfExp):
            guarded = guarded or self._asks(node.test) or _is_main(node.test)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_import = False
        for child in ast.iter_child_nodes(node):
            yield from self._in(child, guarded=guarded, at_import=at_import)

    def _asks(self, test: ast.expr) -> bool:
        """Whether a condition looks at the environment itself."""
        return any(self._is_environ(node) or self._optional_name(node) is not None for node in ast.walk(test))

    def _of(self, node: ast.AST, *, guarded: bool, at_import: bool) -> Iterator[Read]:
        match node:
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()) if self._is_environ(value):
                yield self._variable(index, node.lineno, required=not guarded, at_import=at_import)
            case ast.Subscript(value=value, slice=index, ctx=ast.Store()) if self._is_environ(value):
                self.given.add(self.text(index))
            case ast.Call():
                optional = self._optional_name(node)
                if optional is not None:
                    yield self._variable(optional, node.lineno, required=False, at_import=at_import)
                else:
                    yield from self._region(node)
                    yield from self._setting(node, required=not guarded, at_import=at_import)

    def _variable(self, index: ast.expr, line: int, *, required: bool, at_import: bool) -> Read:
        name = self.text(index) or ""
        name = "" if "${" in name else name
        return Read(kind="variable", name=name, required=required, line=line, at_import=at_import)

    def _optional_name(self, node: ast.AST) -> ast.expr | None:
        """Return the name that `os.environ.get` or `os.getenv` is called with."""
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="get" | "setdefault"), args=[name, *_]):
                return name if self._is_environ(value) else None
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="getenv"), args=[name, *_]):
                return name if owner in self._os else None
            case ast.Call(func=ast.Name(id=function), args=[name, *_]) if function in self._getenv:
                return name
            case _:
                return None

    def _region(self, call: ast.Call) -> Iterator[Read]:
        """Yield the region, written in the code, that a client of boto3 is made for."""
        match call:
            case ast.Call(func=ast.Attribute(attr="client" | "resource"), args=[service, *_], keywords=keywords):
                region = next((self.text(one.value) for one in keywords if one.arg == "region_name"), None)
                name = self.text(service)
                if region and "${" not in region and name in _REGIONAL:
                    yield Read(kind="region", name=f"{name}:{region}", required=True, line=call.lineno)

    def _setting(self, call: ast.Call, *, required: bool, at_import: bool) -> Iterator[Read]:
        function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        named: list[tuple[str, ast.expr]] = []
        if function in _BOTO_CALLS and _BOTO_CALLS[function][0] in keywords:
            key, service = _BOTO_CALLS[function]
            named = [(service, keywords[key])]
        elif function == "get_parameters" and isinstance(names := keywords.get("Names"), ast.List | ast.Tuple):
            named = [("ssm", each) for each in names.elts]
        elif function in _PARAMETER_CALLS and self._powertools and (call.args or "name" in keywords):
            named = [(_PARAMETER_CALLS[function], call.args[0] if call.args else keywords["name"])]
        for service, expression in named:
            text = self.text(expression)
            name = f"{service}:{text}" if text else ""
            yield Read(kind="setting", name=name, required=required, line=call.lineno, at_import=at_import)

    def _is_environ(self, node: ast.AST) -> bool:
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr="environ"):
                return owner in self._os
            case ast.Name(id=name):
                return name in self._environ
            case _:
                return False

    def text(self, node: ast.expr | None, depth: int = 0) -> str | None:
        """Return a text as far as it is static, with `${X}` for the environment variable X; None when it is not."""
        if node is None or depth > 20:
            return None
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.Name(id=name):
                return self.text(self._constants.get(name), depth + 1)
            case ast.Subscript(value=value, slice=index) if self._is_environ(value):
                variable = self.text(index, depth + 1)
                return None if variable is None or "${" in variable else "${" + variable + "}"
            case ast.JoinedStr(values=values):
                return self._joined(values, depth)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.text(value, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([left, right], depth)
            case _:
                return None

    def _joined(self, parts: Sequence[ast.expr], depth: int) -> str | None:
        texts = [self.text(part, depth + 1) for part in parts]
        return None if None in texts else "".join(text or "" for text in texts)


def _catches_key_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in _GUARDS for node in ast.walk(handler.type))


def _is_main(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


@lru_cache(maxsize=4096)
@lru_cache(maxsize=4096)
def python_imports(source: str, module: str) -> frozenset[str]:
    """Return the modules that one may import, relative imports made absolute; `module` is its own dotted name.

    `pkg.name` stands for both a module `name` in `pkg` and a name in the module `pkg`.
    """
    tree = _parsed(source)
    if tree is None:
        return frozenset()
    found: set[str] = set()
    for node, _ in _placed(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(module.split(".")[: -node.level]) if node.level else ""
            origin = ".".join(part for part in (base, node.module or "") if part)
            found |= {origin, *(f"{origin}.{alias.name}".lstrip(".") for alias in node.names)}
    return frozenset(found - {""})


_COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
_MEMBER = re.compile(r"process\.env(?:\.([A-Za-z_$][\w$]*)|\[\s*([\"'`])([^\"'`$]+)\2\s*\]|\[)")
_DESTRUCTURED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env\b(?!\s*[.\[])")
_OPTIONAL_AFTER = re.compile(r"\s*(\?\?|\|\||\?\.|\?[^.]|===?|!==?|\)\s*\{|&&)")
_ASSIGNED_AFTER = re.compile(r"\s*=(?![=>])")
_NODE_CALLS = re.compile(
    r"(?:GetParameterCommand\(\s*\{\s*(?:[^{}]*?,\s*)?Name|getParameter\(\s*\{\s*(?:[^{}]*?,\s*)?Name)"
    r"\s*:\s*([\"'])([^\"'\n]+)\1"
)
_NODE_SECRETS = re.compile(
    r"(?:GetSecretValueCommand|getSecretValue)\(\s*\{\s*(?:[^{}]*?,\s*)?SecretId\s*:\s*([\"'])([^\"'\n]+)\1"
)


@lru_cache(maxsize=4096)
def node_reads(source: str) -> tuple[Read, ...]:
    """Return what a module of JavaScript or TypeScript reads."""
    text = _COMMENTS.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source)
    return tuple(sorted(_node(text), key=lambda read: read.line))


def _node(text: str) -> Iterator[Read]:
    assigned = {found[1] or found[3] for found in _MEMBER.finditer(text) if _ASSIGNED_AFTER.match(text, found.end())}
    for found in _MEMBER.finditer(text):
        name = found[1] or found[3] or ""
        if name not in assigned or not name:
            required = bool(name) and not _OPTIONAL_AFTER.match(text, found.end())
            yield Read(kind="variable", name=name, required=required, line=_line(text, found.start()))
    for found in _DESTRUCTURED.finditer(text):
        for part in found[1].split(","):
            name = re.split(r"[:=]", part)[0].strip()
            if name and not name.startswith("..."):
                yield Read(kind="variable", name=name, required="=" not in part, line=_line(text, found.start()))
    for pattern, service in ((_NODE_CALLS, "ssm"), (_NODE_SECRETS, "secretsmanager")):
        for found in pattern.finditer(text):
            yield Read(kind="setting", name=f"{service}:{found[2]}", required=True, line=_line(text, found.start()))


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


_NODE_IMPORTS = re.compile(r"(?:from\s*|require\(\s*|import\(\s*|import\s+)([\"'])(\.{1,2}/[^\"']*)\1")


def node_imports(source: str) -> frozenset[str]:
    """Return the relative paths that a module of JavaScript or TypeScript imports."""
    return frozenset(found[2] for found in _NODE_IMPORTS.finditer(source))


def names_in(texts: Mapping[str, str], names: Sequence[str]) -> frozenset[str]:
    """Return those of these names that stand as a word in any of the texts."""
    return frozenset(
        name for name in names if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for text in texts.values())
    )
