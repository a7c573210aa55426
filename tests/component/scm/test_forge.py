"""Reports posted by real HTTP to a service of this machine: what each system gets, and how refusals are taken."""

import socket
from pathlib import Path
from typing import Any

import pytest

from sealift.errors import CloudError
from sealift.model.finding import Finding
from sealift.model.template import Location
from sealift.pipelines.report import Report
from sealift.scm.ci import detect
from sealift.scm.forge.calls import Api
from sealift.scm.forge.opening import open_forge
from tests.component.scm.conftest import Service

HEAD, MERGE = "a" * 40, "b" * 40
FINDING = Finding(tool="ruff", id="F401", severity="low", message="unused", location=Location(file="a.py", line=3))
REPORT = Report(key="check", title="Static analysis", status="failed", findings=(FINDING,) * 1)


def bitbucket(service: Service, **more: str) -> dict[str, str]:
    return {
        "BITBUCKET_BUILD_NUMBER": "7",
        "BITBUCKET_REPO_FULL_NAME": "acme/shop",
        "BITBUCKET_COMMIT": HEAD,
        "BITBUCKET_PR_ID": "12",
        "SEALIFT_BITBUCKET_PROXY": f"http://{service.address}",
        "SEALIFT_BITBUCKET_API": "api.bitbucket.invalid/2.0",
        **more,
    }


PLACE = f"/2.0/repositories/acme/shop/commit/{HEAD}"


def test_bitbucket_gets_report_annotations_and_status_through_the_signing_proxy(service: Service) -> None:
    forge = open_forge(detect(bitbucket(service)), bitbucket(service), sleep=lambda _: None)
    assert forge is not None
    forge.publish(REPORT)
    assert service.lines == [
        f"DELETE {PLACE}/reports/sealift-check",
        f"PUT {PLACE}/reports/sealift-check",
        f"POST {PLACE}/reports/sealift-check/annotations",
        f"POST {PLACE}/statuses/build",
    ]
    assert service.body(f"POST {PLACE}/reports/sealift-check/annotations")[0]["line"] == 3
    assert service.body(f"POST {PLACE}/statuses/build")["state"] == "FAILED"
    assert not any("Authorization" in headers for _, _, headers, _ in service.requests)
    assert forge.comment("change", "text") is False


def test_a_first_report_has_none_to_replace(service: Service) -> None:
    service.answers["DELETE", f"{PLACE}/reports/sealift-check"] = [(404, {}, None)]
    forge = open_forge(detect(bitbucket(service)), bitbucket(service), sleep=lambda _: None)
    assert forge is not None
    forge.publish(REPORT)
    assert len(service.lines) == 4


def test_annotations_go_a_hundred_at_a_time(service: Service) -> None:
    many = tuple(Finding(tool="t", id=str(n), severity="low", message="m") for n in range(250))
    forge = open_forge(detect(bitbucket(service)), bitbucket(service), sleep=lambda _: None)
    assert forge is not None
    forge.publish(Report(key="check", title="Check", status="failed", findings=many))
    sizes = [len(body) for method, path, _, body in service.requests if path.endswith("/annotations")]
    assert sizes == [100, 100, 50]


def test_a_busy_service_is_asked_again_when_it_says(service: Service) -> None:
    waited: list[float] = []
    service.answers["PUT", f"{PLACE}/reports/sealift-check"] = [(429, {"Retry-After": "3"}, None), (503, {}, None)]
    forge = open_forge(detect(bitbucket(service)), bitbucket(service), sleep=waited.append)
    assert forge is not None
    forge.publish(REPORT)
    assert waited == [3.0, 2.0]


