"""The environments of a release as the proof sees them: every stack rendered with that environment's parameters."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.cfn.values import mapping_at, properties, resources
from sealift.delivery.buckets import bucket_name
from sealift.delivery.parameters import given_parameters, resolve_parameters
from sealift.isolation.model import UNDECLARED_ACCOUNT, EnvironmentView, StackView
from sealift.model.app import App, Environment
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER, UNBUILT, BuiltRelease, Release, SealedStack
from sealift.model.template import Asset, Json, Location, Rendered, Template
from sealift.usecases.build import outline
from sealift.usecases.fitness import supposed_text
from sealift.usecases.services import Services

if TYPE_CHECKING:
    from sealift.usecases.site import Site

UNKNOWN_ACCOUNT = "111111111111"
"""Stands for the account while templates of environments that declare none are rendered."""
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
ReadBlob = Callable[[str], bytes]
ReadTexts = Callable[[Sequence[Asset]], Mapping[str, Mapping[str, Location]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the user wrote what a stack holds: as `locations` and `lines` of a `StackView`."""

    locations: Mapping[str, Location] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    code_texts: Mapping[str, Mapping[str, Location]] = field(default_factory=dict)


def unproved_without(views: Sequence[EnvironmentView], lacking: Mapping[str, tuple[str, ...]]) -> list[EnvironmentView]:
    """Return views of which nothing is proved while these parameters have no value, by environment."""
    return [replace(view, unvalued=lacking.get(view.name, ())) for view in supposing(views, lacking)]


def supposing(views: Sequence[EnvironmentView], lacking: Mapping[str, tuple[str, ...]]) -> list[EnvironmentView]:
    """Return views that name the values which stand for those of these parameters, by environment."""
    return [
        replace(view, supposed=tuple(supposed_text(name, view.name) for name in lacking.get(view.name, ())))
        for view in views
    ]


def built_views(
    app: App, built: BuiltRelease, services: Services, *, templates: Mapping[str, Template]
) -> list[EnvironmentView]:
    """Return the views of a release whose blobs are on this machine; they carry lines of the user's templates."""
    return _views_here(app, built.release.stacks, services, files=built.files, templates=templates)


def template_views(app: App, services: Services, *, templates: Mapping[str, Template]) -> list[EnvironmentView]:
    """Return the views of templates with nothing built: the same but for hashes of code, which prove nothing."""
    stacks, files = outline(app, services, templates=templates)
    return _views_here(app, stacks, services, files=files, templates=templates)


def _views_here(
    app: App,
    stacks: Sequence[SealedStack],
    services: Services,
    *,
    files: Mapping[str, Path],
    templates: Mapping[str, Template],
) -> list[EnvironmentView]:
    return _environment_views(
        app,
        stacks,
        services,
        read=lambda sha256: files[sha256].read_bytes(),
        places=_places(app, templates, services),
    )


def render_ahead(app: App, templates: Mapping[str, Template], services: Services) -> None:
    """Render every stack as the proof will, before anything is built: it is kept, and loads the translator meanwhile.

    What is refused here is refused again where it counts. What is nested is named by its content, so it has to wait.
    """
    for name, template in templates.items():
        if template.nested:
            continue
        body = services.templates.seal(template, {asset.key: UNBUILT for asset in template.assets})
        stack = SealedStack(name=name, template_sha256=UNBUILT, needs=(), parameters=template.parameters)
        read = {UNBUILT: body}.__getitem__
        for environment in app.proved:
            _stack_view(app, environment, stack, services, read=read, places={})


def stored_views(release: Release, site: "Site") -> list[EnvironmentView]:
    """Return the views of a release that is in an environment's bucket."""
    from sealift.usecases.store import stored_blob  # with it comes all that a release is stored with

    return _environment_views(
        site.app, release.stacks, site.services, read=lambda sha256: stored_blob(sha256, site.cloud), places={}
    )


def _environment_views(
    app: App, stacks: Sequence[SealedStack], services: Services, *, read: ReadBlob, places: Mapping[str, Places]
) -> list[EnvironmentView]:
    """Return each environment as the proof sees it: every stack rendered with that environment's parameters."""
    return [
        EnvironmentView(
            name=environment.name,
            region=environment.region,
            account=environment.account,
            kind=environment.kind,
            untrusted=environment.untrusted,
            tags=environment.tags,
            artifact_bucket=_bucket(environment),
            roles=environment.acting,
            stacks=tuple(_stack_view(app, environment, s, services, read=read, places=places) for s in stacks),
        )
        for environment in app.proved
    ]


