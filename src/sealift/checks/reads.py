"""Follows the imports of each handler through its folder and the template's layers, and collects what they read."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from sealift.analysis.handlers import handler_files
from sealift.analysis.merge import of_one_cause
from sealift.analysis.node_reads import node_imports, node_program
from sealift.analysis.python_reads import program_reads
from sealift.analysis.python_units import live, python_imports, python_units
from sealift.analysis.regions import region_findings
from sealift.analysis.variables import fills_from_file, variable_findings
from sealift.cfn.values import function_properties, mapping_at
from sealift.checks.files import project_files, text
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.reads import FunctionReads, Read
from sealift.model.template import Asset, FunctionSpec, Template

_NODE_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx", "/index.js", "/index.ts", ".json")
_TEXTS = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx", ".json", ".yaml", ".yml", ".sh", ".toml")
_COMPILED = ("dist/", "build/", "lib/", "out/")
_OF_AWS = frozenset(("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "awscrt"))
"""Packages that come with the runtime, and often lie in the folder of a function."""
_MAX_FILES = 3_000


def code_reads(app: App, template: Template) -> Iterator[tuple[FunctionSpec, FunctionReads]]:
    """Yield each function whose handler is in its folder, with what its code reads; nested templates left out."""
    code = {i: asset for asset in template.assets if asset.kind == "function" for i in asset.logical_ids}
    layers = [app.root / asset.source for asset in template.assets if asset.kind == "layer"]
    known: dict[Path, dict[str, str]] = {}
    for function in template.functions:
        asset = code.get(function.logical_id)
        if asset is not None and (app.root / asset.source).is_dir():
            found = _of_function(app, function, asset, [one for one in layers if one.is_dir()], known)
            if found is not None:
                yield function, found


def read_findings(app: App, templates: Mapping[str, Template]) -> Iterator[Finding]:
    """Yield where code disagrees with the template on variables, or with the environments on regions."""
    for template in templates.values():
        foreign = _holding_more(app, template)
        shared: dict[str, list[Finding]] = {}
        missing: list[Finding] = []
        regions: list[FunctionReads] = []
        for function, code in code_reads(app, template):
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
        yield from read_findings(app, template.nested)


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


def _of_function(
    app: App, function: FunctionSpec, asset: Asset, layers: list[Path], known: dict[Path, dict[str, str]]
) -> FunctionReads | None:
    folder = app.root / asset.source
    runtime = function.runtime or ""
    handler = function.handler or ""
    if runtime.startswith("python"):
        files = {name: posixpath.splitext(name)[0].replace("/", ".") for name in handler_files(handler, runtime)}
        start = next((folder / name for name in files if (folder / name).is_file()), None)
        roots = [folder, *(one / "python" for one in layers), *layers]
        reached = _python(start, roots, handler.rpartition(".")[2]) if start else None
    elif runtime.startswith("nodejs"):
        start = node_start(folder, handler.rpartition(".")[0], asset)
        reached = _node(start) if start else None
    else:
        reached = None
    if reached is None:
        return None
    filled = any(fills_from_file(text(path)) for path in reached)
    reads = tuple(
        replace(
            read,
            file=posixpath.relpath(path, app.root),
            required=read.required and not (filled and read.kind == "variable"),
        )
        for path, found in reached.items()
        for read in found
    )
    sources: dict[str, str] = {}
    for one in (folder, *layers):
        if one not in known:
            known[one] = {
                str(one / name): text(one / name) for name in project_files(one)[:_MAX_FILES] if name.endswith(_TEXTS)
            }
        sources |= known[one]
    return FunctionReads(logical_id=function.logical_id, reads=reads, sources=sources)


def _python(start: Path, roots: list[Path], handler: str) -> dict[Path, tuple[Read, ...]]:
    """Return what each module reads that the handler loads; what it surely never calls is not required."""
    sources: dict[Path, str] = {}
    modules: dict[Path, str] = {}
    files_of = cache(partial(_python_files, roots=roots, installed=_installed(roots)))
    waiting = [start]
    while waiting and len(sources) < _MAX_FILES:
        path = waiting.pop()
        if path in sources:
            continue
        sources[path] = text(path)
        for root in roots:
            if path.is_relative_to(root):
                module = ".".join(path.relative_to(root).with_suffix("").parts)
                modules.setdefault(path, module)
                for name in python_imports(sources[path], module):
                    waiting += files_of(name)
    called = live({str(path): python_units(source) for path, source in sources.items()}, handler)
    found = program_reads({module: sources[path] for path, module in modules.items()})
    return {
        path: tuple(
            replace(r, required=r.required and r.unit in called)
            for r in found[modules[path]]
            if r.name or r.unit in called
        )
        for path in sources
    }


def _installed(roots: list[Path]) -> frozenset[str]:
    """Return the packages of others that lie in these folders: what is installed there has a record of its files."""
    records = [record for root in roots for record in root.glob("*.dist-info/RECORD")]
    return frozenset(
        re.split(r"[/,.]", line, maxsplit=1)[0] for record in records for line in text(record).splitlines()
    ).union(_OF_AWS)


def _python_files(module: str, roots: list[Path], installed: frozenset[str]) -> list[Path]:
    """Return the files that importing a module loads: its packages, and itself."""
    parts = module.split(".")
    if parts[0] in installed:
        return []
    for root in roots:
        if (root / parts[0]).is_dir() or (root / f"{parts[0]}.py").is_file():
            packages = [root.joinpath(*parts[: end + 1], "__init__.py") for end in range(len(parts))]
            return [path for path in (*packages, root.joinpath(*parts).with_suffix(".py")) if path.is_file()]
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


def _node(start: Path) -> dict[Path, tuple[Read, ...]]:
    sources: dict[str, str] = {}
    links: dict[str, dict[str, str]] = {}
    waiting = [start]
    while waiting and len(sources) < _MAX_FILES:
        path = waiting.pop()
        if str(path) in sources or path.suffix == ".json":
            continue
        sources[str(path)] = text(path)
        links[str(path)] = {}
        for name in node_imports(sources[str(path)]):
            there = Path(posixpath.normpath(path.parent / name))
            bare = there.with_suffix("") if there.suffix in {".js", ".mjs", ".cjs"} else there
            candidates = (there, *(Path(f"{one}{end}") for one in (there, bare) for end in _NODE_SUFFIXES))
            for one in [one for one in candidates if one.is_file()][:1]:
                links[str(path)][name] = str(one)
                waiting.append(one)
    return {Path(path): found for path, found in node_program(sources, links).items()}
