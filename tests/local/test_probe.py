"""`prove --probe` over the embedded clouds of two environments, by real HTTP: denials as predicted, and what is not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sealift.cli.main import run as command
from sealift.cli.prompt import DefaultAnswers
from sealift.isolation.model import Finding
from sealift.model.app import App, Environment
from sealift.model.live import LivePrincipal, PrincipalKind
from sealift.model.release import Origin
from sealift.ports import Cloud, Clouds, Inventory
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.proof.prove import Proof
from sealift.usecases.proof.trespass import prove_and_probe
from sealift.usecases.proof.views import built_views
from sealift.usecases.run import RunOptions, run
from sealift.usecases.services import Services
from sealift.wiring.application import load_application
from sealift.wiring.clouds import local_cloud
from sealift.wiring.services import make_services
from tests.fakes.events import RecordingEvents
from tests.fakes.suites import FakeAnalyzer, FakeTester
from tests.local.deploying import ROLE, client, function

ENVIRONMENTS = ("staging", "production")
CONFIG = '[app]\nname = "shop"\n[environments.staging]\nsoak = "0s"\n[environments.production]\n'
OWN = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": ["Items", "Arn"]}}
TEMPLATE: Any = {
    "Resources": {
        "Items": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        },
        "Role": {
            **ROLE,
            "Properties": {
                **ROLE["Properties"],  # type: ignore[dict-item]
                "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": [OWN]}}],
            },
        },
        "Hello": function(),
    }
}
ANY_TABLE = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
ELSEWHERE = {**ANY_TABLE, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1234"}}}


@dataclass(frozen=True, slots=True)
class Shop:
    """An application that is deployed to two embedded clouds."""

    root: Path

    @property
    def app(self) -> App:
        """Return it as it is declared."""
        return load_application(self.root)

    def services(self) -> Services:
        """Return the services of a command, without tests and analysis."""
        made = make_services(self.app, local=True, sink=RecordingEvents(), prompt=DefaultAnswers(), actor="ann@laptop")
        return replace(made, analyzer=FakeAnalyzer(), tester=FakeTester())

    def by_hand(self, statement: dict[str, Any]) -> "ByHand":
        """Return a policy that staging's role is to have for a while."""
        services = self.services()
        cloud = services.clouds.open(self.app.environments[0])
        role = next(r.physical_id for r in cloud.stacks.resources("shop-staging") if r.logical_id == "Role")
        (endpoint,) = (s.endpoint for s in local_cloud(self.app).status() if s.environment == "staging")
        return ByHand(client(endpoint, "iam"), str(role), statement)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class ByHand:
    """A policy put on a role, and taken off again."""

    iam: Any
    role: str
    statement: dict[str, Any]

    def __enter__(self) -> None:
        self.iam.put_role_policy(
            RoleName=self.role, PolicyName="by-hand", PolicyDocument=json.dumps({"Statement": [self.statement]})
        )

    def __exit__(self, *_: object) -> None:
        self.iam.delete_role_policy(RoleName=self.role, PolicyName="by-hand")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Deliver once to both environments; their clouds are stopped at the end."""
    root = tmp_path_factory.mktemp("probe") / "shop"
    root.mkdir()
    (root / "template.json").write_text(json.dumps(TEMPLATE))
    (root / "sealift.toml").write_text(CONFIG)
    made = Shop(root)
    try:
        done = run(made.app, made.services(), RunOptions(local=True, branch="main"))
        assert dict(done.environments) == dict.fromkeys(ENVIRONMENTS, "succeeded")
        yield made
    finally:
        local_cloud(made.app).down()


def probed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    """Run the command, and return its exit code and what it says."""
    code = command(["prove", "--probe", "staging", "--local", "--json", "-C", str(shop.root)])
    return code, json.loads(capsys.readouterr().out)


def contradictions(body: Any) -> list[tuple[str, str]]:
    """Return severity and action of what a probe contradicts."""
    found = [f for f in body["shared_account"]["findings"] if f["id"] == "PRB-01"]
    return [(f["severity"], f["witness"]["action"]) for f in found]


def test_everything_is_denied_as_the_proof_says(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    code, body = probed(shop, capsys)
    (probe,) = body["probes"]
    assert (code, body["verdict"]) == (0, "L3")
    assert (probe["environment"], probe["roles"], probe["through"], probe["untried"]) == ("staging", 1, [], [])
    assert probe["others"] == {"denied": sum(probe["others"].values())}
    assert probe["elsewhere"] == {"denied": sum(probe["elsewhere"].values())}
    assert min(probe["others"]["denied"], probe["elsewhere"]["denied"]) >= 3
    assert probe["own"]["allowed"] == 1  # the own table: the credentials are good for something
    assert contradictions(body) == []


def test_what_the_proof_could_not_rule_out_and_iam_denies_is_told(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.by_hand(ELSEWHERE):
        code, body = probed(shop, capsys)
    assert (code, body["probes"][0]["through"]) == (0, [])
    assert contradictions(body) == [("info", "dynamodb:GetItem")]


def test_a_permission_that_the_proof_does_not_know_of_is_found_by_the_probe(shop: Shop) -> None:
    with shop.by_hand(ANY_TABLE):
        seeing, blind = (_proved(shop, blind=blind) for blind in (False, True))
    assert _ids(seeing.contradictions) == []
    assert _ids(blind.contradictions) == [("PRB-01", "critical", "production")]
    assert "was not denied dynamodb:GetItem on Items of production" in blind.contradictions[0].message
    assert blind.stopping == blind.contradictions


def _ids(leaks: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(leak.id, leak.severity, leak.target) for leak in leaks]


def _proved(shop: Shop, *, blind: bool) -> Proof:
    """Prove and probe from staging; a blind reader does not see the policy."""
    app, services = shop.app, shop.services()
    services = replace(services, clouds=Blinded(services.clouds)) if blind else services
    templates = load_templates(app, services)
    origin = Origin(commit=None, branch=None, dirty=True)
    built = build_release(app, services, templates=templates, origin=origin)
    views = built_views(app, built, services, templates=templates)
    return prove_and_probe(app, views, services, ["staging"], local=True)


@dataclass(frozen=True, slots=True)
class Blinded:
    """Opens clouds whose inventory overlooks what was put on roles by hand."""

    clouds: Clouds

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud."""
        cloud = self.clouds.open(environment)
        return replace(cloud, inventory=Overlooking(cloud.inventory))  # type: ignore[arg-type]


class Overlooking:
    """An inventory that does not know the policy `by-hand`."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inventory, name)

    def principal(self, kind: PrincipalKind, name: str) -> LivePrincipal | None:
        """Return a principal with every policy but that one."""
        found = self._inventory.principal(kind, name)
        return found and replace(found, inline={k: v for k, v in found.inline.items() if k != "by-hand"})
