"""Reads the configuration of an application into an `App`, with sensible defaults for all that is not said."""

from pathlib import Path

from sealift.config.discover import app_name, find_template, samconfig_region
from sealift.model.app import App, Environment, StackSpec

DEFAULT_REGION = "us-east-1"
DEFAULT_SOAK_S = 600.0


def load_app(root: Path, *, region: str | None = None) -> App:
    """Return the application in folder `root`. Raises ConfigError with every problem at once.

    `region` is the one of the process environment (AWS_REGION); what the project itself says goes before it.
    """
    name = app_name(root)
    region = samconfig_region(root) or region or DEFAULT_REGION
    return App(
        name=name,
        root=root,
        config_path=None,
        stacks=(StackSpec(name="app", template=find_template(root)),),
        environments=(
            Environment(
                name="staging", region=region, stack_name=f"{name}-staging", branch="main", soak_s=DEFAULT_SOAK_S
            ),
            Environment(
                name="production",
                region=region,
                stack_name=f"{name}-production",
                promotes_from="staging",
                protected=True,
            ),
        ),
    )
