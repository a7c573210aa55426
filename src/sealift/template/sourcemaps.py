"""Lets Node.js read the source maps that esbuild makes, as `sam build` does.

A function with `Sourcemap: true` runs with `--enable-source-maps`; one that runs with it gets source maps.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
"""

from typing import Final

from sealift.cfn.values import mapping_at, mapping_on, scalar_text
from sealift.model.template import Asset, Json, Template

OPTION: Final = "--enable-source-maps"
_NAME: Final = "NODE_OPTIONS"


def runs_with_source_maps(properties: dict[str, Json]) -> bool:
    """Return whether a function's own options of Node.js switch source maps on."""
    options = mapping_at(properties, "Environment", "Variables").get(_NAME)
    return isinstance(options, str) and OPTION in options


def with_source_maps(body: dict[str, Json], template: Template) -> None:
    """Add the option to each function in `body` that esbuild makes source maps for. Globals count, and are kept."""
    for asset in template.assets:
        if not _mapped(asset):
            continue
        for path in asset.paths:
            resource = mapping_on(path[: path.index("Properties")], body)
            properties = mapping_at(resource, "Properties")
            environment = properties.get("Environment", {})
            variables = mapping_at(environment).get("Variables", {})
            if not isinstance(environment, dict) or not isinstance(variables, dict) or "Fn::If" in environment:
                continue  # what an intrinsic function gives cannot be added to
            given = variables.get(_NAME, _inherited(body, resource))
            changed: dict[str, Json] = {**variables, _NAME: _with_option(given)}
            resource["Properties"] = {**properties, "Environment": {**environment, "Variables": changed}}


def _mapped(asset: Asset) -> bool:
    declared = scalar_text(asset.build_properties.get("Sourcemap")).lower()
    return asset.kind == "function" and (asset.build_method or "").lower() == "esbuild" and declared == "true"


def _inherited(body: dict[str, Json], resource: dict[str, Json]) -> Json:
    if resource.get("Type") != "AWS::Serverless::Function":
        return ""
    return mapping_at(body, "Globals", "Function", "Environment", "Variables").get(_NAME, "")


def _with_option(given: Json) -> Json:
    if isinstance(given, dict):
        return {"Fn::Sub": [f"${{Given}} {OPTION}", {"Given": given}]}
    text = scalar_text(given)
    return text if OPTION in text.split() else f"{text} {OPTION}".strip()
