"""`doctor` on rights: whose are simulated, what is missing, what mends it, and what could not be checked."""

import threading
from dataclasses import replace

import pytest

from sealift.bootstrap.roles import COMMANDS
from sealift.errors import CloudError
from sealift.model.app import Environment
from sealift.usecases.bootstrap import bootstrap_environment
from sealift.usecases.doctor import examine
from sealift.usecases.examined import Examined
from tests.component.usecases.world import World

AT = "arn:aws:iam::111111111111:role/sealift/shop-staging"
ROLE, CLOUDFORMATION = f"{AT}-deploy", f"{AT}-cloudformation"
TRUST = "arn:aws:iam::999999999999:role/ci"
EVERYTHING = (("*", "*"),)


def rights(world: World, name: str = "staging") -> list[Examined]:
    """Return what doctor says of the rights in an environment."""
    found = examine(world.app, world.services(), local=False)
    return [one for one in found if (one.name, one.environment) == ("rights", name)]


@pytest.fixture
def roles(world: World) -> World:
    """Declare the roles of staging, which may do everything; the deploy role is in use."""
    world.change("staging", role=ROLE, cloudformation_role=CLOUDFORMATION, trust=TRUST)
    identity = world.account("staging").identity
    identity.arn = "arn:aws:sts::111111111111:assumed-role/shop-staging-deploy/sealift-ann"
    identity.principals = {ROLE: EVERYTHING, CLOUDFORMATION: EVERYTHING}
    return world


def lacking(world: World, role: str, *actions: str) -> None:
    """Take actions from a role that may do everything."""
    identity = world.account("staging").identity
    every = {permission.action for _, permission in identity.asked}
    identity.principals[role] = tuple((action, "*") for action in sorted(every - set(actions)))


def test_every_role_is_simulated_once_by_its_whole_arn_and_said_in_one_line(roles: World):
    found = rights(roles)
    assert [one.status for one in found] == ["ok", "ok"]
    assert ["shop-staging-deploy" in found[0].said, "shop-staging-cloudformation" in found[1].said] == [True, True]
    assert {arn for arn, _ in roles.account("staging").identity.asked} == {ROLE, CLOUDFORMATION}


def test_the_cloudformation_role_is_asked_to_make_and_remove_what_is_in_the_template(roles: World):
    rights(roles)
    asked = {permission.action for arn, permission in roles.account("staging").identity.asked if arn == CLOUDFORMATION}
    assert {"dynamodb:CreateTable", "lambda:DeleteFunction", "iam:CreateRole"} <= asked
    assert "cloudformation:ExecuteChangeSet" not in asked


def test_without_a_cloudformation_role_the_caller_is_asked_for_both(world: World):
    (found,) = rights(world)
    assert found.status == "ok"
    asked = {permission.action for _, permission in world.account("staging").identity.asked}
    assert {"dynamodb:CreateTable", "cloudformation:ExecuteChangeSet"} <= asked


def test_what_a_role_lacks_is_grouped_by_action_with_what_it_is_needed_for(roles: World):
    rights(roles)
    lacking(roles, ROLE, "s3:PutObject", "lambda:GetFunctionConfiguration")
    found, _ = rights(roles)
    assert found.status == "failed"
    assert [lack.action for lack in found.lacks] == ["s3:PutObject", "lambda:GetFunctionConfiguration"]
    put, read = found.lacks
    assert put.resources[0].startswith(f"arn:aws:s3:::{roles.account('staging').bucket.name}/")
    assert put.needed_for[0] == "Write to an environment"
    assert read.resources == ("arn:aws:lambda:eu-west-1:111111111111:function:shop-staging-Hello-*",)


def test_bootstrap_is_the_cure_for_what_its_roles_have_and_a_statement_for_what_they_do_not(roles: World):
    roles.change("staging", bucket=roles.account("staging").bucket.name)
    roles.app = replace(roles.app, signing=replace(roles.app.signing, kms_key="1234abcd"))
    rights(roles)
    lacking(roles, ROLE, "s3:PutObject")
    assert rights(roles)[0].cure == "`sealift bootstrap staging` gives it what it lacks."
    lacking(roles, ROLE, "kms:Sign")
    cure = rights(roles)[0].cure
    key = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd"
    assert cure == f'Add to its policy: {{"Effect": "Allow", "Action": ["kms:Sign"], "Resource": ["{key}"]}}'


