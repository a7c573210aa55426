"""A site: one environment of one application, opened. Use cases take a site, not its parts.

Only `open_site` opens a cloud, and it masks it: no use case can reach one that says a secret.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sealift.analysis.redact import is_secret
from sealift.delivery.history import Standing, standing
from sealift.delivery.manifest import parse_manifest, release_key
from sealift.delivery.outputs import merged_outputs
from sealift.delivery.parameters import given_parameters, secret_values
from sealift.delivery.previews import place, previews_of
from sealift.errors import SealiftError
from sealift.model.app import App, Environment, StackSpec
from sealift.model.event import Event, Level
from sealift.model.release import SealedStack
from sealift.model.stack import StackState
from sealift.ports import Cloud, Ledger
from sealift.usecases.masking import Secrets, masked_cloud
from sealift.usecases.previews.bucket import PartOfBucket
from sealift.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One environment of one application, opened."""

    app: App
    environment: Environment
    cloud: Cloud
    """It masks what `secrets` holds."""
    ledger: Ledger
    services: Services
    secrets: Secrets = field(repr=False)

    @property
    def name(self) -> str:
        """Return the name of the environment."""
        return self.environment.name

    def standing(self) -> Standing:
        """Return the environment's state according to its ledger."""
        return standing(self.ledger.entries())

    def stack_names(self) -> tuple[str, ...]:
        """Return the CloudFormation name of every declared stack."""
        return tuple(self.app.stack_name(self.environment, stack) for stack in self.app.stacks)

    def states(self) -> tuple[StackState, ...]:
        """Return the states of the declared stacks that exist, in order."""
        return tuple(state for state in map(self.cloud.stacks.describe, self.stack_names()) if state is not None)

    def outputs(self, states: Iterable[StackState] | None = None) -> dict[str, str]:
        """Return the outputs of these stacks, by default of every one, as probes and hooks name them."""
        named = dict(zip(self.stack_names(), (stack.name for stack in self.app.stacks), strict=True))
        there = self.states() if states is None else states
        return merged_outputs((named[state.name], state.outputs) for state in there)

    def stack_name(self, stack: SealedStack) -> str:
        """Return the CloudFormation name of a stack of a release, which may be declared no longer."""
        known = next((spec for spec in self.app.stacks if spec.name == stack.name), None)
        spec = known or StackSpec(name=stack.name, template="", needs=stack.needs)
        return self.app.stack_name(self.environment, spec)

    def emit(self, event: Event) -> None:
        """Send an event to the sink of the services."""
        self.services.events.emit(event)

    def note(self, name: str, message: str, *, level: Level = "info", hint: str = "") -> None:
        """Emit something that a person should know of this environment; `name` is its stable code."""
        self.services.note(name, message, level=level, hint=hint, environment=self.name)


def open_site(app: App, environment: Environment, services: Services) -> Site:
    """Open an environment. Raises CloudError when there are no credentials or it does not start."""
    cloud = opened_cloud(app, environment, services)
    ledger = services.ledgers.ledger(cloud)
    secrets = Secrets(lambda: _deployed_secrets(app, environment, cloud, ledger))
    if cloud.local:
        secrets.learn(
            v for name, v in app.local_settings.items() if name.startswith("secretsmanager:") or is_secret(name)
        )
    return Site(
        app=app,
        environment=environment,
        cloud=masked_cloud(cloud, secrets),
        ledger=ledger,
        services=services,
        secrets=secrets,
    )


def opened_cloud(app: App, environment: Environment, services: Services) -> Cloud:
    """Return an environment's cloud. Previews share an account and a bucket; each has a part of it."""
    if environment.kind == "permanent":
        return services.clouds.open(environment)
    every = previews_of(app, local=True)
    cloud = services.clouds.open(every)
    if environment.name == every.name:
        return cloud
    return replace(cloud, environment=environment.name, bucket=PartOfBucket(cloud.bucket, place(environment.name)))


def _deployed_secrets(app: App, environment: Environment, cloud: Cloud, ledger: Ledger) -> Iterator[str]:
    """Yield the values of the NoEcho parameters of what runs; every value that is given when that is not known."""
    try:
        now = standing(ledger.entries())
        for digest in {deployed.release for deployed in (now.current, now.last) if deployed is not None}:
            stored = cloud.bucket.get(release_key(digest, "manifest"))
            for stack in parse_manifest(stored.body, digest=digest).stacks if stored else ():
                yield from secret_values(stack, given_parameters(app, environment, stack))
    except SealiftError:
        yield from environment.parameters.values()
        for values in environment.stack_parameters.values():
            yield from values.values()
