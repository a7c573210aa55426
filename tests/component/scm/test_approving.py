"""Approvals from jobs of the three CI systems: who counts is who the service says it is, never what a commit says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sealift.delivery.gates import GateResult
from sealift.usecases.approve import approve
from tests.component.scm.conftest import Service
from tests.component.scm.test_people import accounts, answers, bitbucket, github, gitlab, said
from tests.component.usecases.conftest import world  # noqa: F401
from tests.component.usecases.world import World

COMMIT = "c" * 40
Job = Callable[[Service, str], dict[str, str]]


def on_bitbucket(service: Service, who: str) -> dict[str, str]:
    place = f"/2.0/repositories/acme/shop/commit/{COMMIT}"
    answers(service, place, {"author": {"raw": "Eve <eve@x>", "user": {"uuid": "ann"}}})
    answers(service, f"{place}/pullrequests", {"values": []})
    return bitbucket(service, BITBUCKET_STEP_TRIGGERER_UUID=who)


def on_github(service: Service, who: str) -> dict[str, str]:
    place = f"/repos/acme/shop/commits/{COMMIT}"
    answers(service, place, {"author": {"login": "ann"}})
    answers(service, f"{place}/pulls", [])
    return github(service, GITHUB_TRIGGERING_ACTOR=who)


def on_gitlab(service: Service, who: str) -> dict[str, str]:
    answers(service, "/api/graphql", said(COMMIT, "ann"), method="POST")
    answers(service, f"/api/v4/projects/acme%2Fshop/repository/commits/{COMMIT}/merge_requests", [])
    return gitlab(service, GITLAB_USER_LOGIN=who)


def approved(world: World, service: Service, job: Job, who: str) -> GateResult:  # noqa: F811
    """Approve what soaked from a job that `who` started; return what the gate says then."""
    found: Any = accounts(job(service, who))
    (digest,) = {one.release for one in world.standing().deployments}
    services = replace(world.services(actor=str(found.mine())), accounts=found)
    return approve(world.app, world.production, services, release=digest, reason="seen").gate


@pytest.mark.parametrize("job", [on_bitbucket, on_github, on_gitlab])
def test_an_approval_from_a_job_counts_unless_the_account_is_the_author_s(
    world: World,  # noqa: F811
    service: Service,
    job: Job,
) -> None:
    world.scm.author = "eve"  # what the commit says of itself
    world.change("production", approvals=1)
    world.deploy()
    world.soak()
    mine = approved(world, service, job, "ann")
    assert mine.status == "waiting"
    assert "the commit's author does not count" in mine.message
    assert approved(world, service, job, "bob").status == "open"
    assert world.promote().status == "succeeded"
