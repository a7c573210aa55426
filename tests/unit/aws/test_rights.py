"""The list of rights: every call of the adapters is in it, and every action in it exists."""

from pathlib import Path

import click
import pytest

from sealift.bootstrap.needs import Need
from sealift.bootstrap.rights import EVERYTHING, RIGHTS, Right
from sealift.cli.main import cli
from sealift.isolation.actions import service
from tests.unit.aws.calls import calls_made
from tools.rights import EMBEDDED, NO_RIGHT_NEEDED, TRIED

LISTED = {right.call for right in RIGHTS if right.call}
ACTIONS = sorted({(action, right.resource) for right in RIGHTS for action in right.actions})
NEEDS = tuple(dict.fromkeys(right.need for right in RIGHTS))


def test_every_call_of_the_adapters_is_listed_and_nothing_else():
    ours = {call for module, calls in calls_made().items() if module not in {"stand_ins", "trespass"} for call in calls}
    assert ours == LISTED | NO_RIGHT_NEEDED


def test_what_is_sent_to_the_embedded_cloud_alone_or_to_be_denied_is_listed_apart():
    calls = calls_made()
    assert (calls["stand_ins"], calls["trespass"]) == (EMBEDDED, TRIED)


def test_a_call_that_is_new_in_an_adapter_is_found(tmp_path: Path):
    body = (
        "def f(session):",
        "session.functions.get_function(FunctionName='x')",
        "session.s3.get_paginator('list_buckets')",
    )
    (tmp_path / "new.py").write_text("\n    ".join(body))
    assert calls_made(tmp_path) == {"new": {"lambda:GetFunction", "s3:ListBuckets"}}


def test_a_call_of_a_client_that_was_handed_over_is_found(tmp_path: Path):
    body = "from mypy_boto3_iam import IAMClient\n\ndef f(client: IAMClient):\n    client.create_role(RoleName='x')\n"
    (tmp_path / "new.py").write_text(body)
    assert calls_made(tmp_path) == {"new": {"iam:CreateRole"}}


@pytest.mark.parametrize(("action", "resource"), ACTIONS)
def test_every_action_exists_and_can_be_limited_to_its_resource(action: str, resource: str):
    prefix, _, name = action.partition(":")
    facts = service(prefix)
    assert facts is not None
    known = facts.actions[name.lower()]
    assert known.name == name
    formats = [facts.types[kind] for kind in known.types]
    assert resource == EVERYTHING or any(_alike(resource, arn) for arn in formats) or resource.endswith("transform/*")


@pytest.mark.parametrize("right", [r for r in RIGHTS if r.resource == EVERYTHING], ids=lambda r: r.call)
def test_everything_stands_only_where_there_is_no_narrower_resource(right: Right):
    # Composite alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    # The units of an organization are not known beforehand.
    (action,) = right.actions
    prefix, _, name = action.partition(":")
    facts = service(prefix)
    assert facts is not None
    # Who asks for all stacks: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    whole = {"organizations", "cloudwatch", "cloudformation"}
    assert not facts.actions[name.lower()].types or prefix in whole


def _alike(ours: str, theirs: str) -> bool:
    """Return whether two formats of ARNs agree up to where a name begins."""
    parts = [arn.split(":", 5) for arn in (ours, theirs)]
    heads = [(service, rest.split("${")[0].lower()) for _, _, service, _, _, rest in parts]
    return heads[0] == heads[1]


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.title)
def test_the_commands_of_a_need_exist(need: Need):
    for command in need.commands:
        at: click.Command = cli
        for word in (w for w in command.split() if not w.startswith("--")):
            assert isinstance(at, click.Group)
            found = at.get_command(click.Context(at), word)
            assert found is not None, command
            at = found
        options = {option for parameter in at.params for option in parameter.opts}
        assert {w for w in command.split() if w.startswith("--")} <= options
