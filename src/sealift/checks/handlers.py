"""Looks whether the file that a handler names is in the function's code, and the function in that file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sealift.analysis.handlers import handler_files, lacks_function
from sealift.checks.files import text
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.template import Asset, FunctionSpec, Template

TOOL, RULE = "sealift", "handler-missing"
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
                layered = _has_layers(template, function)
                yield from _of_function(function, app.root / asset.source, asset, layered=layered)
        yield from handler_findings(app, template.nested)


def _is_what_is_there(app: App, function: FunctionSpec, asset: Asset) -> bool:
    """Whether the function's code is its folder as it stands, and dependencies."""
    made = function.logical_id in app.build.commands or not (asset.build_method or "python").startswith("python")
    return not made and (app.root / asset.source).is_dir()


def _has_layers(template: Template, function: FunctionSpec) -> bool:
    resources = template.body.get("Resources")
    resource = resources.get(function.logical_id) if isinstance(resources, dict) else None
    own = resource.get("Properties") if isinstance(resource, dict) else None
    everywhere = template.body.get("Globals")
    shared = everywhere.get("Function") if isinstance(everywhere, dict) else None
    return any(isinstance(one, dict) and "Layers" in one for one in (own, shared))


def _of_function(function: FunctionSpec, folder: Path, asset: Asset, *, layered: bool) -> Iterator[Finding]:
    handler = function.handler or ""
    files = handler_files(handler, function.runtime or "")
    found = next((folder / file for file in files if (folder / file).is_file()), None)
    what = f"{function.logical_id} would fail at every call: its Handler is {handler}, but "
    if files and found is None:
        installed = any((folder / name).is_file() for name in _DECLARES_PACKAGES)
        unless = ", unless a layer brings it" if layered else ""
        yield _finding(function, f"{what}{asset.source} has no {files[0]}{unless}", stops=not installed and not layered)
    elif found is not None and found.suffix == ".py" and lacks_function(text(found), handler.rpartition(".")[2]):
        yield _finding(function, f"{what}{files[0]} has no {handler.rpartition('.')[2]}", stops=True)


def _finding(function: FunctionSpec, message: str, *, stops: bool) -> Finding:
    return Finding(
        tool=TOOL,
        id=RULE,
        severity="high" if stops else "medium",
        message=message,
        location=function.location,
        fix="Correct Handler (file, a dot, function), or CodeUri.",
        stops=stops,
    )
