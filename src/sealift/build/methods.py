"""Decides how an asset is built: by its kind, its BuildMethod, its runtime and what is in its folder."""

from pathlib import Path
from typing import Literal

from sealift.errors import BuildError
from sealift.model.template import Asset

Method = Literal["file", "archive", "single", "copy", "python", "node", "esbuild", "makefile", "command", "shared"]
"""file and archive are stored as they are, single is a zip of one file, copy a zip of a folder; shared is a layer
of what functions have in common."""

COMMAND = "command"
"""The BuildMethod of what a command line of sealift.toml builds."""
_ARCHIVES = (".zip", ".jar", ".war")
_COMPILED = {
    "java": ("pom.xml", "build.gradle", "build.gradle.kts"),
    "dotnet": ("*.csproj", "*.fsproj"),
    "go": ("go.mod",),
    "rust": ("Cargo.toml",),
    "ruby": ("Gemfile",),
}


def method_of(asset: Asset, source: Path) -> Method:
    """Return how to build the asset. Raises BuildError naming a method that is not supported and what to do."""
    if asset.kind == "file":
        return "file"
    if source.is_file() and asset.build_method != COMMAND:
        return "archive" if source.suffix in _ARCHIVES else "single"
    declared = (asset.build_method or "").lower()
    if not declared:
        return _by_runtime(asset, source) if asset.kind == "function" else "copy"
    if declared in ("skip", "none"):
        return "copy"
    if declared == COMMAND and COMMAND in asset.build_properties:
        return "command"
    if declared == "makefile" or declared.startswith("provided"):
        return "makefile"
    if declared.startswith("python"):
        return "python"
    if declared == "esbuild":
        return "esbuild"
    if declared.startswith("nodejs"):
        return "node"
    raise _unsupported(asset, f"BuildMethod {asset.build_method}")


def _by_runtime(asset: Asset, source: Path) -> Method:
    runtime = asset.runtime or ""
    if runtime.startswith("python"):
        return "python"
    if runtime.startswith("nodejs"):
        return "node"
    if not runtime and any((source / name).is_file() for name in ("requirements.txt", "package.json")):
        raise BuildError(
            f"{', '.join(asset.logical_ids)}: the runtime is not known, so its dependencies cannot be chosen",
            code="runtime-unknown",
            hint="Write the Runtime out, or give the parameter that it comes from a Default.",
        )
    if runtime.startswith("provided") and (source / "Makefile").is_file() and not (source / "bootstrap").is_file():
        return "makefile"
    for language, names in _COMPILED.items():
        if any(next(source.glob(name), None) for name in names) and not (source / "bootstrap").is_file():
            raise _unsupported(asset, f"{language} source")
    return "copy"


def _unsupported(asset: Asset, what: str) -> BuildError:
    return BuildError(
        f"{', '.join(asset.logical_ids)}: {what} ({asset.source}) is not built by Sealift",
        code="build-method-unsupported",
        hint="Build it before `sealift build` and point the property at the result (a folder or a zip), or set "
        "Metadata: BuildMethod: makefile and write a build-<LogicalId> target, or name a command for it under "
        "[build.commands] in sealift.toml.",
        context={"logical_ids": list(asset.logical_ids), "source": asset.source},
    )


def prefix_of(asset: Asset, method: Method) -> str:
    """Return the folder of a layer in which its runtime looks, or nothing."""
    if asset.kind != "layer":
        return ""
    return {"python": "python/", "node": "nodejs/", "esbuild": "nodejs/"}.get(method, "")