def test_a_condition_that_is_not_simulated_is_unknown_and_not_called_missing(roles: World):
    identity = roles.account("staging").identity
    identity.principals[ROLE] = (("*", "*"),)
    identity.conditions["*", "*"] = "aws:SourceIp"
    found = rights(roles)[0]
    assert found.status == "unknown"
    assert "depend on aws:SourceIp" in found.said


def test_what_is_allowed_whatever_a_condition_says_is_well_and_the_condition_is_named(roles: World):
    identity = roles.account("staging").identity
    identity.principals[ROLE] = (("*", "*"), ("s3:*", "*"))
    identity.conditions["s3:*", "*"] = "aws:SourceIp"
    found = rights(roles)[0]
    assert (found.status, found.lacks) == ("ok", ())
    assert found.said.endswith("permissions simulated, without the conditions on aws:SourceIp")


@pytest.mark.parametrize(
    ("limit", "because", "cure"),
    [
        ("organization", "a policy of the organization forbids it", "only who keeps that policy can allow"),
        ("boundary", "its permissions boundary does not allow it", "Let names begin with `${AWS::StackName}-`"),
    ],
)
def test_what_stands_in_the_way_is_named_with_who_can_allow_it(roles: World, limit: str, because: str, cure: str):
    roles.account("staging").identity.limited = {"dynamodb:CreateTable": limit}
    deploy, cloudformation = rights(roles)
    assert deploy.status == "ok"  # with a role for CloudFormation it makes nothing itself
    assert [(lack.action, lack.because) for lack in cloudformation.lacks] == [("dynamodb:CreateTable", because)]
    assert cure in cloudformation.cure


def test_a_user_of_the_name_of_a_role_is_not_that_role(roles: World):
    identity = roles.account("staging").identity
    identity.arn = "arn:aws:iam::111111111111:user/shop-staging-deploy"
    assert [one.said.split(" may ")[0] for one in rights(roles)][:2] == [
        "user shop-staging-deploy",
        "role shop-staging-deploy",
    ]


def test_what_is_missing_is_said_beside_what_is_not_known(roles: World):
    rights(roles)
    lacking(roles, ROLE, "s3:PutObject")
    roles.account("staging").identity.conditions["s3:GetObject", "*"] = "aws:SourceIp"
    found = rights(roles)[0]
    assert found.status == "failed"
    assert [lack.action for lack in found.lacks] == ["s3:PutObject"]
    assert found.said.endswith("of 4 others nothing is known, for they depend on aws:SourceIp")


def test_a_statement_to_add_names_what_begins_with_the_stacks_name_once(world: World):
    identity = world.account("staging").identity
    identity.principals[identity.caller().arn] = (("s3:*", "*"),)
    cure = rights(world)[0].cure
    assert '"arn:aws:iam::111111111111:role/shop-staging-*"' in cure
    assert '"arn:aws:lambda:eu-west-1:111111111111:function:shop-staging-*"' in cure
    assert "sealift-any" not in cure


def test_whoever_may_not_simulate_is_told_so_and_never_that_all_is_well(roles: World):
    roles.account("staging").identity.may_simulate = False
    (found,) = rights(roles)
    assert found.status == "unknown"
    names = "role shop-staging-deploy, role shop-staging-cloudformation"
    assert found.said == f"not checked: the credentials may not iam:SimulatePrincipalPolicy on {names}"
    assert "sealift bootstrap staging" in found.cure


def test_a_declared_role_that_does_not_exist_is_wrong(roles: World):
    del roles.account("staging").identity.principals[CLOUDFORMATION]
    found = rights(roles)[1]
    assert (found.status, "does not exist" in found.said) == ("failed", True)
    assert found.cure == "`sealift bootstrap staging` makes it."


def test_the_root_user_is_not_checked(world: World):
    world.account("staging").identity.arn = "arn:aws:iam::111111111111:root"
    (found,) = rights(world)
    assert (found.status, "not of the root user" in found.said) == ("unknown", True)


def test_a_role_that_sealift_toml_says_nothing_of_is_not_judged(world: World):
    world.change("staging", roles=("arn:aws:iam::111111111111:role/auditor",))
    found = rights(world)[1]
    assert (found.status, "does not say what it is for" in found.said) == ("unknown", True)


