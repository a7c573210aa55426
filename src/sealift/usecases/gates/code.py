"""The gate of code outside the release: what templates read from buckets and registries has to be there."""

from collections.abc import Iterator

from sealift.cfn.pseudo import pseudo_parameters
from sealift.delivery.gates import GateResult
from sealift.model.event import Noted
from sealift.model.template import Outside
from sealift.usecases.gates.entering import Entering

_LOCAL_HINT = (
    "The embedded cloud holds nothing that is stored on AWS, and runs no images: give it local code "
    "(CodeUri: a folder), so that it is part of the release."
)
_HINT = (
    "Copy it there (the bucket has to be in the environment's region) before you deploy, correct its location, or give "
    "it local code (CodeUri: a folder), so that it is part of the release."
)


def code(entering: Entering) -> GateResult:
    """Return whether everything that the release reads from elsewhere is there, as far as it can be looked at."""
    found = tuple(_outside(entering))
    if not found:
        return GateResult(gate="code", status="open", message="all code is part of the release")
    site = entering.site
    images = [one for one in found if one.kind == "image"] if site.cloud.local else []
    seen = site.cloud.objects.look([one.location for one in found if one.location and one not in images])
    missing = [one for one in found if one in images or seen.get(one.location) == "missing"]
    if missing:
        listed = "; ".join(f"{one.logical_id} ({one.kind}): {one.location or one.written}" for one in missing)
        return GateResult(
            gate="code",
            status="refused",
            message=f"{site.name} lacks what the templates read from outside the release: {listed}",
            hint=_LOCAL_HINT if site.cloud.local else _HINT,
            details={"missing": [one.logical_id for one in missing]},
        )
    unseen = [one for one in found if seen.get(one.location) != "there"]
    looked = f"{len(found) - len(unseen)} of {len(found)} from outside the release are there"
    events = (_not_looked_at(unseen, entering),) if unseen else ()
    return GateResult(gate="code", status="open", message=looked, events=events)


def _outside(entering: Entering) -> Iterator[Outside]:
    site = entering.site
    for stack in entering.sealed.stacks:
        around = pseudo_parameters(
            account=site.cloud.account, region=site.cloud.region, stack_name=site.stack_name(stack)
        )
        known = {name: value for name, value in around.items() if isinstance(value, str)}
        values = {**entering.plan.parameters[stack.name], **known}
        yield from site.services.templates.outside(
            entering.blob(stack.template_sha256), parameters=values, read=entering.blob
        )


def _not_looked_at(unseen: list[Outside], entering: Entering) -> Noted:
    listed = "; ".join(f"{one.logical_id} ({one.location or one.written})" for one in unseen)
    return Noted(
        level="warning",
        name="code-not-looked-at",
        message=f"Not checked, because a right is missing or only a deployment determines the location: {listed}",
        environment=entering.site.name,
    )