def _first_with(app: App, stack: SealedStack, name: str, value: str) -> int:
    """Return the number of the first environment that gives a parameter this value."""
    for number, environment in enumerate(app.proved):
        values, _ = resolve_parameters(stack.parameters, given_parameters(app, environment, stack))
        if values.get(name) == value:
            return number
    return len(app.proved)


def _bucket(environment: Environment) -> str:
    """Return the artifacts bucket; where no account is declared, as the account of the proof has it."""
    account = environment.account or UNDECLARED_ACCOUNT
    return environment.bucket or bucket_name(account, environment.region, environment.stack_name)


def _stack_view(
    app: App,
    environment: Environment,
    stack: SealedStack,
    services: Services,
    *,
    read: ReadBlob,
    places: Mapping[str, Places],
) -> StackView:
    spec = next((s for s in app.stacks if s.name == stack.name), None)
    values, _ = resolve_parameters(stack.parameters, given_parameters(app, environment, stack))
    # A finding quotes names and ARNs, so a proof never sees a secret: a name in its place, the same for equal values,
    # proves the same.
    for name in (p.name for p in stack.parameters if p.no_echo):
        given = values.get(name)  # an empty value is none that could be shared
        alike = _first_with(app, stack, name, given) if given else app.proved.index(environment)
        values[name] = f"secret-{name}-{alike}"
    name = app.stack_name(environment, spec) if spec else environment.stack_name
    root = _View(services=services, environment=environment, read=read, places=places)
    return root.view(
        stack.template_sha256,
        name=name,
        parameters={**values, ARTIFACT_BUCKET_PARAMETER: _bucket(environment)},
        scope=stack.name,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """Renders a template and those nested in it, for one environment."""

    services: Services
    environment: Environment
    read: ReadBlob
    places: Mapping[str, Places]

    def view(self, sha256: str, *, name: str, parameters: Mapping[str, str], scope: str) -> StackView:
        """Return the stack that this sealed template makes."""
        rendered: Rendered = self.services.templates.render(
            self.read(sha256),
            parameters=parameters,
            account=self.environment.account or UNKNOWN_ACCOUNT,
            region=self.environment.region,
            stack_name=name,
        )
        nested = {
            logical_id: self.view(
                inner,
                name=f"{name}-{logical_id}",
                parameters={ARTIFACT_BUCKET_PARAMETER: parameters.get(ARTIFACT_BUCKET_PARAMETER, "")},
                scope=f"{scope}/{logical_id}",
            )
            for logical_id, inner in _nested(rendered.body)
        }
        places = self.places.get(scope, Places())
        return StackView(
            name=name,
            body=rendered.body,
            parameters=parameters,
            origins=rendered.origins,
            locations=places.locations,
            lines=places.lines,
            code_texts=places.code_texts,
            nested=nested,
            tags=self.environment.tags,
            role_arn=self.environment.cloudformation_role,
        )


def _nested(body: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield (logical id, SHA-256 of the template) of the nested stacks that the release carries."""
    for logical_id, resource in resources(body, "AWS::CloudFormation::Stack"):
        if found := _BLOB.search(str(properties(resource).get("TemplateURL"))):
            yield logical_id, found.group(1)


def _places(app: App, templates: Mapping[str, Template], services: Services) -> dict[str, Places]:
    """Return the places of each stack by its name, nested ones by `<stack>/<Nested>`."""
    found: dict[str, Places] = {}
    for stack, template in templates.items():
        _collect(stack, template, found, lambda assets: services.builder.texts(app.root, assets))
    return found


def _collect(scope: str, template: Template, found: dict[str, Places], texts: ReadTexts) -> None:
    code = texts([asset for asset in template.assets if asset.kind in ("function", "layer")])
    found[scope] = Places(
        code_texts={i: code[asset.key] for asset in template.assets if asset.key in code for i in asset.logical_ids},
        locations={
            i: Location(file=template.file, line=template.line(("Resources", i)), logical_id=i)
            for i in mapping_at(template.body, "Resources")
        },
        lines=dict(_property_lines(template)),
    )
    for asset in template.assets:
        if asset.kind == "template":
            _collect(f"{scope}/{asset.logical_ids[0]}", template.nested[asset.key], found, texts)


def _property_lines(template: Template) -> Iterator[tuple[str, int]]:
    """Yield the line of each property as `<logical id>/<path>`; what a resource has from Globals is there."""
    for path, line in template.lines.items():
        if path[0] == "Globals" and len(path) > 2:
            own = [i for i, one in resources(template.body) if one.get("Type") == f"AWS::Serverless::{path[1]}"]
            yield from (("/".join(map(str, (i, *path[2:]))), line) for i in own)
    for path, line in template.lines.items():
        if len(path) > 3 and path[0] == "Resources" and path[2] == "Properties":
            yield "/".join(map(str, (path[1], *path[3:]))), line
