"""What the names in a module of JavaScript or TypeScript stand for: constants, imports and parameters. Pure.

A text may hold `${X}` for the environment variable X, `${X|19}` with its default, and marks of parameters.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from sealift.analysis.node_tokens import Token, pairs, parts_of, tokens

_DEPTH = 12
_IMPORT = re.compile(
    r"""\bimport\s+(?:type\s+)?(?P<what>[^;'"`]+?)\s*from\s*["'](?P<path>[^"']+)["']"""
    r"""|\b(?:const|let|var)\s+(?P<bound>[^=;]+?)\s*=\s*(?:await\s+)?(?:require|import)\(\s*["'](?P<required>[^"']+)["']\s*\)"""
)
_PROCESS = {"process", "node:process"}


@dataclass(frozen=True, slots=True)
class Function:
    """A function that has a name: its parameters, and where its body stands."""

    name: str
    parameters: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment, named in code from `start` to before `end`; its name empty when not static."""

    names: tuple[str, ...]
    start: int
    end: int


class Module:
    """A module, as far as its names are known. `linked` has the modules that it imports, by what it calls them."""

    def __init__(self, source: str, linked: Mapping[str, "Module"]) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.pairs = pairs(self.tokens)
        self.imports: dict[str, tuple[str, str]] = {}
        """The path and the name there, by the name here; `*` for all of a module."""
        self.linked = dict(linked)
        self._environments: set[str] = set()
        self._learn_imports()
        self.constants: dict[str, int | None] = {}
        """Where the value of each constant begins; None for a name that is given several."""
        self.functions = {one.name: one for one in self._functions()}
        self._learn_constants()
        self._environments |= {
            name for name, (path, what) in self.imports.items() if path in _PROCESS and what == "env"
        }
        self._learn_environments()

    def line(self, index: int) -> int:
        """Return the line of a token."""
        return self.source.count("\n", 0, self.tokens[index].at) + 1

    def uses(self, *packages: str) -> bool:
        """Whether the module imports any of these packages."""
        return any(path.startswith(packages) for path, _ in self.imports.values())

    def _learn_imports(self) -> None:
        for found in _IMPORT.finditer(self.source):
            path = found["path"] or found["required"]
            what = found["what"] or found["bound"]
            named = re.search(r"\{([^}]*)\}", what)
            for part in (named[1] if named else "").split(","):
                name, _, alias = re.sub(r"^\s*type\s+", "", part).strip().replace(" as ", ":").partition(":")
                if name.strip():
                    self.imports[alias.strip() or name.strip()] = (path, name.strip())
            for part in re.sub(r"\{[^}]*\}", "", what).split(","):
                name = part.replace("* as", "").strip()
                if re.fullmatch(r"[\w$]+", name):
                    self.imports[name] = (path, "*")

    def _learn_constants(self) -> None:
        found = self.tokens
        for index, token in enumerate(found[:-3]):
            if token.text in {"const", "let", "var"} and found[index + 1].kind == "name":
                at = self._after_type(index + 2)
                if at is not None:
                    name = found[index + 1].text
                    self.constants[name] = None if name in self.constants else at
            elif token.text == "enum" and found[index + 2].is_sign("{"):
                self.constants[found[index + 1].text] = index + 2
            elif token.kind == "name" and found[index + 1].is_sign("=") and token.text in self.constants:
                before = found[index - 1].text if index else ""
                if before not in {"const", "let", "var", "."}:
                    self.constants[token.text] = None

    def _after_type(self, at: int) -> int | None:
        """Return where the value behind the `=` of a declaration begins; a type may stand before it."""
        for index in range(at, min(at + 12, len(self.tokens))):
            if self.tokens[index].is_sign("="):
                return index + 1
            if self.tokens[index].is_sign(";", ",", ")", "}"):
                return None
        return None

    def _functions(self) -> Iterator[Function]:
        found = self.tokens
        for index, token in enumerate(found):
            if token.text == "function" and token.kind == "name":
                named = index + 1 + found[index + 1].is_sign("*")
                opened = named + 1 if found[named].kind == "name" else named
                opened = self._after_generics(opened)
                if found[opened].is_sign("(") and found[named].kind == "name":
                    yield from self._function(found[named].text, opened)
            elif token.is_sign("=") and found[index - 1].kind == "name":
                opened = index + 1 + (found[index + 1].text == "async")
                opened = self._after_generics(opened)
                if found[opened].is_sign("(") and self._is_arrow(opened):
                    yield from self._function(found[index - 1].text, opened)
                elif found[opened].kind == "name" and found[opened + 1].is_sign("=>"):
                    start = opened + 2
                    yield Function(found[index - 1].text, (found[opened].text,), start, self.end_of(start))

    def _after_generics(self, at: int) -> int:
        if not self.tokens[at].is_sign("<"):
            return at
        return next((i + 1 for i in range(at, min(at + 20, len(self.tokens))) if self.tokens[i].is_sign(">")), at)

    def _is_arrow(self, opened: int) -> bool:
        at = self.pairs.get(opened, -2) + 1
        return at > 0 and any(self.tokens[i].is_sign("=>") for i in range(at, min(at + 12, len(self.tokens))))

    def _function(self, name: str, opened: int) -> Iterator[Function]:
        close = self.pairs.get(opened)
        if close is None:
            return
        names = tuple(self.tokens[start].text for start, _ in parts_of(self.tokens, self.pairs, opened + 1, close))
        for at in range(close + 1, min(close + 40, len(self.tokens))):
            if self.tokens[at].is_sign("{", "=>"):
                start = at + self.tokens[at].is_sign("=>")
                yield Function(name, names, start, self.end_of(start))
                return

    def end_of(self, start: int) -> int:
        """Return where the expression or block that begins here ends: at a `;`, a `,` or a bracket that closes more."""
        at = start
        if self.tokens[at].is_sign("{") and at in self.pairs:
            return self.pairs[at] + 1
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.is_sign(";", ",", ")", "]", "}") or (
                at > start and token.text in {"const", "let", "var", "export"}
            ):
                return at
            if at > start and self._breaks(at):
                return at
            at = self.pairs.get(at, at) + 1
        return at

    def _breaks(self, at: int) -> bool:
        """Whether a statement ends before a token, without a `;`, because a line does."""
        before, token = self.tokens[at - 1], self.tokens[at]
        between = self.source[before.at : token.at]
        ends = before.kind != "sign" or before.text in ")]}"
        return ends and token.kind == "name" and "\n" in between[len(before.text) :] and token.text not in {"as", "in"}

    def _learn_environments(self) -> None:
        found = self.tokens
        for name, at in self.constants.items():
            end = None if at is None else self.environment(at)
            if end is not None and not found[end].is_sign(".", "?.", "["):
                self._environments.add(name)
        for index in range(len(found) - 3):
            taken = found[index + 2].text == "process" and not found[index + 3].is_sign(".", "?.")
            if taken and found[index].is_sign("}") and found[index + 1].is_sign("="):
                for start, end in self.parts(self.pairs.get(index, index) + 1, index):
                    self._environments |= {found[end - 1].text} if found[start].text == "env" else set()

    def environment(self, at: int) -> int | None:
        """Return where `process.env`, `import.meta.env` or another name for it ends, None when none begins here."""
        found = self.tokens
        if at and found[at - 1].is_sign(".", "?.") and found[at - 2].text != "globalThis":
            return None
        words = [found[i].text for i in range(at, min(at + 5, len(found))) if found[i].kind == "name" or i > at]
        if words[:1] == ["process"] and words[1:3] in ([".", "env"], ["?.", "env"]):
            return at + 3
        if words[:5] == ["import", ".", "meta", ".", "env"]:
            return at + 5
        key = found[at].kind == "name" and found[at].text in self._environments
        return at + 1 if key and not found[at + 1].is_sign(":") else None

    def variable(self, at: int, depth: int = 0) -> Variable | None:
        """Return the variable that is read by its name where `process.env` begins."""
        end = self.environment(at)
        if end is None:
            return None
        found = self.tokens
        if found[end].is_sign("?.") and found[end + 1].is_sign("["):
            end += 1
        if found[end].is_sign(".", "?.") and found[end + 1].kind == "name":
            return Variable((found[end + 1].text,), at, end + 2)
        if found[end].is_sign("[") and end in self.pairs:
            close = self.pairs[end]
            names = self.texts(end + 1, close, depth + 1)
            return Variable(names or ("",), at, close + 1)
        return None

    def texts(self, start: int, end: int, depth: int = 0) -> tuple[str, ...] | None:
        """Return every text that an expression may stand for; None when that is not static."""
        found = self.tokens
        while end > start and (found[end - 1].is_sign("!") or (end - 2 > start and found[end - 2].text == "as")):
            end -= 1 if found[end - 1].is_sign("!") else 2
        if start >= end or depth > _DEPTH:
            return None
        if found[start].is_sign("(") and self.pairs.get(start) == end - 1:
            return self.texts(start + 1, end - 1, depth + 1)
        if (read := self.variable(start, depth)) is not None:
            return self._variable(read, end, depth)
        pluses = [at for at in self._level(start, end) if found[at].is_sign("+")]
        if pluses:
            bounds = [start, *(at + 1 for at in pluses)], [*pluses, end]
            return self._joined([self.texts(one, other, depth + 1) for one, other in zip(*bounds, strict=True)])
        if end == start + 1:
            return self._one(found[start], start, depth)
        return self._member(start, end, depth)

    def _level(self, start: int, end: int) -> Iterator[int]:
        at = start
        while at < end:
            yield at
            at = max(at, self.pairs.get(at, at)) + 1

    def _variable(self, read: Variable, end: int, depth: int) -> tuple[str, ...] | None:
        if any("${" in name or not name for name in read.names):
            return None
        at = read.end + self.tokens[read.end].is_sign("!")
        if at >= end:
            return tuple("${" + name + "}" for name in read.names)
        if not self.tokens[at].is_sign("??", "||"):
            return None
        defaults = self.texts(at + 1, end, depth + 1)
        if defaults is None or len(defaults) > 1 or "$" in defaults[0]:
            return tuple("${" + name + "}" for name in read.names) if defaults else None
        return tuple("${" + name + "|" + defaults[0] + "}" for name in read.names)

    def _one(self, token: Token, at: int, depth: int) -> tuple[str, ...] | None:
        if token.kind == "text":
            return (token.text,)
        if token.kind == "template":
            pieces: list[tuple[str, ...] | None] = []
            for literal, inner in token.parts:
                pieces.append((literal,))
                pieces += [self._inner(inner, depth)] if inner else []
            return self._joined(pieces)
        return self.named(token.text, at, depth) if token.kind == "name" else None

    def _inner(self, inner: tuple[Token, ...], depth: int) -> tuple[str, ...] | None:
        """Return what an expression in a template stands for; its tokens stand behind the module's own, too."""
        start = next((i for i, token in enumerate(self.tokens) if token is inner[0]), None)
        return None if start is None else self.texts(start, start + len(inner), depth + 1)

    def named(self, name: str, at: int, depth: int = 0) -> tuple[str, ...] | None:
        """Return what a name stands for where it is used."""
        where = self.tokens[at].at
        around = [f for f in self.functions.values() if self.tokens[f.start].at <= where <= self.tokens[f.end - 1].at]
        if any(name in function.parameters for function in around):
            return (f"\0{name}\0",)
        start = self.constants.get(name)
        if start is not None:
            return self.texts(start, self.end_of(start), depth + 1)
        path, other = self.imports.get(name, ("", ""))
        linked = self.linked.get(path)
        if linked is None or linked is self or depth > _DEPTH:
            return None
        begins = linked.constants.get(other)
        return None if begins is None else linked.texts(begins, linked.end_of(begins), depth + 1)

    def _member(self, start: int, end: int, depth: int) -> tuple[str, ...] | None:
        """Return what `KEYS.table` or `KEYS["table"]` stands for, of an object that is written in the program."""
        name, module, at = self.tokens[start].text, self, start + 1
        begins = self.constants.get(name)
        if begins is None and name in self.imports:
            path, other = self.imports[name]
            linked = self.linked.get(path)
            if linked is not None and linked is not self:
                module = linked
                if other == "*" and at + 1 < end:
                    other, at = self.tokens[at + 1].text, at + 2
                begins = linked.constants.get(other)
                if at >= end and begins is not None:
                    return linked.texts(begins, linked.end_of(begins), depth + 1)
        while begins is not None and at < end:
            token = self.tokens[at]
            key = self.tokens[at + 1].text if token.is_sign(".", "?.", "[") else None
            inner = dict(module.entries(begins)).get(key) if key is not None else None
            if inner is None:
                return None
            at += 3 if token.is_sign("[") else 2
            if at >= end:
                return module.texts(*inner, depth + 1)
            begins = inner[0]
        return None

    def entries(self, at: int) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield the keys of an object that begins here, with where each value stands."""
        found = self.tokens
        close = self.pairs.get(at)
        if close is None or not found[at].is_sign("{"):
            return
        for start, end in parts_of(found, self.pairs, at + 1, close):
            key = found[start]
            if key.kind not in {"name", "text"}:
                continue
            if start + 1 < end and found[start + 1].is_sign(":", "="):
                yield key.text, (start + 2, end)
            elif end == start + 1:
                yield key.text, (start, end)

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the parts between commas."""
        return parts_of(self.tokens, self.pairs, start, end)

    def arguments(self, opened: int) -> Iterator[tuple[int, int]]:
        """Yield where each argument of a call stands; `opened` is its bracket."""
        close = self.pairs.get(opened)
        return iter(()) if close is None else self.parts(opened + 1, close)

    def object_at(self, at: int) -> int | None:
        """Return where an object begins that is given here, itself or by a constant's name."""
        if self.tokens[at].is_sign("{"):
            return at
        start = self.constants.get(self.tokens[at].text) if self.tokens[at + 1].is_sign(")", ",") else None
        return start if start is not None and self.tokens[start].is_sign("{") else None

    @staticmethod
    def _joined(pieces: "list[tuple[str, ...] | None]") -> tuple[str, ...] | None:
        known = [piece for piece in pieces if piece is not None]
        return tuple("".join(one) for one in product(*known)) if len(known) == len(pieces) else None


@lru_cache(maxsize=2048)
def imported_paths(source: str) -> frozenset[str]:
    """Return the paths that a module imports."""
    return frozenset(found["path"] or found["required"] for found in _IMPORT.finditer(source))
