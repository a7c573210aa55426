"""`bootstrap --print`: the template of an environment's first stack, from the declaration alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Called

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler, InlineCode: "def handler(event, context): pass"}
"""
CONFIG = """\
[app]
name = "shop"
[environments.staging]
branch = "main"
ACCOUNT
trust = "github:team/shop"
[environments.production]
promotes_from = "staging"
account = "222222222222"
trust = "github:team/shop"
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    """Return an application of two environments in two accounts."""
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "sealift.toml").write_text(CONFIG.replace("ACCOUNT", 'account = "111111111111"'))
    return folder


def printed(called: Called) -> Any:
    assert called.code == 0, called.err
    return yaml.safe_load(called.out)["Resources"]


def test_the_template_is_yaml_or_json_of_the_same_content(sealift: Callable[..., Called], shop: Path) -> None:
    text = sealift("bootstrap", "staging", "--print", "-C", shop)
    assert yaml.safe_load(text.out) == sealift("bootstrap", "staging", "--print", "--json", "-C", shop).json
    assert "&id" not in text.out  # CloudFormation takes no anchors of ours for granted


def test_only_what_the_template_uses_is_allowed(sealift: Callable[..., Called], shop: Path) -> None:
    text = sealift("bootstrap", "staging", "--print", "-C", shop).out
    assert "lambda:*" in text
    assert "dynamodb" not in text
    assert "apigateway" not in text


def test_each_account_has_its_own_provider(sealift: Callable[..., Called], shop: Path) -> None:
    for name in ("staging", "production"):
        assert "Provider" in printed(sealift("bootstrap", name, "--print", "-C", shop))


def test_two_environments_of_one_account_share_the_provider_of_the_first(
    sealift: Callable[..., Called], shop: Path
) -> None:
    (shop / "sealift.toml").write_text(CONFIG.replace("ACCOUNT", 'account = "222222222222"'))
    made = {n: printed(sealift("bootstrap", n, "--print", "-C", shop)) for n in ("staging", "production")}
    assert {name: "Provider" in resources for name, resources in made.items()} == {"staging": True, "production": False}
    trusted = [
        r["Deploy"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] for r in made.values()
    ]
    assert trusted[0] == trusted[1]


def test_the_job_that_promotes_may_read_where_the_release_comes_from_and_not_the_other_way(
    sealift: Callable[..., Called], shop: Path
) -> None:
    def subjects(name: str, role: str) -> set[str]:
        made = printed(sealift("bootstrap", name, "--print", "-C", shop))[role]["Properties"]
        statements = made["AssumeRolePolicyDocument"]["Statement"]
        return {s["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] for s in statements}

    staging, production = (f"repo:team/shop:environment:{name}" for name in ("staging", "production"))
    assert subjects("staging", "Deploy") == {staging, production}
    assert subjects("staging", "Plan") == {staging}
    assert subjects("production", "Deploy") == {production}


def test_only_an_environment_that_is_not_protected_may_be_emptied(sealift: Callable[..., Called], shop: Path) -> None:
    (shop / "template.yaml").write_text(f"{TEMPLATE}  Files: {{Type: AWS::S3::Bucket}}\n")
    assert "Sid: Destroy" in sealift("bootstrap", "staging", "--print", "-C", shop).out
    assert "Sid: Destroy" not in sealift("bootstrap", "production", "--print", "-C", shop).out


def test_object_lock_is_there_where_it_is_asked_for(sealift: Callable[..., Called], shop: Path) -> None:
    def bucket(*more: str) -> Any:
        return printed(sealift("bootstrap", "staging", "--print", *more, "-C", shop))["Bucket"]["Properties"]

    assert "ObjectLockEnabled" not in bucket()
    lock = bucket("--object-lock", "30")["ObjectLockConfiguration"]
    assert lock["Rule"] == {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (('trust = "github:team/shop"\n', ""), "trust-missing"),
        (("github:team/shop", "github:team/*"), "trust-invalid"),
        (("[environments.staging]", f'[environments.staging]\nstack_name = "{"s" * 60}"'), "bootstrap-name"),
    ],
)
def test_what_is_missing_or_wrong_is_said_with_where_to_mend_it(
    sealift: Callable[..., Called], shop: Path, change: tuple[str, str], code: str
) -> None:
    text = (shop / "sealift.toml").read_text()
    (shop / "sealift.toml").write_text(text.replace(*change, 1))
    called = sealift("bootstrap", "staging", "--print", "-C", shop)
    assert called.code == 1
    assert f"[{code}]" in called.err
    assert "[environments.staging]" in called.err


PREVIEWS = """
[previews]
account = "333333333333"
trust = "github:team/shop"
tags = { who = "pr-*" }
"""


@pytest.fixture
def previewed(shop: Path) -> Path:
    """Return the application with previews in an account of their own."""
    with (shop / "sealift.toml").open("a") as file:
        file.write(PREVIEWS)
    return shop


def test_previews_have_one_stack_with_two_roles_and_a_bucket_that_forgets(
    sealift: Callable[..., Called], previewed: Path
) -> None:
    made = printed(sealift("bootstrap", "previews", "--print", "-C", previewed))
    roles = {r["Properties"]["RoleName"] for r in made.values() if r["Type"] == "AWS::IAM::Role"}
    assert roles == {"shop-pr-deploy", "shop-pr-cloudformation"}
    assert {r["Type"] for r in made.values()} >= {"AWS::S3::Bucket", "AWS::IAM::OIDCProvider"}
    days = [rule.get("ExpirationInDays") for rule in made["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]]
    assert days == [90, 90, None]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (('"github:team/shop"\ntags', '"github:team"\ntags'), "trust-invalid", "[previews]"),
        (('trust = "github:team/shop"\ntags', "tags"), "trust-missing", "[previews]"),
        (
            ('account = "222222222222"', 'account = "333333333333"\nstack_name = "shop-pr-live"'),
            "bootstrap-name",
            "[environments.production]",
        ),
    ],
)
def test_what_previews_lack_is_said_with_where_to_mend_it(
    sealift: Callable[..., Called], previewed: Path, change: tuple[str, str], code: str, place: str
) -> None:
    text = (previewed / "sealift.toml").read_text()
    (previewed / "sealift.toml").write_text(text.replace(*change, 1))
    called = sealift("bootstrap", "previews", "--print", "-C", previewed)
    assert called.code == 1
    assert f"[{code}]" in called.err
    assert place in called.err


def test_previews_that_are_not_declared_have_no_stack(sealift: Callable[..., Called], shop: Path) -> None:
    called = sealift("bootstrap", "previews", "--print", "-C", shop)
    assert (called.code, "[previews-not-declared]" in called.err) == (1, True)


def test_what_belongs_to_a_preview_is_not_locked(sealift: Callable[..., Called], previewed: Path) -> None:
    assert sealift("bootstrap", "previews", "--print", "--object-lock", "30", "-C", previewed).code == 2


@pytest.mark.parametrize("argv", [("--print", "--diff"), ("--print", "--local")])
def test_what_does_not_go_together_is_a_usage_error(
    sealift: Callable[..., Called], shop: Path, argv: tuple[str, ...]
) -> None:
    assert sealift("bootstrap", "staging", *argv, "-C", shop).code == 2
