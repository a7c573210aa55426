"""Where a use case works: an application in one opened environment."""

from dataclasses import dataclass

from sealift.model.app import App, Environment
from sealift.ports import Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An application in one opened environment."""

    app: App
    environment: Environment
    cloud: Cloud
