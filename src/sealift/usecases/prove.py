"""Prove from a release's own templates that no environment reaches into another, before anything is deployed."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sealift.delivery.manifest import blob_key
from sealift.delivery.parameters import resolve_parameters
from sealift.errors import IntegrityError, Refused, UserError
from sealift.isolation import Accepted, EnvironmentView, Leak, StackView, Verdict
from sealift.isolation import prove as decide
from sealift.model.app import App, Environment
from sealift.model.event import FindingReported, Noted
from sealift.model.finding import Finding
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER, BuiltRelease, Release, SealedStack
from sealift.model.template import Json, Location, Rendered, Template
from sealift.ports import Cloud
from sealift.usecases.services import Services, phase

UNKNOWN_ACCOUNT = "111111111111"
"""Stands for the account while templates of environments that declare none are rendered."""
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
ReadBlob = Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The verdict, and what would also be found if all environments were in one account."""

    verdict: Verdict
    shared: Verdict | None = None
    views: tuple[EnvironmentView, ...] = ()
    """What was proved."""
    accepted: tuple[Accepted, ...] = ()
    today: date | None = None

    @property
    def stopping(self) -> tuple[Leak, ...]:
        """Return the findings that stop a deployment: critical and high ones that were shown."""
        return tuple(f for f in self.verdict.findings if f.severity in {"critical", "high"} and not f.unproved)

    def record(self) -> dict[str, Json]:
        """Return what the ledger keeps of it."""
        return {
            "verdict": self.verdict.level,
            "findings": [leak.key for leak in self.verdict.findings],
            "inputs": dict(self.verdict.inputs),
        }


def prove_built(
    app: App, built: BuiltRelease, services: Services, *, templates: Mapping[str, Template], local: bool
) -> Proof:
    """Prove a release whose blobs are on this machine; findings then carry lines of the user's templates."""
    return _prove(
        app,
        built.release,
        services,
        read=lambda sha256: built.files[sha256].read_bytes(),
        lines=_lines(templates),
        local=local,
    )


def prove_stored(app: App, release: Release, cloud: Cloud, services: Services) -> Proof:
    """Prove a release that is in an environment's bucket."""

    def read(sha256: str) -> bytes:
        stored = cloud.bucket.get(blob_key(sha256))
        if stored is None:
            raise UserError(
                f"Template {sha256[:12]} of release {release.short()} is not in the bucket of {cloud.environment}",
                code="blob-missing",
                hint=f"Deploy the release to {cloud.environment} again.",
            )
        if hashlib.sha256(stored.body).hexdigest() != sha256:
            raise IntegrityError(
                f"Template {sha256[:12]} of release {release.short()} is damaged in the bucket of {cloud.environment}",
                code="object-damaged",
                hint="The bucket is versioned: restore the version before, or build and upload the release again.",
                context={"environment": cloud.environment, "expected": sha256},
            )
        return stored.body

    return _prove(app, release, services, read=read, lines={}, local=cloud.local)


def isolation_gate(proof: Proof, services: Services, *, strict: bool) -> None:
    """Show what was found and refuse when something critical or high was. Raises Refused.

    Without `strict` (on the embedded cloud, where nothing is shared) it only says what AWS's gate would refuse.
    """
    with phase(services, "prove") as outcome:
        for leak in proof.verdict.findings:
            if leak.severity != "info":
                services.events.emit(FindingReported(finding=finding(leak)))
        if proof.shared is not None:
            _advise(proof.shared, services)
        outcome.detail = summary(proof.verdict)
        if proof.stopping:
            first = proof.stopping[0]
            if not strict:
                _rehearsed(proof, services)
                return
            outcome.status = "refused"
            raise Refused(
                f"The environments are not isolated: {first.message}"
                + (f" (and {len(proof.stopping) - 1} more)" if len(proof.stopping) > 1 else ""),
                code="gate-isolation",
                hint=first.fix or "See `sealift prove`.",
                context={"findings": [leak.key for leak in proof.stopping]},
            )


def _rehearsed(proof: Proof, services: Services) -> None:
    services.events.emit(
        Noted(
            level="warning",
            name="isolation-rehearsed",
            message=f"{len(proof.stopping)} isolation findings would stop this on AWS; going on, because it is local",
            hint="--strict stops here too; `sealift prove` shows witnesses and cures.",
        )
    )


def summary(verdict: Verdict) -> str:
    """Return the verdict in a few words."""
    meaning = {
        "L0": "not proved",
        "L1": "proved from the templates",
        "L2": "proved from templates and live accounts",
        "L3": "proved from templates and live, separate accounts",
    }[verdict.level]
    counts = f", {len(verdict.findings)} findings" if verdict.findings else ""
    return f"{verdict.level} {meaning}{counts}"


def finding(leak: Leak) -> Finding:
    """Return a finding of the proof as every other tool's."""
    return Finding(
        tool="isolation",
        id=leak.id,
        severity=leak.severity,
        message=leak.message,
        location=leak.location,
        fix=leak.fix,
        stops=leak.severity in {"critical", "high"} and not leak.unproved,
        data={"from": leak.source, "to": leak.target},
    )


