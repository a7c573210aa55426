"""Bring the preview of a pull request: build the commit, deploy it into an environment of its own, verify it there."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from sealift.delivery.destruction import staying
from sealift.delivery.outputs import web_addresses
from sealift.delivery.previews import (
    CARD,
    FOLDER,
    encode_card,
    over_cap,
    preview_environment,
    preview_name,
    previews_of,
    why_not,
)
from sealift.errors import CloudError
from sealift.model.app import App, Environment
from sealift.model.ledger import Status
from sealift.model.preview import Card, PullRequest
from sealift.model.release import BuiltRelease
from sealift.ports import PullRequests
from sealift.usecases.previews.down import erase, read_card
from sealift.usecases.previews.survey import read_cards
from sealift.usecases.release import Outcome
from sealift.usecases.run import built_and_proved, deploy_built
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site, opened_cloud
from sealift.usecases.writing import Writer, require_gates


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """What `sealift preview up` was asked for."""

    local: bool
    host: PullRequests | None = None
    """Where pull requests are looked up; None when nothing can be asked."""
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How it ended, and where the preview is."""

    name: str
    status: Status
    release: str | None = None
    message: str = ""
    hint: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)


def up(app: App, asked: PullRequest, services: Services, options: UpOptions) -> Brought:
    """Create or update the preview of a pull request. One that gets none is skipped, with the reason."""
    every = previews_of(app, local=options.local)
    if not options.local:
        require_gates(app)
    name = preview_name(asked)
    environment = preview_environment(every, name)
    pull_request = looked_up(asked, services, options.host)
    reason = _why_not(app, every, asked, pull_request)
    if reason:
        services.note("no-preview", f"No preview: {reason}", environment=name)
        return Brought(name=name, status="skipped", message=f"No preview: {reason}")
    with ThreadPoolExecutor(max_workers=1) as pool:
        opening = pool.submit(open_site, app, environment, services)
        built, proof = built_and_proved(app, services, local=options.local)
        site = opening.result()
    beginning = _Beginning(app=app, environment=environment, asked=asked, services=services, options=options)
    outcome = deploy_built(
        _seeded(site),
        environment,
        _headed(built, asked),
        services,
        proof=proof,
        force=options.force,
        follows_branch=True,
        begin=beginning,
    )
    _tell_staying(site)
    return Brought(
        name=name,
        status=outcome.status,
        release=outcome.release,
        message=outcome.message,
        hint=outcome.hint,
        urls=web_addresses(site.outputs()),
    )


def looked_up(asked: PullRequest, services: Services, host: PullRequests | None) -> PullRequest:
    """Return the pull request with what the service that holds the code says of it now; without it, as it was asked."""
    if host is None or asked.number is None:
        return asked
    try:
        found = host.pull_request(asked.number)
    except CloudError as error:
        message = f"What the code host reports on pull request {asked.number} is unknown: {error.message}"
        services.note("pull-request-unknown", message, level="warning")
        return asked
    if found is None:
        return asked
    return replace(found, branch=found.branch or asked.branch, fork=found.fork or asked.fork)


def _tell_staying(site: Site) -> None:
    """Say beforehand which data stores a preview leaves behind when it goes."""
    stacks = site.cloud.stacks
    there = [name for name in site.stack_names() if stacks.describe(name) is not None]
    names = [one for name in there for one in staying(stacks.resources(name), stacks.template(name))]
    if names:
        message = f"When the preview is destroyed, these data stores stay: {', '.join(sorted(names))}"
        hint = (
            "Turn their DeletionPolicy off by a parameter that [previews] sets, else each preview leaves some behind."
        )
        site.note("preview-leaves-stores", message, level="warning", hint=hint)


def _why_not(app: App, every: Environment, asked: PullRequest, found: PullRequest) -> str:
    """Return why the pull request gets no preview now, or none of this commit."""
    reason = why_not(app.preview_rules, every, found)
    if reason or asked.head is None or found.head is None or _same(asked.head, found.head):
        return reason
    return f"commit {asked.head[:8]} is not the newest of pull request {asked.number} any more; {found.head[:8]} is"


def _same(one: str, other: str) -> bool:
    """Compare commits, one of which may be shortened."""
    return one.startswith(other) or other.startswith(one)


def _headed(built: BuiltRelease, asked: PullRequest) -> BuiltRelease:
    """Return what was built under the head of the pull request: a merge is on no branch."""
    return replace(built, origin=replace(built.origin, commit=asked.head or built.origin.commit))


def _seeded(site: Site) -> App:
    """Return the application whose hooks fill a preview with data that was never verified before."""
    seed = site.app.preview_rules.seed
    if not seed or site.standing().current is not None:
        return site.app
    hooks = site.app.hooks
    return replace(site.app, hooks=replace(hooks, after_deploy=(*seed, *hooks.after_deploy)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beginning:
    """The check under the lease whether a preview may still be deployed."""

    app: App
    environment: Environment
    asked: PullRequest
    services: Services
    options: UpOptions

    def __call__(self, writer: Writer) -> Outcome | None:
        """Write the card; or return why nothing is deployed."""
        found = looked_up(self.asked, self.services, self.options.host)
        before = read_card(writer.cloud.bucket)
        reason = _why_not(self.app, self._every, self.asked, found)
        if reason:  # it was closed, or pushed to, while the commit was built or the lease was waited for
            if before is None:
                erase(writer)
            return self._ended("skipped", f"No preview: {reason}")
        now = self.services.clock.now()
        card = Card(
            name=self.environment.name,
            app=self.app.name,
            pull_request=self.asked.number,
            branch=self.asked.branch,
            repository=self.asked.repository,
            commit=self.asked.head,
            stacks=writer.site.stack_names(),
            created_at=before.created_at if before is not None else now,
            used_at=now,
            actor=self.services.actor,
        )
        writer.cloud.bucket.put(CARD, encode_card(card))
        cap = self.app.preview_rules.cap
        if before is None and over_cap(self._cards(), card.name, cap=cap):
            erase(writer)
            hint = "Destroy one (`sealift preview list`, `sealift preview down`), or raise `cap` under [previews]."
            return self._ended("refused", f"There are {cap} previews already, as many as there may be", hint)
        return None

    @property
    def _every(self) -> Environment:
        return previews_of(self.app, local=self.options.local)

    def _cards(self) -> tuple[Card, ...]:
        bucket = opened_cloud(self.app, self._every, self.services).bucket
        return tuple(read_cards(bucket, bucket.keys(FOLDER)).values())

    def _ended(self, status: Status, message: str, hint: str = "") -> Outcome:
        name = self.environment.name
        self.services.note("no-preview", message, hint=hint, environment=name)
        return Outcome(environment=name, status=status, release="", message=message, hint=hint)
