"""The configuration gate: parameters fit the templates, and every setting that they name is in the environment."""

from sealift.delivery.gates import GateResult, refused_by
from sealift.usecases.contract import lacking, settings_missing
from sealift.usecases.gates.entering import Entering


def configuration(entering: Entering) -> GateResult:
    """Return whether the configuration of the environment fits the release.

    What stacks that need others read may be made by those, and what is missing a hook may make: that is looked for
    where the deployment comes to it.
    """
    plan, site = entering.plan, entering.site
    digest = plan.config
    if not site.app.hooks.before_deploy:
        alone = [stack for stack in plan.release.stacks if not stack.needs]
        found = lacking(site.cloud.settings, plan.settings(*alone) if alone else ())
        if found.missing:
            error = settings_missing(site, found.missing)
            return refused_by(error, "configuration", details={"missing": list(found.missing)})
    return GateResult(gate="configuration", status="open", message=f"the parameters fit ({digest[:12]})")