@pytest.mark.parametrize(("status", "tries"), [(401, 1), (403, 1), (404, 1), (409, 1), (429, 4), (500, 4)])
def test_a_refusal_is_an_error_that_names_no_token(service: Service, status: int, tries: int) -> None:
    place = f"/repos/acme/shop/statuses/{HEAD}"
    service.answers["POST", place] = [(status, {}, {"message": "token s3cret"})] * tries
    env = github(service, GITHUB_TOKEN="s3cret")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    with pytest.raises(CloudError) as refused:
        forge.publish(REPORT)
    assert len(service.requests) == tries
    assert "s3cret" not in f"{refused.value.message}{refused.value.hint}{refused.value.context}"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITHUB_TOKEN", "t\u00f6ken"),
        ("GITHUB_TOKEN", "a\nb"),
        ("GITHUB_API_URL", "not a url"),
        ("GITHUB_API_URL", "http://[::1"),
        ("GITHUB_API_URL", "ftp://example.invalid"),
        ("GITHUB_API_URL", ""),
        ("GITHUB_API_URL", "http://127.0.0.1:1"),
    ],
)
def test_a_variable_that_no_request_can_hold_is_an_error_of_ours(service: Service, variable: str, value: str) -> None:
    env = github(service, GITHUB_TOKEN="t") | {variable: value}
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    with pytest.raises(CloudError) as refused:
        forge.publish(REPORT)
    assert refused.value.hint


def test_a_proxy_that_is_no_address_is_an_error_of_ours(service: Service) -> None:
    env = bitbucket(service, SEALIFT_BITBUCKET_PROXY="no proxy")
    forge = open_forge(detect(env), env, sleep=lambda _: None)
    assert forge is not None
    with pytest.raises(CloudError, match="not a URL"):
        forge.publish(REPORT)


def test_a_service_that_does_not_answer_in_time_is_given_up_after_four_tries() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        waited: list[float] = []
        api = Api(f"http://127.0.0.1:{silent.getsockname()[1]}", sleep=waited.append, timeout_s=0.05)
        with pytest.raises(CloudError, match="ReadTimeout") as refused:
            api.call("GET", "/statuses")
    assert len(waited) == 3
    assert refused.value.retryable


EVENT = {"pull_request": {"head": {"sha": HEAD}}}


def github(service: Service, **more: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_SHA": MERGE,
        "GITHUB_API_URL": f"http://{service.address}",
        **more,
    }


