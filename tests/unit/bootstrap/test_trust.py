"""Whom roles trust: exactly the tokens of one repository's jobs for one environment."""

import operator
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.bootstrap.trust import read_trust
from sealift.errors import ConfigError
from sealift.model.app import Environment

WORKSPACE, REPOSITORY, TARGET = (f"{{{n * 8}-{n * 4}-{n * 4}-{n * 4}-{n * 12}}}" for n in "1ab")


def environment(trust: str | None, name: str = "production") -> Environment:
    return Environment(name=name, region="eu-central-1", stack_name=f"shop-{name}", trust=trust)


def claims(trust: str) -> tuple[str, str, str]:
    """Return issuer, audience and subject."""
    found = read_trust(environment(trust), branch="main")
    (subject,) = found.subjects
    return found.issuer, found.audience, subject


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (
            f"bitbucket:team/{WORKSPACE}/{REPOSITORY}/{TARGET}",
            (
                "api.bitbucket.org/2.0/workspaces/team/pipelines-config/identity/oidc",
                f"ari:cloud:bitbucket::workspace/{WORKSPACE[1:-1]}",
                f"{REPOSITORY}:{TARGET}:*",
            ),
        ),
        (
            "github:team@11/shop@22",
            (
                "token.actions.githubusercontent.com",
                "sts.amazonaws.com",
                "repo:team@11/shop@22:environment:production",
            ),
        ),
        (
            "github:team/shop",
            (
                "token.actions.githubusercontent.com",
                "sts.amazonaws.com",
                "repo:team/shop:environment:production",
            ),
        ),
        (
            "github@github.example.com:team/shop",
            (
                "github.example.com/_services/token",
                "sts.amazonaws.com",
                "repo:team/shop:environment:production",
            ),
        ),
        (
            "gitlab:team/sub/shop",
            ("gitlab.com", "https://gitlab.com", "project_path:team/sub/shop:ref_type:branch:ref:main"),
        ),
        (
            "gitlab@git.example.com:team/shop:environment_protected:true",
            (
                "git.example.com",
                "https://git.example.com",
                "project_path:team/shop:environment_protected:true",
            ),
        ),
    ],
)
def test_each_system_is_pinned_by_what_its_tokens_say(trust: str, expected: tuple[str, str, str]) -> None:
    assert claims(trust) == expected


def test_only_the_step_of_bitbucket_is_left_open() -> None:
    found = read_trust(environment(f"bitbucket:team/{WORKSPACE}/{REPOSITORY}/{TARGET}"), branch="main")
    assert found.statement()["Condition"] == {
        "StringEquals": {f"{found.issuer}:aud": found.audience},
        "StringLike": {f"{found.issuer}:sub": f"{REPOSITORY}:{TARGET}:*"},
    }


def test_a_role_is_trusted_by_its_arn() -> None:
    arn = "arn:aws:iam::111122223333:role/ci"
    assert read_trust(environment(arn), branch="main").statement() == {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": arn},
    }


@pytest.mark.parametrize(
    "trust",
    [
        "github:team",
        "github:team/*",
        "github:*/shop",
        "github:team@1/shop",
        "github:team/shop@2",
        "github:team/shop:ref:refs/heads/x",
        "gitlab:shop",
        "gitlab:team/*",
        "gitlab:team/shop:*",
        "gitlab:team/shop:ref_type:branch:ref:*",
        "bitbucket:team/shop",
        f"bitbucket:team/{WORKSPACE}/{REPOSITORY}",
        f"bitbucket:team/{WORKSPACE}/{REPOSITORY}/*",
        f"bitbucket:team/{WORKSPACE[1:-1]}/{REPOSITORY}/{TARGET}",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::*:role/ci",
        "",
        None,
    ],
)
def test_what_is_not_pinned_is_refused_with_the_form_that_is_expected(trust: str | None) -> None:
    with pytest.raises(ConfigError) as refused:
        read_trust(environment(trust), branch="main")
    assert refused.value.code == ("trust-invalid" if trust else "trust-missing")
    assert "[environments.production]" in refused.value.hint


