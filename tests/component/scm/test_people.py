"""Who is who, asked by real HTTP of a service of this machine, as Bitbucket, GitHub and GitLab answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from sealift.errors import CloudError
from sealift.scm.ci import detect
from sealift.scm.forge.people import ForgeAccounts, Place, place_of
from tests.component.scm.conftest import Service

COMMIT, OTHER = "a" * 40, "b" * 40
UUID = "{6a1f}"


def accounts(env: Mapping[str, str], remote: str | None = None) -> ForgeAccounts:
    ci = detect(env)
    return ForgeAccounts(ci, env, place=place_of(ci, remote), sleep=lambda _: None)


def answers(service: Service, path: str, *bodies: Any, method: str = "GET", status: int = 200) -> None:
    service.answers[method, path] = [(status, {}, body) for body in bodies]


# GitHub


def github(service: Service, **more: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_API_URL": f"http://{service.address}",
        "GITHUB_TOKEN": "t0ken",
        "GITHUB_ACTOR": "ann",
        "GITHUB_TRIGGERING_ACTOR": "bob",
        **more,
    }


PLACE = f"/repos/acme/shop/commits/{COMMIT}"


def test_github_knows_the_account_of_a_commit_and_of_its_pull_request(service: Service) -> None:
    answers(service, PLACE, {"author": {"login": "ann"}, "commit": {"author": {"email": "a@x"}}})
    answers(service, f"{PLACE}/pulls", [{"user": {"login": "mallory"}}])
    assert accounts(github(service)).authors([COMMIT]) == {COMMIT: ("ann@github", "mallory@github")}
    assert all(headers["Authorization"] == "Bearer t0ken" for _, _, headers, _ in service.requests)


def test_an_address_that_belongs_to_no_account_is_nobody(service: Service) -> None:
    answers(service, PLACE, {"author": None})
    answers(service, f"{PLACE}/pulls", [{"user": {"login": "mallory"}}])
    assert accounts(github(service)).authors([COMMIT]) == {COMMIT: ()}


def test_a_robot_may_write_and_not_approve(service: Service) -> None:
    answers(service, PLACE, {"author": {"login": "dependabot[bot]"}})
    answers(service, f"{PLACE}/pulls", [])
    robot = accounts(github(service, GITHUB_TRIGGERING_ACTOR="dependabot[bot]"))
    assert robot.authors([COMMIT]) == {COMMIT: ("dependabot[bot]@github",)}
    assert robot.mine() is None


def test_in_a_job_it_is_whoever_runs_it_again(service: Service) -> None:
    assert accounts(github(service)).mine() == "bob@github"
    assert service.requests == []


def test_on_a_laptop_it_is_the_owner_of_the_token(service: Service) -> None:
    answers(service, "/user", {"login": "ann", "type": "User"}, {"login": "ann-app", "type": "Bot"})
    env = {"GITHUB_API_URL": f"http://{service.address}", "GH_TOKEN": "t0ken"}
    person = accounts(env, "git@github.com:acme/shop.git")
    assert (person.mine(), person.mine()) == ("ann@github", None)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_is_refused_makes_nobody(service: Service, status: int) -> None:
    answers(service, "/user", None, status=status)
    env = {"GITHUB_API_URL": f"http://{service.address}", "GITHUB_TOKEN": "t0ken"}
    assert accounts(env, "https://github.com/acme/shop").mine() is None


def test_without_a_token_nobody_is_known(service: Service) -> None:
    found = accounts({"GITHUB_API_URL": f"http://{service.address}"}, "git@github.com:acme/shop.git")
    assert (found.mine(), found.authors([COMMIT])) == (None, {})


def test_a_service_that_does_not_answer_is_an_error_without_the_token(service: Service) -> None:
    answers(service, PLACE, *[None] * 9, status=503)
    with pytest.raises(CloudError) as error:
        accounts(github(service)).authors([COMMIT])
    assert error.value.code == "forge-refused"
    assert "t0ken" not in str(error.value)


def test_too_many_requests_are_waited_for(service: Service) -> None:
    service.answers["GET", PLACE] = [(429, {"Retry-After": "1"}, None), (200, {}, {"author": {"login": "ann"}})]
    assert accounts(github(service)).authors([COMMIT]) == {COMMIT: ("ann@github",)}


# Bitbucket


def bitbucket(service: Service, **more: str) -> dict[str, str]:
    return {
        "BITBUCKET_BUILD_NUMBER": "7",
        "BITBUCKET_REPO_FULL_NAME": "acme/shop",
        "BITBUCKET_STEP_TRIGGERER_UUID": UUID,
        "SEALIFT_BITBUCKET_PROXY": f"http://{service.address}",
        "SEALIFT_BITBUCKET_API": "api.bitbucket.invalid/2.0",
        **more,
    }


def test_bitbucket_knows_an_account_by_its_uuid(service: Service) -> None:
    place = f"/2.0/repositories/acme/shop/commit/{COMMIT}"
    answers(service, place, {"author": {"raw": "Ann <a@x>", "user": {"uuid": UUID, "nickname": "bob"}}})
    answers(service, f"{place}/pullrequests", {"values": [{"author": {"uuid": "{77}"}}]})
    found = accounts(bitbucket(service))
    assert found.authors([COMMIT]) == {COMMIT: (f"{UUID}@bitbucket", "{77}@bitbucket")}
    assert found.mine() == f"{UUID}@bitbucket"


def test_bitbucket_without_links_to_pull_requests_still_knows_the_author(service: Service) -> None:
    place = f"/2.0/repositories/acme/shop/commit/{COMMIT}"
    answers(service, place, {"author": {"raw": "Ann <a@x>", "user": {"uuid": UUID}}})
    answers(service, f"{place}/pullrequests", None, status=404)
    assert accounts(bitbucket(service)).authors([COMMIT]) == {COMMIT: (f"{UUID}@bitbucket",)}


def test_bitbucket_gets_the_token_where_there_is_one(service: Service) -> None:
    env = {"BITBUCKET_ACCESS_TOKEN": "t0ken", "SEALIFT_BITBUCKET_API": f"{service.address}/2.0"}
    answers(service, "/2.0/user", {"uuid": UUID, "type": "user"}, {"uuid": "{9}", "type": "app_user"})
    person = accounts(env, "git@bitbucket.org:acme/shop.git")
    assert (person.mine(), person.mine()) == (f"{UUID}@bitbucket", None)


# GitLab


def gitlab(service: Service, **more: str) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_PROJECT_PATH": "acme/shop",
        "CI_API_V4_URL": f"http://{service.address}/api/v4",
        "GITLAB_USER_LOGIN": "bob",
        "GITLAB_TOKEN": "t0ken",
        **more,
    }


REQUESTS = f"/api/v4/projects/acme%2Fshop/repository/commits/{COMMIT}/merge_requests"


def said(commit: str, login: str | None) -> Any:
    author = {"username": login} if login else None
    return {"data": {"project": {"repository": {"tree": {"lastCommit": {"sha": commit, "author": author}}}}}}


def test_gitlab_knows_the_account_of_a_commit_and_of_its_merge_request(service: Service) -> None:
    answers(service, "/api/graphql", said(COMMIT, "ann"), method="POST")
    answers(service, REQUESTS, [{"author": {"username": "mallory"}}])
    found = accounts(gitlab(service))
    assert found.authors([COMMIT]) == {COMMIT: ("ann@gitlab", "mallory@gitlab")}
    assert service.body("POST /api/graphql")["variables"] == {"p": "acme/shop", "c": COMMIT}
    assert found.mine() == "bob@gitlab"


@pytest.mark.parametrize("answer", [said(OTHER, "ann"), said(COMMIT, None), {"errors": []}, {"data": None}, [], None])
def test_gitlab_that_says_anything_else_makes_nobody(service: Service, answer: Any) -> None:
    answers(service, "/api/graphql", answer, method="POST")
    assert accounts(gitlab(service)).authors([COMMIT]) == {COMMIT: ()}


# Where the code is held


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("git@github.com:acme/shop.git", ("github", "acme/shop")),
        ("https://github.com/acme/shop", ("github", "acme/shop")),
        ("https://x-token:abc@github.com/acme/shop.git", ("github", "acme/shop")),
        ("ssh://git@bitbucket.org:22/acme/shop.git", ("bitbucket", "acme/shop")),
        ("git@gitlab.example.com:group/sub/shop.git", ("gitlab", "group/sub/shop")),
        ("/srv/git/github.com/shop.git", None),
        ("git@example.com:github/shop.git", None),
        (None, None),
        ("", None),
    ],
)
def test_the_address_of_the_remote_says_which_service(remote: str | None, place: tuple[str, str] | None) -> None:
    found = place_of(detect({}), remote)
    assert (None if found is None else (found.service, found.repository)) == place


def test_in_a_job_the_job_says_it(service: Service) -> None:
    assert place_of(detect(github(service)), "git@gitlab.com:x/y.git") == Place(
        service="github", repository="acme/shop", host=""
    )


# Who approved


def test_github_knows_who_approved_at_last(service: Service) -> None:
    answers(service, f"{PLACE}/pulls", [{"number": 7, "user": {"login": "ann"}}])
    said = [
        ("bob", "APPROVED"),
        ("eve", "APPROVED"),
        ("bob", "COMMENTED"),
        ("eve", "CHANGES_REQUESTED"),
        ("ann", "APPROVED"),
    ]
    reviews = [{"user": {"login": name}, "state": state} for name, state in said]
    answers(service, "/repos/acme/shop/pulls/7/reviews?per_page=100", [*reviews, {"user": None, "state": "APPROVED"}])
    assert accounts(github(service)).reviewers(COMMIT) == ("bob@github",)


def test_bitbucket_knows_who_approved(service: Service) -> None:
    place = "/2.0/repositories/acme/shop"
    answers(service, f"{place}/commit/{COMMIT}/pullrequests", {"values": [{"id": 3, "author": {"uuid": "{77}"}}]})
    people = [
        {"user": {"uuid": UUID}, "approved": True},
        {"user": {"uuid": "{88}"}, "approved": False},
        {"approved": True},
    ]
    answers(service, f"{place}/pullrequests/3", {"participants": people})
    assert accounts(bitbucket(service)).reviewers(COMMIT) == (f"{UUID}@bitbucket",)


def test_gitlab_knows_who_approved(service: Service) -> None:
    project = "/api/v4/projects/acme%2Fshop"
    requests = [{"iid": 5, "author": {"username": "ann"}}]
    answers(service, f"{project}/repository/commits/{COMMIT}/merge_requests", requests)
    answers(
        service,
        f"{project}/merge_requests/5/approvals",
        {"approved_by": [{"user": {"username": "bob"}}, {"user": {"username": "ann"}}, 1]},
    )
    assert accounts(gitlab(service)).reviewers(COMMIT) == ("bob@gitlab",)


def test_a_commit_without_a_pull_request_has_no_reviewers(service: Service) -> None:
    answers(service, f"{PLACE}/pulls", [])
    assert accounts(github(service)).reviewers(COMMIT) == ()


def test_reviewers_are_unknown_without_a_service(service: Service) -> None:
    assert (
        accounts({"GITHUB_API_URL": f"http://{service.address}"}, "git@github.com:acme/shop.git").reviewers(COMMIT)
        is None
    )
