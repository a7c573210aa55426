"""A whole delivery in memory: an application in a folder, two accounts, a server that answers, and what was recorded.

Everything is a fake but the templates, the ledger and the lease; time passes only when somebody sleeps.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sealift.delivery.history import Standing, standing
from sealift.ledger.ledgers import BucketLedgers
from sealift.model.app import App, Environment, Probe, StackSpec
from sealift.model.event import Noted
from sealift.model.ledger import Entry
from sealift.model.release import BuiltRelease
from sealift.model.template import Json
from sealift.template.templates import SamTemplates
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.release import Outcome
from sealift.usecases.run import commit_of, deploy_built
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.writing import writing
from tests.fakes.builder import FakeBuilder
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeAccount, FakeClouds
from tests.fakes.events import RecordingEvents
from tests.fakes.evidence import evidence
from tests.fakes.http import FakeHttp, answer
from tests.fakes.ids import FakeIds
from tests.fakes.memory import FakeMemory
from tests.fakes.process import FakeProcess
from tests.fakes.prompt import FakePrompt
from tests.fakes.scm import FakeAccounts, FakeCheckouts, FakeSourceControl
from tests.fakes.suites import FakeAnalyzer, FakeTester

SOAK_S = 60.0
NAMING = ("template.json", "api.json")
URL = "https://api.example.org"
Body = dict[str, Json]
ROLE: Body = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ]
        }
    },
}


def function(source: str = "src") -> Body:
    """Return a function whose code is in a folder."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": source,
            "Handler": "app.handler",
            "Runtime": "python3.13",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    }


def table(key: str = "id", **attributes: Json) -> Body:
    """Return a table with this key; `attributes` are of the resource, such as DeletionPolicy."""
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        **attributes,
    }


def template(resources: Mapping[str, Json], **sections: Json) -> Body:
    """Return a plain CloudFormation template."""
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": dict(resources), **sections}


def make_app(root: Path) -> App:
    """Return the application as most tests want it: staging from main, production by promotion."""
    staging = Environment(
        name="staging",
        region="eu-west-1",
        account="111111111111",
        stack_name="shop-staging",
        branch="main",
        soak_s=SOAK_S,
    )
    production = Environment(
        name="production",
        region="eu-west-1",
        account="222222222222",
        stack_name="shop-production",
        promotes_from="staging",
        protected=True,
    )
    return App(
        name="shop",
        root=root,
        config_path="sealift.toml",
        stacks=(StackSpec(name="app", template="template.json"),),
        environments=(staging, production),
        probes=(Probe(name="hello", url=f"{URL}/${{Name}}"),),
    )