def _advise(shared: Verdict, services: Services) -> None:
    worse = [f for f in shared.findings if f.severity in {"critical", "high"} and not f.unproved]
    if worse:
        services.events.emit(
            Noted(
                level="warning",
                name="shared-account",
                message=f"In one shared AWS account these environments would not be isolated: {len(worse)} findings, "
                f"first {worse[0].id}: {worse[0].message}",
                hint="Declare an `account` for each environment, or see `sealift prove`.",
            )
        )


def _prove(
    app: App, release: Release, services: Services, *, read: ReadBlob, lines: Mapping[str, Location], local: bool
) -> Proof:
    views = environment_views(app, release, services, read=read, lines=lines)
    accepted, today = _accepted(app), services.clock.now().date()
    shared = decide(views, accepted=accepted, today=today)
    if not local:
        return Proof(verdict=shared, views=tuple(views), accepted=accepted, today=today)
    apart = [replace(v, account=v.account or f"{i:012d}") for i, v in enumerate(views, 1)]
    verdict = decide(apart, accepted=accepted, today=today)
    return Proof(verdict=verdict, shared=shared, views=tuple(apart), accepted=accepted, today=today)


def _accepted(app: App) -> tuple[Accepted, ...]:
    """Return what the configuration accepts, as the proof takes it."""
    return tuple(
        Accepted(
            id=one.id,
            reason=one.reason,
            expires=one.expires,
            source=one.source,
            target=one.target,
            logical_id=one.logical_id,
        )
        for one in app.accepted
    )


def environment_views(
    app: App, release: Release, services: Services, *, read: ReadBlob, lines: Mapping[str, Location]
) -> list[EnvironmentView]:
    """Return each environment as the proof sees it: every stack rendered with that environment's parameters."""
    return [
        EnvironmentView(
            name=environment.name,
            region=environment.region,
            account=environment.account,
            kind=environment.kind,
            tags=environment.tags,
            stacks=tuple(_stack_view(app, environment, s, services, read=read, lines=lines) for s in release.stacks),
        )
        for environment in app.environments
    ]


def _stack_view(
    app: App,
    environment: Environment,
    stack: SealedStack,
    services: Services,
    *,
    read: ReadBlob,
    lines: Mapping[str, Location],
) -> StackView:
    spec = next((s for s in app.stacks if s.name == stack.name), None)
    declared = {p.name for p in stack.parameters}
    given = {
        **(spec.parameters if spec else {}),
        **{k: v for k, v in environment.parameters.items() if k in declared},
        **environment.stack_parameters.get(stack.name, {}),
    }
    values, _ = resolve_parameters(stack.parameters, given)
    bucket = environment.bucket or f"sealift-artifacts-{environment.stack_name}"
    name = app.stack_name(environment, spec) if spec else environment.stack_name
    root = _View(services=services, environment=environment, read=read, lines=lines)
    return root.view(
        stack.template_sha256, name=name, parameters={**values, ARTIFACT_BUCKET_PARAMETER: bucket}, scope=stack.name
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """Renders a template and those nested in it, for one environment."""

    services: Services
    environment: Environment
    read: ReadBlob
    lines: Mapping[str, Location]

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
        prefix = f"{scope}:"
        return StackView(
            name=name,
            body=rendered.body,
            parameters=parameters,
            origins=rendered.origins,
            locations={k.removeprefix(prefix): v for k, v in self.lines.items() if k.startswith(prefix)},
            nested=nested,
            tags=self.environment.tags,
        )


def _nested(body: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield (logical id, SHA-256 of the template) of the nested stacks that the release carries."""
    resources = body.get("Resources")
    for logical_id, resource in resources.items() if isinstance(resources, dict) else ():
        if isinstance(resource, dict) and resource.get("Type") == "AWS::CloudFormation::Stack":
            properties = resource.get("Properties")
            found = _BLOB.search(str(properties.get("TemplateURL"))) if isinstance(properties, dict) else None
            if found:
                yield logical_id, found.group(1)


def _lines(templates: Mapping[str, Template]) -> dict[str, Location]:
    """Return `<stack>:<LogicalId>` → place in the user's file, nested stacks as `<stack>/<Nested>:<LogicalId>`."""
    found: dict[str, Location] = {}
    for stack, template in templates.items():
        _collect(stack, template, found)
    return found


def _collect(scope: str, template: Template, found: dict[str, Location]) -> None:
    resources = template.body.get("Resources")
    for logical_id in resources if isinstance(resources, dict) else ():
        line = template.line(("Resources", logical_id))
        found[f"{scope}:{logical_id}"] = Location(file=template.file, line=line, logical_id=logical_id)
    for asset in template.assets:
        if asset.kind == "template":
            _collect(f"{scope}/{asset.logical_ids[0]}", template.nested[asset.key], found)


def worst_first(leaks: Sequence[Leak]) -> tuple[Leak, ...]:
    """Return findings in the order in which a person should read them."""
    order = ("critical", "high", "medium", "low", "info")
    return tuple(sorted(leaks, key=lambda leak: (order.index(leak.severity), leak.id)))
