"""Looks whether a handler is in the function's code, and whether it fits the events that the template sends it."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sealift.analysis.handlers import handler_files, handler_parts, lacks_export, lacks_function
from sealift.analysis.misread import always_read, callers, misreads, mistyped
from sealift.cfn.sources import Source
from sealift.cfn.values import function_properties
from sealift.checks.files import declares_script, text
from sealift.checks.reads import node_start
from sealift.model.app import App
from sealift.model.finding import Finding, Severity
from sealift.model.template import Asset, FunctionSpec, Location, Template

TOOL, RULE = "sealift", "handler-missing"
_BUILT = frozenset({"dist", "build", "out", ".build", "lib"})
"""Folders that a build writes, and that nobody commits."""
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx")
_TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")
_DECLARES_PACKAGES = ("requirements.txt", "pyproject.toml", "Pipfile", "package.json")


def handler_findings(app: App, templates: Mapping[str, Template]) -> Iterator[Finding]:
    """Yield each handler that is not in the code of its function.

    What a build of its own may bring is not judged; what a dependency or a layer may bring is advice. The function's
    own code comes before its layers, so a file that is in it is judged whatever they hold.
    """
    for template in templates.values():
        code = {name: asset for asset in template.assets if asset.kind == "function" for name in asset.logical_ids}
        for function in template.functions:
            asset = code.get(function.logical_id)
            if asset is not None and _is_what_is_there(app, function, asset):
                yield from _of_function(app, template, function, asset)
            elif asset is not None and (function.runtime or "").startswith("nodejs"):
                yield from _of_bundle(app, template, function, asset)
        yield from handler_findings(app, template.nested)


def _is_what_is_there(app: App, function: FunctionSpec, asset: Asset) -> bool:
    """Whether the function's code is its folder as it stands, and dependencies."""
    made = function.logical_id in app.build.commands or not (asset.build_method or "python").startswith("python")
    return not made and (app.root / asset.source).is_dir()


def _of_function(app: App, template: Template, function: FunctionSpec, asset: Asset) -> Iterator[Finding]:
    folder = app.root / asset.source
    layered = "Layers" in function_properties(template.body, function.logical_id)
    handler = function.handler or ""
    files = handler_files(handler, function.runtime or "")
    found = next((folder / file for file in files if (folder / file).is_file()), None)
    what = f"{function.logical_id} would fail at every call: its Handler is {handler}, but "
    if files and found is None:
        installed = any((folder / name).is_file() for name in _DECLARES_PACKAGES)
        unless = ", unless a layer brings it" if layered else ""
        stops = not installed and not layered
        built = _BUILT.intersection(posixpath.normpath(posixpath.join(asset.source, files[0])).split("/"))
        one = _finding(template, function, f"{what}{asset.source} has no {files[0]}{unless}", stops=stops)
        yield _not_built(one, _build_of(app.root, folder), files[0]) if built else one
    elif found is not None and found.suffix in _JAVASCRIPT:
        name = handler_parts(handler, function.runtime or "")[1]
        place = found.relative_to(folder).as_posix()
        if lacks_export(text(found), name):
            yield _finding(template, function, f"{what}{place} exports no {name}", stops=True)
        yield from _of_javascript(template, function, found, posixpath.normpath(posixpath.join(asset.source, place)))
    elif found is not None and found.suffix == ".py":
        name, source = handler.rpartition(".")[2], text(found)
        if lacks_function(source, name):
            yield _finding(template, function, f"{what}{files[0]} has no {name}", stops=True)
        place = posixpath.normpath(posixpath.join(asset.source, found.relative_to(folder).as_posix()))
        called_by = callers(template.body, function.logical_id)
        for key, line, sources in misreads(always_read, source, name, called_by):
            yield _misread(function, key, Location(file=place, line=line), sources)
        for kind, line, sources in mistyped(source, name, called_by, typescript=False):
            yield _mistyped(function, kind, Location(file=place, line=line), sources)


def _not_built(finding: Finding, command: str, file: str) -> Finding:
    made = f"`{command}` makes it" if command else "a build makes it"
    run = f"Run `{command}`" if command else "Run your build"
    fix = f"{run} before Sealift, or have Sealift build it: by [build.commands], or by BuildMethod: esbuild."
    message = finding.message.replace(f"has no {file}", f"has no {file} yet: {made}")
    return replace(finding, id="handler-not-built", message=message, fix=fix)


def _build_of(root: Path, folder: Path) -> str:
    """Return the command that the nearest package.json declares for a build; empty where none does."""
    for above in (folder, *folder.parents):
        if declares_script(text(above / "package.json"), "build"):
            where = above.relative_to(root).as_posix()
            return "npm run build" if where == "." else f"npm --prefix {where} run build"
        if above == root:
            break
    return ""


def _of_bundle(app: App, template: Template, function: FunctionSpec, asset: Asset) -> Iterator[Finding]:
    base = handler_parts(function.handler or "", function.runtime or "")[0]
    start = node_start(app.root / asset.source, base, asset) if base else None
    if start is not None and start.suffix in _JAVASCRIPT + _TYPESCRIPT:
        yield from _of_javascript(template, function, start, posixpath.relpath(start, app.root))


def _of_javascript(template: Template, function: FunctionSpec, file: Path, place: str) -> Iterator[Finding]:
    called_by = callers(template.body, function.logical_id)
    if not called_by:
        return
    from sealift.analysis import node_misread

    name = handler_parts(function.handler or "", function.runtime or "")[1]
    typed = mistyped(text(file), name, called_by, typescript=True) if file.suffix in _TYPESCRIPT else iter(())
    for key, line, sources in misreads(node_misread.always_read, text(file), name, called_by):
        yield _misread(function, key, Location(file=place, line=line), sources)
        return  # of a handler that is written for another event, the first line that fails says enough
    for kind, line, sources in typed:
        yield _mistyped(function, kind, Location(file=place, line=line), sources, severity="medium")


def _mistyped(
    function: FunctionSpec, kind: str, place: Location, sources: Sequence[Source], *, severity: Severity = "high"
) -> Finding:
    comes = " and ".join(str(one) for one in sources)
    return Finding(
        tool=TOOL,
        id="event-misread",
        severity=severity,
        message=f"{function.logical_id} takes its event by {kind}, which it is not when it is called by {comes}",
        location=place,
        fix="Take what that source sends (`sealift invoke` shows it), or give it a function of its own.",
        data={"function": function.logical_id, "key": kind},
    )


def _misread(function: FunctionSpec, key: str, place: Location, sources: Sequence[Source]) -> Finding:
    fails = " and ".join(str(one) for one in sources)
    return Finding(
        tool=TOOL,
        id="event-misread",
        severity="high",
        message=f'{function.logical_id} reads event["{key}"], which it never gets when it is called by {fails}',
        location=place,
        fix="Read what that source sends (`sealift invoke` shows it), or give it a function of its own.",
        data={"function": function.logical_id, "key": key},
    )


def _finding(template: Template, function: FunctionSpec, message: str, *, stops: bool) -> Finding:
    line = template.line(("Resources", function.logical_id, "Properties", "Handler"))
    return Finding(
        tool=TOOL,
        id=RULE,
        severity="high" if stops else "medium",
        message=message,
        location=Location(file=template.file, line=line, logical_id=function.logical_id),
        fix="Correct Handler (file, a dot, function), or CodeUri.",
        stops=stops,
    )