def test_plan_and_verify_are_asked_for_what_they_are_for(roles: World):
    roles.change("staging", roles=(f"{AT}-plan", f"{AT}-verify"))
    identity = roles.account("staging").identity
    identity.principals |= {f"{AT}-plan": EVERYTHING, f"{AT}-verify": EVERYTHING}
    assert [one.status for one in rights(roles)] == ["ok"] * 4
    asked = {permission.action for arn, permission in identity.asked if arn == f"{AT}-verify"}
    assert "s3:PutObject" not in asked
    assert "s3:GetObject" in asked
    assert set(COMMANDS) == {"deploy", "plan", "verify"}


def test_an_account_that_the_credentials_do_not_reach_is_not_checked(world: World):
    world.clouds.closed.add("production")
    (found,) = rights(world, "production")
    assert (found.status, found.said) == ("unknown", "not checked: see account")


def test_what_does_not_answer_in_time_is_said_and_the_others_are_looked_at(world: World):
    forever = threading.Event()
    world.account("staging").identity.clock = forever.wait  # type: ignore[assignment]
    found = list(examine(world.app, world.services(), local=False, longest_s=0.5))
    assert [(one.status, "within" in one.said) for one in found if one.name == "time"] == [("failed", True)]
    assert [one.status for one in found if (one.name, one.environment) == ("rights", "production")] == ["ok"]
    forever.set()


def test_environments_are_looked_at_together(world: World):
    both = threading.Barrier(2, timeout=10)
    for name in ("staging", "production"):
        world.account(name).identity.clock = lambda: (both.wait() and None) or world.clock.now()
    found = list(examine(world.app, world.services(), local=False))
    assert len([one for one in found if one.name == "rights"]) == 2


def test_a_bootstrap_stack_that_may_not_be_looked_at_is_unknown(roles: World):
    bootstrap_environment(roles.app, roles.staging, roles.services())

    def deny(name: str, moment: str) -> None:
        if (name, moment) == ("stacks.drift", "before"):
            raise CloudError("AWS refused to detect drift: no right", code="access-denied")

    roles.account("staging").tap.on_call = deny
    found = examine(roles.app, roles.services(), local=False)
    (one,) = [one for one in found if (one.name, one.environment) == ("bootstrap", "staging")]
    assert one.status == "unknown"
    assert "is as the application needs it; changes by hand were not looked for" in one.said


def test_roles_that_stand_and_that_sealift_toml_does_not_name_are_said_with_the_lines_to_write(world: World):
    world.change("staging", trust=TRUST)
    bootstrap_environment(world.app, world.staging, world.services())
    found = examine(world.app, world.services(), local=False)
    (one,) = [one for one in found if (one.name, one.environment) == ("bootstrap", "staging")]
    assert one.status == "unknown"
    assert "sealift.toml does not name its roles" in one.said
    assert one.cure.startswith('Write under [environments.staging]: role = "')


def test_previews_are_looked_at_by_their_name_without_a_ledger(world: World):
    previews = Environment(
        name="pr-*", kind="preview", region="eu-west-1", account="333333333333", stack_name="shop-pr-*", bucket="kept"
    )
    world.app = replace(world.app, previews=previews)
    found = [one for one in examine(world.app, world.services(), local=False) if one.environment == "previews"]
    assert {one.name for one in found} == {"account", "clock", "bootstrap", "rights"}
    assert [one.status for one in found if one.name == "rights"] == ["ok"]
    asked = [permission.resource for _, permission in world.clouds.account(previews).identity.asked]
    assert not [arn for arn in asked if "pr-*" in arn]
    assert any("stack/shop-pr-" in arn for arn in asked)


def test_a_role_that_does_not_trust_the_caller_is_told_as_such(roles: World):
    def refuse() -> None:
        raise CloudError("AWS refused to say who we are: not authorized: sts:AssumeRole", code="access-denied")

    roles.account("staging").identity.clock = refuse  # type: ignore[assignment]
    found = examine(roles.app, roles.services(), local=False)
    (one,) = [one for one in found if (one.name, one.environment) == ("account", "staging")]
    assert one.status == "failed"
    assert TRUST in one.cure
    assert "SEALIFT_ASSUME_ROLE=no" in one.cure
