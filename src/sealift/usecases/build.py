"""Build one release of an application: load its templates, build what they point at, seal both."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sealift.delivery.manifest import seal, template_digest
from sealift.delivery.order import deployment_order
from sealift.delivery.parameters import ENVIRONMENT_PARAMETER
from sealift.delivery.sizes import too_large
from sealift.errors import BuildError, ConfigError, did_you_mean
from sealift.model.app import App, StackSpec
from sealift.model.event import ArtifactBuilt
from sealift.model.release import UNBUILT, Artifact, BuiltArtifact, BuiltRelease, Finished, Looked, Origin, SealedStack
from sealift.model.template import Asset, Template
from sealift.usecases.finished import finished
from sealift.usecases.services import Services, phase
from sealift.usecases.untracked import tell_untracked

BUILT_BY_COMMAND = "command"
"""The build method of what a command line of sealift.toml builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """An asset with its place among all templates: `scope` is `<stack>` or `<stack>/<Nested>…`."""

    scope: str
    asset: Asset

    @property
    def key(self) -> str:
        return f"{self.scope}:{self.asset.key}"


def load_templates(app: App, services: Services, *, buildable: bool = True) -> dict[str, Template]:
    """Return the parsed template of each stack, in deployment order. Raises TemplateError or ConfigError.

    Unless they have to be `buildable`, code of functions may be missing or be a container image.
    """
    ordered = deployment_order(app.stacks)
    return {
        s.name: services.templates.load(app.root, s.template, buildable=buildable, given=given_everywhere(app, s))
        for s in ordered
    }


def given_everywhere(app: App, spec: StackSpec) -> dict[str, dict[str, str]]:
    """Return the values for a stack's parameters by environment, previews among them, with the region."""
    return {
        environment.name: {
            ENVIRONMENT_PARAMETER: environment.name,
            **spec.parameters,
            **environment.parameters,
            **environment.stack_parameters.get(spec.name, {}),
            "AWS::Region": environment.region,
        }
        for environment in app.proved
    }


def every_template(templates: Iterable[Template]) -> tuple[Template, ...]:
    """Return these templates and all that are nested in them."""
    found: list[Template] = []
    for template in templates:
        found += [template, *every_template(template.nested.values())]
    return tuple(found)


def build_release(
    app: App,
    services: Services,
    *,
    templates: Mapping[str, Template],
    origin: Origin,
    force: bool = False,
    look: Callable[[Sequence[Finished], Services], Callable[[], Looked]] | None = None,
) -> BuiltRelease:
    """Build and seal one release, and load each function once; its blobs are then on this machine.

    `look` is asked about the finished functions instead of `look_at`; what it returns may wait. Raises BuildError.
    """
    start = services.clock.monotonic()
    with phase(services, "build") as outcome:
        wanted = [w for name, template in templates.items() for w in _wanted(name, template, app, services)]
        _refuse_unknown_commands(app, wanted)
        built = services.builder.build(app.root, [_prepared(w, app) for w in wanted], force=force)
        named = {w.key: _named(w, built[w.key]) for w in wanted if w.key in built}
        for name, template in templates.items():
            _refuse_too_large(name, template, named)
        functions = [one for name, template in templates.items() for one in finished(name, template, named)]
        settle, since = (look or look_at)(functions, services), services.clock.monotonic()
        looked = settle()
        outcome.waited_s = services.clock.monotonic() - since
        files: dict[str, Path] = {b.artifact.sha256: b.path for b in named.values()}
        nested: list[BuiltArtifact] = []
        sealing = _Sealing(services=services, named=named, files=files, nested=nested)
        stacks = tuple(_seal_stack(app, name, template, sealing) for name, template in templates.items())
        artifacts = _merged([*named.values(), *nested])
        release = seal(app=app.name, stacks=stacks, artifacts=[b.artifact for b in artifacts])
        for artifact in artifacts:
            _tell(services, artifact)
        tell_untracked(app.root, [(w.asset.source, named[w.key]) for w in wanted if w.key in named], services)
        tell_outside(stacks, files, services)
        outcome.detail = f"release {release.short()}"
    return BuiltRelease(
        release=release,
        origin=origin,
        artifacts=artifacts,
        files=files,
        template_sha256=template_digest(stacks),
        duration_s=round(services.clock.monotonic() - start - outcome.waited_s, 3),
        looked=looked,
    )


def look_at(functions: Sequence[Finished], services: Services) -> Callable[[], Looked]:
    """Look at finished functions, each loaded once. Raises BuildError for what would fail at every call."""
    seen = services.builder.look(functions)
    return lambda: tell_seen(seen, services)


