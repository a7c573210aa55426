"""Follows the imports of each handler through its folder and the template's layers, and collects what they read.

Which files these are is looked at in each command. What their texts say is kept under the texts, so that nothing is
parsed twice, and what a file says can never be that of another file.
"""

import json
import os
import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from sealift.analysis.handlers import handler_files
from sealift.analysis.merge import of_one_cause
from sealift.analysis.regions import region_findings
from sealift.analysis.variables import fills_from_file, variable_findings
from sealift.cfn.values import function_properties, mapping_at
from sealift.checks.aliases import aliases_of
from sealift.checks.files import project_files, text
from sealift.checks.versions import installed_version
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.reads import FunctionReads, Read
from sealift.model.template import Asset, FunctionSpec, Template
from sealift.ports import Memory

_NODE_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx", "/index.js", "/index.ts", ".json")
_TEXTS = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx", ".json", ".yaml", ".yml", ".sh", ".toml")
_COMPILED = ("dist/", "build/", "lib/", "out/")
_OF_AWS = frozenset(("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "awscrt"))
"""Packages that come with the runtime, and often lie in the folder of a function."""
_MAX_FILES = 3_000
_ROOMS = ("analysis", "model")
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_PARSERS = ("tree-sitter", "tree-sitter-typescript")


def code_reads(
    app: App, template: Template, memory: Memory | None = None
) -> Iterator[tuple[FunctionSpec, FunctionReads]]:
    """Yield each function whose handler is in its folder, with what its code reads; nested templates left out."""
    code = {i: asset for asset in template.assets if asset.kind == "function" for i in asset.logical_ids}
    layers = [app.root / asset.source for asset in template.assets if asset.kind == "layer"]
    tree = _Tree(memory)
    for function in template.functions:
        asset = code.get(function.logical_id)
        if asset is not None and (app.root / asset.source).is_dir():
            found = _of_function(app, function, asset, [one for one in layers if one.is_dir()], tree)
            if found is not None:
                yield function, found


def read_findings(app: App, templates: Mapping[str, Template], memory: Memory | None = None) -> Iterator[Finding]:
    """Yield where code disagrees with the template on variables, or with the environments on regions."""
    for template in templates.values():
        foreign = _holding_more(app, template)
        shared: dict[str, list[Finding]] = {}
        missing: list[Finding] = []
        regions: list[FunctionReads] = []
        for function, code in code_reads(app, template, memory):
            for finding in variable_findings(template, function, code):
                if finding.id == "variable-missing":
                    missing.append(finding)
                elif function.logical_id not in foreign and finding.data["of"] != "Globals":
                    yield finding
                elif function.logical_id not in foreign:
                    shared.setdefault(finding.data["variable"], []).append(finding)
            regions.append(code)
        yield from of_one_cause(missing, place=True)
        yield from region_findings(regions, app.environments)
        # What Globals give to all is needless when nobody names it.
        yield from (found[0] for found in shared.values() if len(found) == len(template.functions))
        yield from read_findings(app, template.nested, memory)


def _holding_more(app: App, template: Template) -> frozenset[str]:
    """Return the functions that hold code which is not in their folders: of a layer, or brought by a build of its own.

    It may read what the function is given.
    """
    plain = {i for asset in template.assets if not _is_made(app, asset) for i in asset.logical_ids}

    def more(logical_id: str) -> bool:
        layers = function_properties(template.body, logical_id).get("Layers", [])
        known = isinstance(layers, list) and all(mapping_at(one).get("Ref") in plain for one in layers)
        return not known or logical_id not in plain

    return frozenset(one.logical_id for one in template.functions if more(one.logical_id))


def _is_made(app: App, asset: Asset) -> bool:
    own = not app.build.commands.keys().isdisjoint(asset.logical_ids)
    return own or (asset.build_method or "").lower() == "makefile"


class _Tree:
    """The files as they are at one moment, each looked at once; and what is known of their texts."""

    def __init__(self, memory: Memory | None) -> None:
        self._memory = memory
        self.text = cache(text)
        self.names = cache(_names)
        self.installed = cache(self._installed)
        self.texts = cache(self._texts)
        self.kept = cache(self._kept)
        self.aliases = cache(lambda folder: aliases_of(folder, self.is_file, self.text))

    def is_file(self, path: Path) -> bool:
        """Whether there is such a file, or a link to one."""
        return self.names(str(path.parent)).get(path.name) == "file"

    def _installed(self, root: Path) -> frozenset[str]:
        """Return the packages of others that lie in a folder: what is installed there has a record of its files."""
        records = [root / name / "RECORD" for name in self.names(str(root)) if name.endswith(".dist-info")]
        lines = (line for record in records for line in self.text(record).splitlines())
        return frozenset(re.split(r"[/,.]", line, maxsplit=1)[0] for line in lines)

    def _texts(self, folder: Path) -> Mapping[str, str]:
        """Return the texts of a folder in which a name may stand, by path."""
        files = [folder / name for name in project_files(folder)[:_MAX_FILES] if name.endswith(_TEXTS)]
        return {str(file): self.text(file) for file in files}

    def _kept(self, make: Callable[..., Any], *of: str) -> Any:
        """Return what a function makes of texts, as JSON has it."""
        if self._memory is None:
            return make(*of)
        parts = (make.__name__, _PYTHON, *map(str, map(installed_version, _PARSERS)), *of)
        return json.loads(self._memory.kept(_ROOMS, parts, lambda: json.dumps(make(*of))))


def _names(folder: str) -> Mapping[str, str]:
    """Return what a folder holds, and whether that is a `folder` or a `file`; nothing of one that cannot be read."""
    try:
        return {entry.name: _kind(entry) for entry in os.scandir(folder)}
    except OSError:
        return {}


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:
        return ""  # a link that leads nowhere


def _of_function(
    app: App, function: FunctionSpec, asset: Asset, layers: list[Path], tree: _Tree
) -> FunctionReads | None:
    folder = app.root / asset.source
    runtime = function.runtime or ""
    handler = function.handler or ""
    if runtime.startswith("python"):
        files = {name: posixpath.splitext(name)[0].replace("/", ".") for name in handler_files(handler, runtime)}
        start = next((folder / name for name in files if (folder / name).is_file()), None)
        roots = [folder, *(one / "python" for one in layers), *layers]
        reached = _python(start, roots, handler.rpartition(".")[2], tree) if start else None
    elif runtime.startswith("nodejs"):
        start = node_start(folder, handler.rpartition(".")[0], asset)
        reached = _node(start, tree) if start else None
    else:
        reached = None
    if reached is None:
        return None
    filled = any(fills_from_file(tree.text(path)) for path in reached)
    reads = tuple(
        replace(
            read,
            file=posixpath.relpath(path, app.root),
            required=read.required and not (filled and read.kind == "variable"),
        )
        for path, found in reached.items()
        for read in found
    )
    sources = {path: said for one in (folder, *layers) for path, said in tree.texts(one).items()}
    return FunctionReads(logical_id=function.logical_id, reads=reads, sources=sources)


def _python(start: Path, roots: list[Path], handler: str, tree: _Tree) -> dict[Path, tuple[Read, ...]]:
    """Return what each module reads that the handler loads; what it surely never calls is not required."""
    modules: dict[Path, str] = {}
    installed = _OF_AWS.union(*map(tree.installed, roots))
    files_of = cache(lambda name: () if name.partition(".")[0] in installed else _python_files(name, roots, tree))
    waiting = [start]
    while waiting and len(modules) < _MAX_FILES:
        path = waiting.pop()
        if path in modules:
            continue
        for root in roots:
            if path.is_relative_to(root):
                module = ".".join(path.relative_to(root).with_suffix("").parts)
                modules.setdefault(path, module)
                for name in tree.kept(_python_imports, tree.text(path), module):
                    waiting += files_of(name)
    found = tree.kept(
        _python_reads, handler, *(part for path, name in modules.items() for part in (name, tree.text(path)))
    )
    return dict(zip(modules, map(_as_reads, found), strict=True))


def _python_imports(source: str, module: str) -> list[str]:
    from sealift.analysis.python_units import python_imports

    return sorted(python_imports(source, module))


def _python_reads(handler: str, *modules: str) -> list[list[dict[str, Any]]]:
    """Return what each module reads that a handler loads; `modules` are their names and texts in turn."""
    from sealift.analysis.python_reads import program_reads
    from sealift.analysis.python_units import live, python_units

    names, sources = modules[::2], modules[1::2]
    called = live({str(i): python_units(source) for i, source in enumerate(sources)}, handler)
    found = program_reads(dict(zip(names, sources, strict=True)))
    return [
        [
            asdict(replace(r, required=r.required and r.unit in called))
            for r in found[name]
            if r.name or r.unit in called
        ]
        for name in names
    ]


def _as_reads(said: Iterable[Mapping[str, Any]]) -> tuple[Read, ...]:
    return tuple(Read(**one) for one in said)


def _python_files(module: str, roots: list[Path], tree: _Tree) -> list[Path]:
    """Return the files that importing a module loads: its packages, and itself."""
    parts = module.split(".")
    for root in roots:
        names = tree.names(str(root))
        if names.get(parts[0]) == "folder" or names.get(f"{parts[0]}.py") == "file":
            packages = [str(root.joinpath(*parts[: end + 1])) for end in range(len(parts))]
            found = [Path(one, "__init__.py") for one in packages if tree.names(one).get("__init__.py") == "file"]
            last = Path(f"{packages[-1]}.py")
            return [*found, last] if tree.is_file(last) else found
    return []


def node_start(folder: Path, base: str, asset: Asset) -> Path | None:
    """Return the module of a handler: where it is, or that which a build makes it from."""
    inner = base.partition("/")[2]
    made = [inner, f"src/{inner}"] if base.startswith(_COMPILED) else []
    named = [folder / f"{one}{end}" for one in (base, *made) for end in _NODE_SUFFIXES]
    declared = asset.build_properties.get("EntryPoints")
    entries = [folder / str(one) for one in declared] if isinstance(declared, list) else []
    alike = [one for one in entries if one.stem == posixpath.basename(base)]
    return next((one for one in (*named, *alike, *(entries if len(entries) == 1 else ())) if one.is_file()), None)


def _node(start: Path, tree: _Tree) -> dict[Path, tuple[Read, ...]]:
    links: dict[Path, dict[str, Path]] = {}
    waiting = [start]
    while waiting and len(links) < _MAX_FILES:
        path = waiting.pop()
        if path in links or path.suffix == ".json":
            continue
        links[path] = {}
        for name in tree.kept(_node_imports, tree.text(path)):
            near = name.startswith(".")
            places = [path.parent / name] if near else tree.aliases(path.parent).places(name)
            for one in [one for place in places for one in _candidates(place) if tree.is_file(one)][:1]:
                links[path][name] = one
                waiting.append(one)
    numbers = {path: str(number) for number, path in enumerate(links)}
    named = [{name: numbers[there] for name, there in linked.items() if there in numbers} for linked in links.values()]
    found = tree.kept(_node_reads, json.dumps(named), *map(tree.text, links))
    return dict(zip(links, map(_as_reads, found), strict=True))


def _candidates(place: Path) -> Iterator[Path]:
    """Yield the files that a place may stand for which has no suffix, or that of what it is compiled to."""
    there = Path(posixpath.normpath(place))
    bare = there.with_suffix("") if there.suffix in {".js", ".mjs", ".cjs"} else there
    yield from (there, *(Path(f"{one}{end}") for one in (there, bare) for end in _NODE_SUFFIXES))


def _node_imports(source: str) -> list[str]:
    from sealift.analysis.node_trees import imported_paths

    return sorted(imported_paths(source))


def _node_reads(links: str, *sources: str) -> list[list[dict[str, Any]]]:
    """Return what each module reads; `links` says, as JSON, which module each imports, by its number."""
    from sealift.analysis.node_reads import node_program

    linked = {str(number): one for number, one in enumerate(json.loads(links))}
    found = node_program({str(number): source for number, source in enumerate(sources)}, linked)
    return [[asdict(read) for read in reads] for reads in found.values()]
