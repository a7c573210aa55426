"""The example application as staging and production in one account."""

import hashlib
from pathlib import Path

import pytest

from sealift.isolation.model import EnvironmentView, StackView, Verdict
from sealift.isolation.prove import prove
from sealift.model.template import Location
from sealift.template.templates import SamTemplates

ORDERS = Path(__file__).parents[3] / "examples/orders"
REGION = "eu-central-1"


def proved(root: Path, *, accounts: tuple[str | None, str | None] = (None, None)) -> Verdict:
    """Load, seal and render the application in `root` for both environments, and prove."""
    templates = SamTemplates()
    template = templates.load(root, "template.yaml")
    body = templates.seal(template, {a.key: hashlib.sha256(a.key.encode()).hexdigest() for a in template.assets})
    resources = template.body["Resources"]
    assert isinstance(resources, dict)
    lines = {i: Location(file=template.file, line=template.line(("Resources", i)), logical_id=i) for i in resources}
    views = []
    for name, account in zip(("staging", "production"), accounts, strict=True):
        parameters = {"SealiftArtifactBucket": f"sealift-orders-{name}"}
        stack = f"orders-{name}"
        rendered = templates.render(
            body, parameters=parameters, account=account or "123456789012", region=REGION, stack_name=stack
        )
        view = StackView(
            name=stack, body=rendered.body, parameters=parameters, origins=rendered.origins, locations=lines
        )
        bucket = f"sealift-orders-{name}"
        views.append(EnvironmentView(name=name, region=REGION, account=account, stacks=(view,), artifact_bucket=bucket))
    return prove(views)


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """Return the verdict on the example as it is."""
    return proved(ORDERS)


def test_the_example_is_proved_in_one_account(verdict: Verdict) -> None:
    assert [f.message for f in verdict.stopping] == []
    assert verdict.level == "L1"


def test_only_its_logs_are_shared_and_its_account(verdict: Verdict) -> None:
    assert {f.id for f in verdict.findings} == {"IAM-07"}
    assert {f.id for f in verdict.residuals} == {"QTA-01", "QTA-02"}


def test_in_accounts_of_their_own_nothing_is_left() -> None:
    verdict = proved(ORDERS, accounts=("111111111111", "222222222222"))
    assert verdict.findings == ()
    assert verdict.residuals == ()


def test_a_leak_in_the_users_template_is_shown_where_it_stands(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ORDERS, tmp_path / "orders", ignore=shutil.ignore_patterns(".*", "tests"))
    path = tmp_path / "orders/template.yaml"
    text = path.read_text()
    wanted = "{ Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt OrdersTable.Arn }"
    assert wanted in text
    path.write_text(text.replace(wanted, '{ Effect: Allow, Action: dynamodb:PutItem, Resource: "*" }'))
    stopping = proved(tmp_path / "orders").stopping
    assert {f.id for f in stopping} == {"IAM-01"}
    for leak in stopping:
        assert leak.location is not None
        assert leak.location.file == "template.yaml"
        assert text.splitlines()[leak.location.line - 1].strip() == "PlaceOrder:"
        assert leak.witness is not None
        assert leak.witness.action == "dynamodb:PutItem"
        assert f":table/orders-{leak.target}-" in leak.witness.resource