def tell_seen(seen: Looked, services: Services) -> Looked:
    """Report what may fail and what was not looked at, and return it."""
    for told in seen.warnings:
        services.note("artifact-warning", told, level="warning")
    for told in seen.unseen:
        services.note("artifact-not-loaded", told)
    return seen


def tell_outside(stacks: Iterable[SealedStack], files: Mapping[str, Path], services: Services) -> None:
    """Report what the sealed templates read from outside the release; its content is not checked here."""

    def read(sha256: str) -> bytes:
        return files[sha256].read_bytes()

    found = [
        one
        for stack in stacks
        for one in services.templates.outside(read(stack.template_sha256), parameters={}, read=read)
    ]
    functions = [one.logical_id for one in found if one.kind in ("function", "image")]
    others = [f"{one.logical_id} ({one.kind})" for one in found if one.kind not in ("function", "image")]
    told = [f"{_counted(functions)} code outside the release: {', '.join(functions)}"] if functions else []
    told += [f"Outside the release, too: {', '.join(others)}"] if others else []
    for message in told:
        services.note(
            "code-outside",
            message,
            level="warning",
            hint="It is looked for in each environment before anything is written there; its bytes are not sealed.",
        )


def _counted(functions: Sequence[str]) -> str:
    return "1 function has" if len(functions) == 1 else f"{len(functions)} functions have"


def outline(
    app: App, services: Services, *, templates: Mapping[str, Template]
) -> tuple[tuple[SealedStack, ...], Mapping[str, Path]]:
    """Seal all templates with nothing built; return the stacks, and the sealed templates' files by their SHA-256.

    It is what a release will be but for the hashes of its code, and takes none of the tools that build.
    """
    wanted = [w for name, template in templates.items() for w in _wanted(name, template, app, services)]
    named = {w.key: _named(w, _unbuilt(w.asset)) for w in wanted}
    sealing = _Sealing(services=services, named=named, files={}, nested=[])
    stacks = tuple(_seal_stack(app, name, template, sealing) for name, template in templates.items())
    return stacks, sealing.files


def _unbuilt(asset: Asset) -> BuiltArtifact:
    artifact = Artifact(sha256=UNBUILT, size_bytes=0, kind=asset.kind, logical_ids=asset.logical_ids)
    return BuiltArtifact(artifact=artifact, path=Path(), built=False, reason="not built")


def _wanted(scope: str, template: Template, app: App, services: Services) -> Iterator[_Wanted]:
    for asset in template.assets:
        if asset.kind == "template":
            yield from _wanted(f"{scope}/{asset.logical_ids[0]}", template.nested[asset.key], app, services)
        else:
            yield _Wanted(scope=scope, asset=asset)
    for layer in services.templates.shared_layers(template) if app.build.shared_layer else ():
        yield _Wanted(scope=scope, asset=layer)


def _prepared(wanted: _Wanted, app: App) -> Asset:
    """Return the asset under its key among all templates, with the command of sealift.toml that builds it."""
    asset = replace(wanted.asset, key=wanted.key, members=tuple(f"{wanted.scope}:{m}" for m in wanted.asset.members))
    asset = replace(asset, packing=app.build.packing)
    commands = {app.build.commands[name] for name in asset.logical_ids if name in app.build.commands}
    if not commands:
        return asset
    if len(commands) > 1:
        raise ConfigError(
            f"{' and '.join(asset.logical_ids)} have the same source and settings, but two commands to build it",
            code="build-commands-differ",
            hint="Give both the same command under [build.commands], or each a source of its own.",
        )
    return replace(asset, build_method=BUILT_BY_COMMAND, build_properties={"command": commands.pop()})


def _refuse_too_large(scope: str, template: Template, named: Mapping[str, BuiltArtifact]) -> None:
    """Refuse a function that does not fit into Lambda with its layers; one alone was refused by who built it."""
    built = {key.removeprefix(f"{scope}:"): one for key, one in named.items() if key.startswith(f"{scope}:")}
    code = [(name, built[asset.key]) for asset in template.assets if asset.key in built for name in asset.logical_ids]
    sizes = {name: one.unzipped_bytes for name, one in code}
    sizes |= {key: one.unzipped_bytes for key, one in built.items() if one.artifact.kind == "layer"}
    shared = {name: one.layer.removeprefix(f"{scope}:") for name, one in code if one.layer}
    for told in too_large(template, sizes, shared):
        raise BuildError(told, code="package-too-large", hint="Leave out what it does not use, or split the function.")
    for asset in template.assets:
        if asset.kind == "template":
            _refuse_too_large(f"{scope}/{asset.logical_ids[0]}", template.nested[asset.key], named)