@dataclass(slots=True, kw_only=True)
class World:
    """One application with all that surrounds it; tests change what they are about."""

    app: App
    clock: FakeClock
    clouds: FakeClouds
    http: FakeHttp
    tester: FakeTester
    analyzer: FakeAnalyzer
    scm: FakeSourceControl
    events: RecordingEvents
    builder: FakeBuilder
    ids: FakeIds
    cache: Path
    checkouts: FakeCheckouts = field(init=False)
    prompt: FakePrompt = field(default_factory=FakePrompt)
    process: FakeProcess = field(default_factory=FakeProcess)
    memory: FakeMemory = field(default_factory=FakeMemory)
    variables: dict[str, str] = field(default_factory=dict)
    actor: str = "ann@laptop"
    evidence: dict[str, object] = field(default_factory=dict)
    """What else than analysis and tests that succeeded is known of what is deployed."""
    wrote: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Accounts that wrote a commit."""

    def __post_init__(self) -> None:
        self.checkouts = FakeCheckouts(self.cache.with_name("commits"), lambda: self.app)

    @property
    def staging(self) -> Environment:
        """The environment that `main` is deployed to."""
        return self.app.environments[0]

    @property
    def production(self) -> Environment:
        """The environment that is promoted into."""
        return self.app.environments[1]

    def services(self, *, actor: str | None = None) -> Services:
        """Return what use cases work with, on behalf of somebody."""
        return Services(
            clouds=self.clouds,
            ledgers=BucketLedgers(clock=self.clock, ids=self.ids, actor=actor or self.actor),
            templates=SamTemplates(),
            builder=self.builder,
            analyzer=self.analyzer,
            tester=self.tester,
            http=self.http,
            scm=self.scm,
            checkouts=self.checkouts,
            accounts=FakeAccounts(self.scm, actor or self.actor, self.wrote),
            process=self.process,
            memory=self.memory,
            clock=self.clock,
            ids=self.ids,
            events=self.events,
            prompt=self.prompt,
            actor=actor or self.actor,
            variables=self.variables,
        )

    def site(self, name: str = "staging", *, actor: str | None = None) -> Site:
        """Return an environment, opened on behalf of somebody."""
        environment = self.app.environment(name)
        assert environment is not None
        return open_site(self.app, environment, self.services(actor=actor))

    def account(self, name: str = "staging") -> FakeAccount:
        """Return an environment's account."""
        environment = self.app.environment(name)
        assert environment is not None
        return self.clouds.account(environment)

    def change(self, name: str, **fields: object) -> None:
        """Declare an environment differently."""
        changed = tuple(replace(e, **fields) if e.name == name else e for e in self.app.environments)  # type: ignore[arg-type]
        self.app = replace(self.app, environments=changed)

    def write(self, resources: Mapping[str, Json], *, file: str = "template.json", **sections: Json) -> None:
        """Write a template; those in NAMING output the stack's name, and functions get a role of their own."""
        kinds = {raw["Type"] for raw in resources.values() if isinstance(raw, dict)}
        if "AWS::Lambda::Function" in kinds:
            resources = {**resources, "Role": ROLE}
        name: Body = {"Outputs": {"Name": {"Value": {"Ref": "AWS::StackName"}}}} if file in NAMING else {}
        body = template(resources, **{**name, **sections})
        (self.app.root / file).write_text(json.dumps(body))

    def code(self, text: str, *, folder: str = "src") -> None:
        """Write the code of a function."""
        (self.app.root / folder).mkdir(exist_ok=True)
        (self.app.root / folder / "app.py").write_text(text)

    def build(self) -> BuiltRelease:
        """Build a release of what is in the folder."""
        services = self.services()
        origin = commit_of(self.app, services, local=True)
        self.checkouts.keep(self.app.root, origin.commit)
        return build_release(self.app, services, templates=load_templates(self.app, services), origin=origin)

    def deploy(self, name: str = "staging", *, force: bool = False, adopt: bool = False) -> Outcome:
        """Build what is in the folder and deploy it."""
        environment, services = self.app.environment(name), self.services()
        assert environment is not None
        built, templates = self.build(), load_templates(self.app, services)
        proof = prove_built(self.app, built, services, templates=templates, local=False)
        told = replace(evidence(built), **self.evidence)  # type: ignore[arg-type]
        return deploy_built(
            self.app, environment, built, services, proof=proof, evidence=told, force=force, adopt=adopt
        )

    def soak(self) -> None:
        """Let the soak pass."""
        self.clock.advance(SOAK_S + 1)

    def promote(self, **options: object) -> Outcome:
        """Push the button."""
        return promote(self.app, self.production, self.services(), PromotionOptions(**options))  # type: ignore[arg-type]

    def deliver(self, code: str) -> Outcome:
        """Take this code all the way to production."""
        self.code(code)
        self.deploy()
        self.soak()
        return self.promote()

    def entries(self, name: str = "staging") -> tuple[Entry, ...]:
        """Return an environment's ledger."""
        return self.services().ledgers.ledger(self.account(name).cloud).entries()

    def recorded(self, name: str = "staging") -> list[tuple[str, str]]:
        """Return kind and status of every entry that is not a step."""
        return [(e.record.kind, e.record.status) for e in self.entries(name) if "step" not in e.data]

    def standing(self, name: str = "staging") -> Standing:
        """Return where an environment stands."""
        return standing(self.entries(name))

    def writes(self, name: str = "production") -> list[str]:
        """Return everything that was written to an account, but for ledger and lease."""
        account = self.account(name)
        kept = [key for key in account.bucket.writes if not key.startswith("ledger/") and key != "lease.json"]
        return [*kept, *(stack for stack, _ in account.stacks.executions), *account.stacks.deletions]

    def is_free(self, name: str = "staging") -> bool:
        """Return whether the environment can be written to at once, as it can when every lease was given back."""
        with writing(self.site(name, actor="eve@other"), purpose="a look", wait_s=0.0):
            return True

    def stack_status(self, name: str = "staging") -> str | None:
        """Return the status of an environment's only stack."""
        state = self.account(name).stacks.describe(f"shop-{name}")
        return state.status if state else None

    def notes(self) -> list[str]:
        """Return the name of every note that was emitted."""
        return [note.name for note in self.events.of(Noted)]


def make_world(folder: Path) -> World:
    """Return a world with one function, one table, and a server that answers in every environment."""
    root = folder / "shop"
    root.mkdir()
    clock = FakeClock()
    cache = folder / "cache"
    world = World(
        app=make_app(root),
        clock=clock,
        clouds=FakeClouds(clock),
        http=FakeHttp(),
        tester=FakeTester(),
        analyzer=FakeAnalyzer(),
        scm=FakeSourceControl(author="ann"),
        events=RecordingEvents(),
        builder=FakeBuilder(cache),
        ids=FakeIds(),
        cache=cache,
    )
    world.http.serve(URL, answer(200, "hello"))
    world.code("print('one')")
    world.write({"Hello": function(), "Items": table()})
    return world