def test_github_gets_annotations_and_a_summary_without_a_token(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = github(service, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    forge.publish(REPORT)
    assert "::warning file=a.py,line=3,title=ruff F401::unused" in capsys.readouterr().err
    assert "Static analysis" in (tmp_path / "summary.md").read_text()
    assert service.requests == []


def test_github_names_the_head_and_not_the_merge(service: Service) -> None:
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    forge.publish(REPORT)
    assert service.lines == [f"POST /repos/acme/shop/statuses/{HEAD}"]


@pytest.mark.parametrize(
    "event", [{}, {"pull_request": None}, {"pull_request": {"head": "x"}}, {"pull_request": {"head": {"sha": 1}}}]
)
def test_without_a_head_nothing_is_posted_to_another_commit(service: Service, event: dict[str, Any]) -> None:
    env = github(service, GITHUB_TOKEN="t")
    assert open_forge(detect(env, event), env, sleep=lambda _: None) is None


@pytest.mark.parametrize("there", [False, True])
def test_there_is_one_comment_and_it_is_kept_up_to_date(service: Service, there: bool) -> None:
    place = "/repos/acme/shop/issues/12/comments"
    old = [{"id": 1, "body": "mine"}, {"id": 5, "body": "[//]: # (sealift:change)\n\nold"}]
    service.answers["GET", f"{place}?per_page=100"] = [(200, {}, old if there else old[:1])]
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    assert forge.comment("change", "text")
    assert service.lines[1] == ("PATCH /repos/acme/shop/issues/comments/5" if there else f"POST {place}")


@pytest.mark.parametrize("status", [403, 404])
def test_a_comment_of_somebody_else_that_begins_alike_is_passed_over(service: Service, status: int) -> None:
    place = "/repos/acme/shop/issues/12/comments"
    mark = "[//]: # (sealift:change)"
    service.answers["GET", f"{place}?per_page=100"] = [
        (200, {}, [{"id": 5, "body": mark}, {"id": 6, "body": f"> {mark}"}])
    ]
    service.answers["PATCH", "/repos/acme/shop/issues/comments/5"] = [(status, {}, None)]
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    assert forge.comment("change", "text")
    assert service.lines[-1] == f"POST {place}"


def test_our_comment_is_looked_for_on_every_page(service: Service) -> None:
    place = "/repos/acme/shop/issues/12/comments"
    following = {"Link": f'<http://{service.address}{place}?per_page=100&page=2>; rel="next"'}
    service.answers["GET", f"{place}?per_page=100"] = [(200, following, [{"id": 1, "body": "x"}])]
    ours = [{"id": 7, "body": "[//]: # (sealift:change)\n\nold"}]
    service.answers["GET", f"{place}?per_page=100&page=2"] = [(200, {}, ours)]
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    forge.comment("change", "text")
    assert service.lines[-1] == "PATCH /repos/acme/shop/issues/comments/7"


def test_a_token_is_not_sent_to_the_host_of_another_page(service: Service) -> None:
    following = {"Link": '<http://elsewhere.example/steal>; rel="next"'}
    service.answers["GET", "/repos/acme/shop/pulls?state=open&per_page=100"] = [(200, following, [{"number": 1}])]
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    with pytest.raises(CloudError):
        forge.open_numbers()


def test_bitbucket_tells_the_pull_requests_that_are_open(service: Service) -> None:
    env = bitbucket(service)
    place = "/2.0/repositories/acme/shop/pullrequests?state=OPEN&pagelen=50"
    following = f"https://api.bitbucket.invalid{place}&page=2"
    service.answers["GET", place] = [(200, {}, {"values": [{"id": 3}], "next": following})]
    service.answers["GET", f"{place}&page=2"] = [(200, {}, {"values": [{"id": 12}]})]
    forge = open_forge(detect(env), env, sleep=lambda _: None)
    assert forge is not None
    assert forge.open_numbers() == {"3", "12"}


def test_a_pull_request_of_bitbucket_is_read(service: Service) -> None:
    env = bitbucket(service)
    source = {"branch": {"name": "f"}, "commit": {"hash": "a" * 12}, "repository": {"full_name": "acme/shop"}}
    answer = {"state": "MERGED", "draft": True, "title": "Add [Preview]", "source": source}
    service.answers["GET", "/2.0/repositories/acme/shop/pullrequests/12"] = [(200, {}, answer)]
    forge = open_forge(detect(env), env, sleep=lambda _: None)
    assert forge is not None
    found = forge.pull_request("12")
    assert found is not None
    assert (found.open, found.draft, found.fork, found.labels, found.head) == (
        False,
        True,
        False,
        ("preview",),
        "a" * 12,
    )


def test_a_pull_request_of_github_whose_repository_was_deleted_is_a_fork(service: Service) -> None:
    answer = {"state": "open", "draft": False, "labels": [{"name": "preview"}], "head": {"sha": HEAD, "repo": None}}
    service.answers["GET", "/repos/acme/shop/pulls/12"] = [(200, {}, answer)]
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    found = forge.pull_request("12")
    assert found is not None
    assert (found.open, found.fork, found.labels) == (True, True, ("preview",))


def test_a_pull_request_that_is_not_there_is_none(service: Service) -> None:
    service.answers["GET", "/repos/acme/shop/pulls/12"] = [(404, {}, None)]
    env = github(service, GITHUB_TOKEN="t")
    forge = open_forge(detect(env, EVENT), env, sleep=lambda _: None)
    assert forge is not None
    assert forge.pull_request("12") is None


def test_gitlab_names_the_head_of_a_merged_result(service: Service) -> None:
    env = {
        "GITLAB_CI": "true",
        "CI_PROJECT_PATH": "acme/tools/shop",
        "CI_COMMIT_SHA": MERGE,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
        "CI_MERGE_REQUEST_IID": "12",
        "CI_API_V4_URL": f"http://{service.address}/api/v4",
        "GITLAB_TOKEN": "t",
    }
    forge = open_forge(detect(env), env, sleep=lambda _: None)
    assert forge is not None
    forge.publish(REPORT)
    assert forge.comment("change", "text")
    assert service.lines[0] == f"POST /api/v4/projects/acme%2Ftools%2Fshop/statuses/{HEAD}"
    assert service.lines[2] == "POST /api/v4/projects/acme%2Ftools%2Fshop/merge_requests/12/notes"


def test_outside_of_ci_nothing_is_reported() -> None:
    assert open_forge(detect({}), {}, sleep=lambda _: None) is None
    assert open_forge(detect({"CI": "true"}), {}, sleep=lambda _: None) is None
