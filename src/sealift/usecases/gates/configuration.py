"""The configuration gate: parameters fit the templates, and every setting that they or code name is there."""

from sealift.delivery.evidence import read
from sealift.delivery.gates import GateResult, refused_by
from sealift.errors import CloudError
from sealift.model.event import Noted
from sealift.model.setting import UNREADABLE
from sealift.usecases.contract import lacking, settings_missing, unmet
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site


def configuration(entering: Entering) -> GateResult:
    """Return whether the configuration of the environment fits the release.

    What stacks that need others read may be made by those, and what is missing a hook may make: that is looked for
    where the deployment comes to it.
    """
    plan, site = entering.plan, entering.site
    digest = plan.config
    if not site.app.hooks.before_deploy:
        alone = [stack for stack in plan.release.stacks if not stack.needs]
        missing = unmet(site, alone, plan.parameters, entering.blob)
        if missing:
            error = settings_missing(site, missing)
            return refused_by(error, "configuration", details={"missing": list(missing)})
    told = _of_code(entering)
    if told is not None and told.status == "refused" and site.app.hooks.before_deploy:
        return _told(site, f"{told.message}; a hook may make them before the deployment")
    if told is not None:
        return told
    return GateResult(gate="configuration", status="open", message=f"the parameters fit ({digest[:12]})")


def _of_code(entering: Entering) -> GateResult | None:
    """Return what stops the release or has to be said of settings that its templates do not list; None for nothing.

    Its evidence lists them, as they were when its commit was analysed.
    """
    site, found = entering.site, read(entering.evidence) if entering.evidence is not None else None
    wanted = found.settings.get(site.name, ()) if found is not None and found.release == entering.release else ()
    wanted = tuple(one for one in wanted if one not in entering.plan.settings())
    if not wanted:
        return None
    try:
        missing = lacking(site.cloud.settings, wanted).missing
    except CloudError as error:
        if error.code not in UNREADABLE:
            raise
        message = f"whether {site.name} has the settings that code reads is not known: {error.message}"
        if not site.environment.protected:
            return _told(site, message)
        hint = "Let the role that deploys look: `sealift bootstrap` gives it the rights."
        return GateResult(gate="configuration", status="refused", message=message, hint=hint)
    if not missing:
        return None
    message = f"{site.name} lacks settings that code reads: {', '.join(missing)}"
    if site.cloud.local:
        return _told(site, f"{message}; on AWS the release would not be promoted")
    return GateResult(
        gate="configuration",
        status="refused",
        message=message,
        hint=f"Create them in Parameter Store or Secrets Manager; `sealift config check {site.name}` says how.",
        details={"missing": list(missing)},
    )


def _told(site: Site, message: str) -> GateResult:
    note = Noted(level="warning", name="settings-of-code", message=message, environment=site.name)
    return GateResult(gate="configuration", status="open", message=message, events=(note,))
