"""Bundles by esbuild, where the template asks for it.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from sealift.build.cache.store import Cache
from sealift.build.javascript.held import bundled
from sealift.build.javascript.npm import install_for_development
from sealift.build.planning import AssetPlan
from sealift.build.workshop import Done, Mirror, mirrored, run
from sealift.errors import BuildError
from sealift.model.template import Json
from sealift.ports import Process

_ENTRY_SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_WARNING = re.compile(r"\[WARNING\] (.+)\n(?:\n {4}(\S+:\d+:\d+):)?")


def bundle(
    plan: AssetPlan, process: Process, scratch: Path, *, cache: Cache, given: Mapping[str, str], force: bool
) -> Done:
    """Bundle the entry points with esbuild; `given` are the locks of a release that is built again.

    Raises BuildError.
    """
    mirror = mirrored(plan, scratch)
    lock = None
    if plan.packages is not None and plan.packages.needs_install(development=True):
        lock = install_for_development(plan, plan.packages, process, mirror, cache, given=given, force=force)
    artifacts = scratch / "artifacts"
    artifacts.mkdir()
    entries = _entry_points(plan, mirror.source)
    record = scratch / "esbuild.json"
    argv = [_program(mirror), *entries, "--bundle", "--platform=node", *_places(plan, entries, artifacts)]
    argv += [
        "--log-level=warning",
        "--log-limit=0",
        "--color=false",
        f"--metafile={record}",
        *options(plan.name, plan.asset.build_properties),
    ]
    done = run(plan, process, argv, cwd=mirror.source, hint=_HINT)
    _refuse_undeclared(plan, record, mirror)
    held = bundled(record.read_text(encoding="utf-8"), mirror.source)
    return Done(folder=artifacts, warnings=tuple(_warnings(plan, done.stderr)), lock=lock, held=held)


_HINT = "Name what it reads outside its folder under [build] inputs in sealift.toml, or fix what it reports."


def _program(mirror: Mirror) -> str:
    for folder in (mirror.source, *mirror.source.parents):
        if not folder.is_relative_to(mirror.top):
            break
        local = folder / "node_modules" / ".bin" / "esbuild"
        if local.exists():
            return str(local)
    return "esbuild"


def _handler_stem(plan: AssetPlan) -> str:
    """Return the handler's file without its suffix: Lambda ends it at the first dot of the last part."""
    folder, slash, name = (plan.asset.handler or "").rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}".removeprefix("./")


def _entry_points(plan: AssetPlan, source: Path) -> list[str]:
    declared = plan.asset.build_properties.get("EntryPoints")
    if isinstance(declared, list) and declared:
        return [str(entry) for entry in declared]
    stem = _handler_stem(plan)
    found = next((f"{stem}{suffix}" for suffix in _ENTRY_SUFFIXES if (source / f"{stem}{suffix}").is_file()), None)
    if found is None:
        raise BuildError(
            f"{plan.name}: esbuild needs an entry point, and there is no source for the handler {plan.asset.handler}",
            code="esbuild-entry-missing",
            hint="Set Metadata: BuildProperties: EntryPoints.",
        )
    return [found]


def _places(plan: AssetPlan, entries: list[str], artifacts: Path) -> list[str]:
    """Return the options that put the entry point of the handler where the handler says that its file is."""
    handler = PurePosixPath(_handler_stem(plan)).parts
    for entry in entries:
        path = PurePosixPath(entry)
        stem = path.with_suffix("").parts if path.suffix in _ENTRY_SUFFIXES else path.parts
        if stem[-len(handler) :] == handler and handler:
            base = "/".join(stem[: -len(handler)]) or "."
            return [f"--outdir={artifacts}", f"--outbase={base}"]
    for entry in entries if len(entries) == 1 else ():
        stem = PurePosixPath(entry).with_suffix("").parts
        if handler[-len(stem) :] == stem:  # as `sam build` puts it: at the top, though the handler names a folder
            return [f"--outdir={artifacts.joinpath(*handler[: -len(stem)])}", "--outbase=."]
    return [f"--outdir={artifacts}"]


def _refuse_undeclared(plan: AssetPlan, record: Path, mirror: Mirror) -> None:
    """Refuse what esbuild found beyond the copy, in a node_modules above it: it is not in the key of the result."""
    for name in json.loads(record.read_bytes())["inputs"]:
        path = (mirror.source / name).resolve()
        if ":" not in name and not path.is_relative_to(mirror.top):
            raise BuildError(
                f"{plan.name}: esbuild read {path}, which is not in the repository",
                code="source-outside",
                hint="Declare what the function needs in its package.json.",
            )


def _warnings(plan: AssetPlan, output: str) -> Iterator[str]:
    for text, place in _WARNING.findall(output):
        yield f"{plan.name}: esbuild warns: {text}{f' ({place})' if place else ''}"


def options(function: str, properties: Mapping[str, Json]) -> list[str]:
    """Return the options of esbuild for BuildProperties, over the defaults of SAM. Raises BuildError."""
    given = {"Minify": True, "Target": "es2020", "Format": "cjs", **properties}
    return [option for name, value in given.items() for option in _option(function, name, value)]


def _option(function: str, name: str, value: Json) -> list[str]:
    match name:
        case "EntryPoints" | "UseNpmCi":
            return []
        case "Minify" | "Sourcemap" | "KeepNames" | "SourcesContent":
            flag = {"KeepNames": "keep-names", "SourcesContent": "sources-content"}.get(name, name.lower())
            if _true(value):
                return [f"--{flag}"]
            if name == "Sourcemap" and value in ("linked", "inline", "external", "both"):
                return [f"--sourcemap={value}"]
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
                f"{function}: BuildProperties {name} of esbuild is not supported",
                code="build-property-unsupported",
                hint="Remove it, or build with BuildMethod: makefile.",
            )


def _true(value: Json) -> bool:
    return value is True or str(value).lower() == "true"


def _list(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}={text}" for key, text in value.items()]
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _joined(value: Json) -> str:
    return ",".join(_list(value))