def _refuse_unknown_commands(app: App, wanted: Iterable[_Wanted]) -> None:
    known = sorted({name for w in wanted if w.asset.kind in ("function", "layer") for name in w.asset.logical_ids})
    for name in app.build.commands:
        if name not in known:
            raise ConfigError(
                f"{name} under [build.commands] is not a function or layer with local code{did_you_mean(name, known)}",
                code="build-command-unknown",
                hint="Use the logical id that the resource has in the template.",
            )


def _named(wanted: _Wanted, built: BuiltArtifact) -> BuiltArtifact:
    ids = tuple(f"{wanted.scope}/{logical_id}" for logical_id in wanted.asset.logical_ids)
    return replace(built, artifact=replace(built.artifact, logical_ids=ids))


def _merged(parts: Sequence[BuiltArtifact]) -> tuple[BuiltArtifact, ...]:
    """Return one built artifact per content: assets with equal bytes are one blob."""
    merged: dict[str, BuiltArtifact] = {}
    for built in parts:
        known = merged.get(built.artifact.sha256)
        if known is None:
            merged[built.artifact.sha256] = built
            continue
        ids = tuple(sorted({*known.artifact.logical_ids, *built.artifact.logical_ids}))
        merged[built.artifact.sha256] = replace(
            known, artifact=replace(known.artifact, logical_ids=ids), built=known.built or built.built
        )
    return tuple(merged.values())


def _seal_stack(app: App, name: str, template: Template, sealing: "_Sealing") -> SealedStack:
    spec = next(s for s in app.stacks if s.name == name)
    unknown = sorted(set(spec.parameters) - {p.name for p in template.parameters})
    if unknown:
        raise ConfigError(
            f'Stack "{name}" is given parameters that {template.file} does not declare: {", ".join(unknown)}',
            code="unknown-parameter",
            hint="Remove them from sealift.toml, or declare them in the template.",
        )
    path = _seal_template(name, template, sealing)
    return SealedStack(
        name=name,
        template_sha256=path.name,
        needs=spec.needs,
        parameters=template.parameters,
        settings=template.settings,
        versioned=template.versioned,
        functions=tuple(_functions(name, "", template, sealing.named)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealing:
    """What sealing reads and fills: files and nested templates grow as it goes."""

    services: Services
    named: Mapping[str, BuiltArtifact]
    files: dict[str, Path]
    nested: list[BuiltArtifact]


def _seal_template(scope: str, template: Template, sealing: _Sealing) -> Path:
    """Seal a template, those nested in it first; store it, and return its path, which is named by its SHA-256."""
    blobs: dict[str, str] = {}
    layers: dict[str, str] = {}
    for asset in template.assets:
        if asset.kind == "template":
            inner = f"{scope}/{asset.logical_ids[0]}"
            path = _seal_template(inner, template.nested[asset.key], sealing)
            sealing.nested.append(_nested(path, inner))
            blobs[asset.key] = path.name
        else:
            built = sealing.named[f"{scope}:{asset.key}"]
            blobs[asset.key] = built.artifact.sha256
            if built.layer:
                layers[asset.key] = built.layer.removeprefix(f"{scope}:")
    blobs |= {layer: sealing.named[f"{scope}:{layer}"].artifact.sha256 for layer in layers.values()}
    path = sealing.services.builder.store(sealing.services.templates.seal(template, blobs, layers))
    sealing.files[path.name] = path
    return path


def _nested(path: Path, name: str) -> BuiltArtifact:
    size_bytes = path.stat().st_size
    artifact = Artifact(sha256=path.name, size_bytes=size_bytes, kind="template", logical_ids=(name,))
    return BuiltArtifact(artifact=artifact, path=path, built=False, reason="nested template")


def _functions(
    scope: str, prefix: str, template: Template, named: Mapping[str, BuiltArtifact]
) -> Iterator[tuple[str, str]]:
    """Yield each function with code of its own as (`Nested/LogicalId`, SHA-256 of its zip)."""
    for asset in template.assets:
        if asset.kind == "template":
            nested = template.nested[asset.key]
            logical_id = asset.logical_ids[0]
            yield from _functions(f"{scope}/{logical_id}", f"{prefix}{logical_id}/", nested, named)
        elif asset.kind == "function":
            sha256 = named[f"{scope}:{asset.key}"].artifact.sha256
            for logical_id in asset.logical_ids:
                yield (f"{prefix}{logical_id}", sha256)


def _tell(services: Services, built: BuiltArtifact) -> None:
    services.events.emit(
        ArtifactBuilt(
            logical_ids=built.artifact.logical_ids,
            sha256=built.artifact.sha256,
            size_bytes=built.artifact.size_bytes,
            built=built.built,
            reason=built.reason,
        )
    )
    for warning in built.warnings:
        services.note("artifact-warning", warning, level="warning")
