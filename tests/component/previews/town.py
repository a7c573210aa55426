"""A world with previews: an account that they share, and a service that knows the pull requests."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from sealift.delivery.previews import preview_name
from sealift.model.app import PREVIEW, Environment, PreviewRules
from sealift.model.preview import PullRequest
from sealift.usecases.destroy import Destroyed
from sealift.usecases.previews.down import down
from sealift.usecases.previews.survey import Survey, survey
from sealift.usecases.previews.sweep import Sweep, sweep
from sealift.usecases.previews.up import Brought, UpOptions, up
from tests.component.usecases.world import World, make_world
from tests.fakes.cloud import FakeAccount
from tests.fakes.host import FakePullRequests


@dataclass(slots=True)
class Town:
    """What tests of previews work with."""

    world: World
    host: FakePullRequests = field(default_factory=FakePullRequests)

    @property
    def previews(self) -> Environment:
        found = self.world.app.previews
        assert found is not None
        return found

    @property
    def account(self) -> FakeAccount:
        """The account of all previews."""
        return self.world.clouds.account(self.previews)

    def rule(self, **fields: object) -> None:
        """Declare the rules differently."""
        rules = replace(self.world.app.preview_rules, **fields)  # type: ignore[arg-type]
        self.world.app = replace(self.world.app, preview_rules=rules)

    def ask(self, number: str | None = "12", **fields: object) -> PullRequest:
        """Return what the CI system says of a pull request, which is open."""
        asked = PullRequest(number=number, branch=f"feature-{number}", repository=self.host.repository)
        asked = replace(asked, **fields)  # type: ignore[arg-type]
        if number is not None and number not in self.host.known:
            self.host.make(number, head=asked.head)
        return asked

    def up(self, number: str | None = "12", *, host: bool = True, force: bool = False, **fields: object) -> Brought:
        """Bring the preview of a pull request."""
        options = UpOptions(local=False, host=self.host if host else None, force=force)
        return up(self.world.app, self.ask(number, **fields), self.world.services(), options)

    def down(self, number: str = "12") -> Destroyed:
        """Destroy a preview."""
        name = preview_name(PullRequest(number=number, branch=None))
        return down(self.world.app, name, self.world.services(), local=False)

    def sweep(self, *, host: bool = True, dry_run: bool = False) -> Sweep:
        """Destroy the previews that nobody needs."""
        return sweep(
            self.world.app, self.world.services(), local=False, host=self.host if host else None, dry_run=dry_run
        )

    def survey(self) -> Survey:
        """Return what is there."""
        return survey(self.world.app, self.world.services(), local=False)

    def names(self) -> list[str]:
        """Return the names of the previews."""
        return [one.name for one in self.survey().previews]

    def status(self, name: str) -> str | None:
        """Return the status of a preview's only stack."""
        state = self.account.stacks.describe(f"shop-{name}")
        return state.status if state is not None else None

    def objects(self, name: str) -> list[str]:
        """Return what the bucket holds of one preview."""
        return [key for key in self.account.bucket.everything() if key.startswith(f"previews/{name}/")]


def make_town(folder: Path) -> Town:
    """Return a world whose application has previews in an account of their own."""
    world = make_world(folder)
    previews = Environment(
        name=PREVIEW, kind="preview", region="eu-west-1", account="333333333333", stack_name=f"shop-{PREVIEW}"
    )
    world.app = replace(world.app, previews=previews, preview_rules=PreviewRules())
    world.code("def handler(event, context): return 1\n")
    return Town(world)