@given(st.from_regex(r"(bitbucket:|github[@:]|gitlab[@:]|arn:)[!-~]{0,60}", fullmatch=True))
def test_no_trust_that_is_accepted_holds_a_wildcard(text: str) -> None:
    try:
        found = read_trust(environment(text), branch="main")
    except ConfigError:
        return
    # The step of Bitbucket comes last and is new in every run.
    subjects = [subject.removesuffix(":*") if text.startswith("bitbucket") else subject for subject in found.subjects]
    assert not {"*", "?"} & set("".join((found.issuer, found.audience, found.arn, *subjects)))


@given(st.sampled_from(["staging", "production", "qa"]), st.sampled_from(["staging", "production", "qa"]))
def test_the_token_of_one_environment_is_no_token_of_another(one: str, other: str) -> None:
    first = read_trust(environment("github:team@1/shop@2", one), branch="main")
    second = read_trust(environment("github:team@1/shop@2", other), branch="main")
    assert (first == second) == (one == other)


PREVIEWS = Environment(name="pr-*", kind="preview", region="eu-central-1", stack_name="shop-pr-*")
STEP = f"{{{'c' * 8}-{'c' * 4}-{'c' * 4}-{'c' * 4}-{'c' * 12}}}"


def trusted(trust: str, subject: str) -> bool:
    """Return whether previews trust a token, as IAM compares its subject."""
    found = read_trust(replace(PREVIEWS, trust=trust), branch="main")
    condition: Any = found.statement()["Condition"]
    compare: dict[str, Callable[[str, str], bool]] = {
        "StringEquals": operator.eq,
        "StringLike": fnmatchcase,
        "StringNotLike": lambda given, pattern: not fnmatchcase(given, pattern),
    }
    claims = {f"{found.issuer}:sub": subject, f"{found.issuer}:aud": found.audience}
    return all(
        any(compare[kind](claims[key], one) for one in ([wanted] if isinstance(wanted, str) else wanted))
        for kind, wanted_of in condition.items()
        for key, wanted in wanted_of.items()
    )


GITHUB, GITLAB = "github:team@1/shop@2", "gitlab:team/shop"
BITBUCKET = f"bitbucket:team/{WORKSPACE}/{REPOSITORY}"


@pytest.mark.parametrize(
    ("trust", "subject"),
    [
        (GITHUB, "repo:team@1/shop@2:pull_request"),
        (GITHUB, "repo:team@1/shop@2:ref:refs/heads/main"),
        (GITLAB, "project_path:team/shop:ref_type:branch:ref:feature/x"),
        (BITBUCKET, f"{REPOSITORY}:{STEP}"),
    ],
)
def test_previews_trust_the_jobs_of_pull_requests(trust: str, subject: str) -> None:
    assert trusted(trust, subject)


@pytest.mark.parametrize(
    ("trust", "subject"),
    [
        (GITHUB, "repo:team@1/shop@2:environment:production"),
        (GITHUB, "repo:team@1/shop@2:ref:refs/heads/feature"),
        (GITHUB, "repo:team@1/shop@2:ref:refs/tags/main"),
        (GITHUB, "repo:team@1/other@3:pull_request"),
        (GITLAB, "project_path:team/shop:ref_type:tag:ref:v1"),
        (GITLAB, "project_path:team/shop-2:ref_type:branch:ref:main"),
        (GITLAB, "project_path:eve/shop:ref_type:branch:ref:main"),
        (BITBUCKET, f"{REPOSITORY}:{TARGET}:{STEP}"),
        (BITBUCKET, f"{TARGET}:{STEP}"),
    ],
)
def test_previews_trust_no_other_job(trust: str, subject: str) -> None:
    assert not trusted(trust, subject)


@pytest.mark.parametrize("trust", [f"{BITBUCKET}/{TARGET}", "bitbucket:team/shop", "github:team/*", None])
def test_what_previews_cannot_trust_is_refused_with_the_form_that_is_expected(trust: str | None) -> None:
    with pytest.raises(ConfigError) as refused:
        read_trust(replace(PREVIEWS, trust=trust), branch="main")
    assert refused.value.code == ("trust-invalid" if trust else "trust-missing")
    assert "[previews]" in refused.value.hint
    assert "previews" in refused.value.message
