"""The data gate: no data store is lost, as far as the templates decide it; the change set is judged when it is made."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from sealift.cfn.evaluation import Bindings, parameter_values, resolved
from sealift.cfn.pseudo import pseudo_parameters
from sealift.cfn.values import mapping_at, properties, resources, scalar_text
from sealift.delivery.gates import GateResult, refused_by
from sealift.delivery.guard import waiver_key
from sealift.delivery.history import Deployed, open_waivers
from sealift.delivery.identity import is_there
from sealift.errors import IntegrityError, UserError
from sealift.model.event import FindingReported
from sealift.model.finding import Finding
from sealift.model.release import Release
from sealift.model.template import Json
from sealift.usecases.configuration import kept_configuration
from sealift.usecases.fitness import fitted_parameters
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site
from sealift.usecases.stacks.guarding import refusal
from sealift.usecases.store import stored_blob, stored_release

if TYPE_CHECKING:
    from sealift.delivery.foreseen import Declared, Existing

Read = Callable[[str], bytes]
_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")


def data(entering: Entering) -> GateResult:
    """Return whether the release would take a data store, its protection or a known address away."""
    site, now = entering.site, entering.standing
    if now.current is None or now.last is not now.current:
        return _open("the change set is judged when it is made")
    findings = [f for f in _findings(entering, now.current) if f.stops]
    waived = open_waivers(site.ledger.entries(), release=entering.release)
    stopping = [f for f in findings if waiver_key(f) not in waived]
    if not stopping:
        return _open("it is waived" if findings else "the templates take no data away")
    error = refusal(site.name, stopping, release=entering.release)
    result = refused_by(error, "data", details={"waivers": [waiver_key(f) for f in stopping]})
    return replace(result, events=tuple(FindingReported(finding=f, environment=site.name) for f in stopping))


def _open(message: str) -> GateResult:
    return GateResult(gate="data", status="open", message=message)


def _findings(entering: Entering, current: Deployed) -> Iterator[Finding]:
    """Yield what each stack would lose; nothing where what runs cannot be read any more."""
    from sealift.delivery.foreseen import Declared, foreseen

    site = entering.site
    before: dict[str, Declared] = {}
    with suppress(UserError, IntegrityError):
        before = _running(site, current)
    if not before:
        return
    values, _ = fitted_parameters(site.app, site.environment, entering.sealed.stacks)
    after = _declared(site, entering.sealed, values, entering.blob)
    for stack in entering.sealed.stacks:
        if stack.name in before and foreseen(stack.name, before[stack.name], after[stack.name]):
            name = site.stack_name(stack)
            if is_there(site.cloud.stacks.describe(name), site.app, site.environment):
                there = _existing(site, name, before[stack.name])
                yield from foreseen(stack.name, before[stack.name], after[stack.name], there)


def _running(site: Site, current: Deployed) -> "dict[str, Declared]":
    release = stored_release(current.release, site.cloud)
    kept = kept_configuration(current.config, site.cloud).parameters if current.kept else None
    return _declared(site, release, kept, lambda sha256: stored_blob(sha256, site.cloud))


def _declared(
    site: Site, release: Release, values: Mapping[str, Mapping[str, str]] | None, read: Read
) -> "dict[str, Declared]":
    """Return the stacks of a release by name. Without values nothing is known of parameters, defaults included."""
    found = {}
    for stack in release.stacks:
        name = site.stack_name(stack)
        around = pseudo_parameters(account=site.cloud.account, region=site.cloud.region, stack_name=name)
        given = values.get(stack.name, {}) if values is not None else None
        found[stack.name] = _stack(read(stack.template_sha256), given, around, read)
    return found


def _stack(text: bytes, given: Mapping[str, Json] | None, around: Mapping[str, Json], read: Read) -> "Declared":
    from sealift.delivery.foreseen import Declared

    body = mapping_at(json.loads(text))
    parameters = {**(_known(body, given) if given is not None else {}), **around}
    known = Bindings(
        parameters=parameters, mappings=mapping_at(body, "Mappings"), conditions=mapping_at(body, "Conditions")
    )
    own = {key: value for key, value in around.items() if key != "AWS::StackName"}  # a nested stack has another name
    nested = {}
    for name, resource in resources(body, *_NESTED):
        inside = properties(resource)
        blob = _BLOB.search(json.dumps(inside.get(_NESTED[str(resource["Type"])])))
        if blob is not None:
            passed = {key: resolved(value, known) for key, value in mapping_at(inside, "Parameters").items()}
            nested[name] = _stack(read(blob[1]), passed, own, read)
    return Declared(body=body, known=known, nested=nested)


def _known(body: dict[str, Json], given: Mapping[str, Json]) -> dict[str, Json]:
    """Return the parameters of a template whose values are known; a nested stack may be given what is not known yet."""
    texts = {name: scalar_text(value) for name, value in given.items() if not isinstance(value, dict | list)}
    return {name: value for name, value in parameter_values(body, texts).items() if name in texts or name not in given}


def _existing(site: Site, name: str, declared: "Declared") -> "Existing":
    from sealift.delivery.foreseen import Existing

    found = [r for r in site.cloud.stacks.resources(name) if r.physical_id and r.status != "DELETE_COMPLETE"]
    ids = {r.logical_id: (r.type, str(r.physical_id)) for r in found}
    inner = {key: _existing(site, ids[key][1], one) for key, one in declared.nested.items() if key in ids}
    return Existing(ids=ids, nested=inner)
