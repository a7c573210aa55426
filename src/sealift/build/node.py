"""Node.js packages: dependencies by npm from the lock file, and bundles by esbuild where the template asks for it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
"""

import json
import posixpath
from pathlib import Path
from typing import Any

from sealift.build.planning import NODE_DECLARATIONS, Plan
from sealift.build.workshop import copy_source, run
from sealift.errors import BuildError
from sealift.model.template import Json
from sealift.ports import Process

_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_PROCESSORS = {"x86_64": "x64", "arm64": "arm64"}
_ENTRY_SUFFIXES = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cjs")


def manifest(folder: Path) -> dict[str, Any]:
    """Return package.json, or an empty one. Raises BuildError when it can not be read."""
    path = folder / "package.json"
    try:
        parsed = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BuildError(f"{path}: {error}", code="package-json-invalid", hint="Correct the file.") from error
    return parsed if isinstance(parsed, dict) else {}


def needs_install(plan: Plan, *, development: bool) -> bool:
    """Return whether npm has anything to install."""
    wanted = ["dependencies", "optionalDependencies", *(["devDependencies"] if development else [])]
    declared = manifest(plan.source)
    return any(declared.get(section) for section in wanted)


def dependency_files(plan: Plan) -> dict[str, str]:
    """Return the SHA-256 of every file that decides what npm installs."""
    return {f.name: f.sha256 for f in plan.tree.files if f.name in NODE_DECLARATIONS}


def names_folders(plan: Plan) -> bool:
    """Return whether a dependency is a folder of the source itself."""
    declared = manifest(plan.source)
    sections = (declared.get(name) or {} for name in ("dependencies", "optionalDependencies"))
    return "workspaces" in declared or any(str(v).startswith("file:") for s in sections for v in s.values())


def locked(plan: Plan) -> bool:
    """Return whether there is a lock file of npm's."""
    return any((plan.source / name).is_file() for name in _LOCKS)


def install(plan: Plan, process: Process, into: Path, *, development: bool = False) -> None:
    """Install the dependencies into a folder that holds a copy of package.json and the lock. Raises BuildError."""
    argv = ["npm", "ci" if locked(plan) else "install", "--no-audit", "--no-fund", "--loglevel=error"]
    if not development:
        processor = _PROCESSORS.get(plan.asset.architecture, plan.asset.architecture)
        argv += ["--omit=dev", "--os=linux", "--libc=glibc", f"--cpu={processor}"]
    run(plan, process, argv, cwd=into)


def bundle(plan: Plan, process: Process, scratch: Path) -> Path:
    """Bundle the entry points with esbuild and return the folder of the result. Raises BuildError."""
    source = copy_source(plan, scratch / "source")
    if needs_install(plan, development=True):
        install(plan, process, source, development=True)
    local = source / "node_modules" / ".bin" / "esbuild"
    artifacts = scratch / "artifacts"
    artifacts.mkdir()
    program = str(local) if local.exists() else "esbuild"
    argv = [program, *_entry_points(plan, source), "--bundle", "--platform=node", f"--outdir={artifacts}"]
    run(plan, process, [*argv, *_options(plan)], cwd=source)
    return artifacts


def _entry_points(plan: Plan, source: Path) -> list[str]:
    declared = plan.asset.build_properties.get("EntryPoints")
    if isinstance(declared, list) and declared:
        return [str(entry) for entry in declared]
    stem = posixpath.splitext(plan.asset.handler or "")[0]
    found = next((f"{stem}{suffix}" for suffix in _ENTRY_SUFFIXES if (source / f"{stem}{suffix}").is_file()), None)
    if found is None:
        raise BuildError(
            f"{plan.name}: esbuild needs an entry point, and there is no source for the handler {plan.asset.handler}",
            code="esbuild-entry-missing",
            hint="Set Metadata: BuildProperties: EntryPoints.",
        )
    return [found]


def _options(plan: Plan) -> list[str]:
    properties = {"Minify": True, "Target": "es2020", "Format": "cjs", **plan.asset.build_properties}
    options: list[str] = []
    for name, value in properties.items():
        options += _option(plan, name, value)
    return options


def _option(plan: Plan, name: str, value: Json) -> list[str]:
    match name:
        case "EntryPoints" | "UseNpmCi":
            return []
        case "Minify" | "Sourcemap" | "KeepNames" | "SourcesContent":
            flag = {"KeepNames": "keep-names", "SourcesContent": "sources-content"}.get(name, name.lower())
            if _true(value):
                return [f"--{flag}"]
            return [f"--{flag}=false"] if name == "SourcesContent" else []
        case "Target" | "Format" | "MainFields":
            return [f"--{'main-fields' if name == 'MainFields' else name.lower()}={_joined(value)}"]
        case "External":
            return [f"--external:{entry}" for entry in _list(value)]
        case "Loader":
            return [f"--loader:{entry}" for entry in _list(value)]
        case "OutExtension":
            return [f"--out-extension:{entry}" for entry in _list(value)]
        case "Banner" | "Footer":
            return [f"--{name.lower()}:{entry}" for entry in _list(value)]
        case _:
            raise BuildError(
                f"{plan.name}: BuildProperties {name} of esbuild is not supported",
                code="build-property-unsupported",
                hint="Remove it, or build with BuildMethod: makefile.",
            )


def _true(value: Json) -> bool:
    return value is True or str(value).lower() == "true"


def _list(value: Json) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _joined(value: Json) -> str:
    return ",".join(_list(value))
