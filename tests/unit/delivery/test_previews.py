"""Laws of previews: names that are short, safe and apart, cards that survive, and who gets one."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.previews import (
    checked_name,
    decode_card,
    encode_card,
    fate,
    given_name,
    is_preview,
    number_of,
    over_cap,
    place,
    preview_environment,
    preview_name,
    previews_of,
    why_not,
    without_a_clone,
)
from sealift.errors import ConfigError, UserError
from sealift.model.app import PREVIEW, App, Environment, GatesRead, PreviewRules
from sealift.model.preview import Card, PullRequest

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
EVERY = Environment(
    name=PREVIEW,
    kind="preview",
    region="eu-west-1",
    stack_name=f"shop-{PREVIEW}",
    parameters={"Stage": PREVIEW, "Schedule": "cron(0 * * * ? *)"},
)
requests = st.builds(
    PullRequest,
    number=st.one_of(st.none(), st.integers(1, 9_999_999_999).map(str)),
    branch=st.text(min_size=1, max_size=250),
)


def name_of(branch: str) -> str:
    return preview_name(PullRequest(number=None, branch=branch))


@given(requests)
def test_a_name_is_short_and_safe(asked: PullRequest):
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,13}", preview_name(asked))
    assert is_preview(preview_name(asked))


@given(requests, requests)
def test_no_name_is_the_beginning_of_another_one_and_its_dash(one: PullRequest, other: PullRequest):
    first, second = preview_name(one), preview_name(other)
    assert first == second or not second.startswith(f"{first}-")
    assert first == second or not place(second).startswith(place(first))


@given(requests, requests)
def test_different_pull_requests_and_branches_get_different_names(one: PullRequest, other: PullRequest):
    same = (one.number, one.number or one.branch) == (other.number, other.number or other.branch)
    assert (preview_name(one) == preview_name(other)) is same


@pytest.mark.parametrize("branch", ["production", "pr-12", "12", "é" * 250, "🚀" * 62, "a b/../c", "-rf"])
def test_no_text_of_a_branch_gets_into_a_name(branch: str):
    assert re.fullmatch(r"pr-b[0-9a-f]{10}", name_of(branch))


@pytest.mark.parametrize("number", ["", "0", "012", "-1", "1e3", "12; rm", "12\n", "٣", "1" * 11])
def test_what_is_no_number_of_a_pull_request_is_refused(number: str):
    with pytest.raises(UserError):
        preview_name(PullRequest(number=number, branch="feature"))


def test_without_number_and_branch_there_is_no_name():
    with pytest.raises(UserError) as refused:
        preview_name(PullRequest(number=None, branch=None))
    assert "--pull-request" in refused.value.hint


@pytest.mark.parametrize("name", ["production", "pr-", "pr-*", "pr-012", "PR-12", "pr-12-x", "pr-b12", ""])
def test_no_other_name_is_taken_for_a_preview(name: str):
    with pytest.raises(UserError):
        given_name(name)
    with pytest.raises(UserError):
        preview_environment(EVERY, name)


@pytest.mark.parametrize("text", ["12", "pr-12"])
def test_a_number_or_a_name_means_the_same_preview(text: str):
    assert given_name(text) == "pr-12"


def test_its_name_is_put_where_all_previews_are_named_and_nowhere_else():
    one = preview_environment(EVERY, "pr-12")
    assert (one.name, one.stack_name, one.kind) == ("pr-12", "shop-pr-12", "preview")
    assert one.parameters == {"Stage": "pr-12", "Schedule": "cron(0 * * * ? *)"}


texts = st.one_of(st.none(), st.text(max_size=60))
cards = st.builds(
    Card,
    name=st.just("pr-12"),
    app=st.just("shop"),
    pull_request=texts,
    branch=texts,
    repository=texts,
    commit=texts,
    stacks=st.lists(st.text(max_size=20), max_size=3).map(tuple),
    created_at=st.datetimes(timezones=st.just(UTC)),
    used_at=st.datetimes(timezones=st.just(UTC)),
    actor=st.text(max_size=20),
)


@given(cards)
def test_a_card_survives_being_stored(card: Card):
    assert decode_card(encode_card(card)) == card


@given(st.binary(max_size=80))
def test_damaged_cards_say_nothing(body: bytes):
    assert decode_card(body) is None


def test_a_card_without_a_time_zone_says_nothing():
    assert decode_card(encode_card(card_of(NOW)).replace(b'Z"', b'"')) is None


def card_of(used_at: datetime, *, name: str = "pr-12", repository: str | None = "team/shop") -> Card:
    return Card(
        name=name,
        app="shop",
        pull_request=name.removeprefix("pr-"),
        branch="feature",
        repository=repository,
        commit=None,
        stacks=(),
        created_at=used_at,
        used_at=used_at,
    )


@pytest.mark.parametrize(
    ("age_s", "open_numbers", "repository", "expected"),
    [
        (0, {"12"}, "team/shop", "kept"),
        (0, set(), "team/shop", "closed"),
        (0, None, "team/shop", "kept"),
        (0, set(), None, "kept"),
        (0, set(), "team/other", "kept"),
        (599, {"12"}, "team/shop", "kept"),
        (600, {"12"}, "team/shop", "expired"),
        (600, None, None, "expired"),
    ],
)
def test_what_becomes_of_a_preview(age_s: int, open_numbers: set[str] | None, repository: str | None, expected: str):
    rules = PreviewRules(expires_s=600.0)
    card = card_of(NOW - timedelta(seconds=age_s))
    assert fate(card, open_numbers=open_numbers, repository=repository, now=NOW, rules=rules) == expected


def test_a_preview_of_an_unknown_repository_is_never_taken_for_closed():
    card = card_of(NOW, repository=None)
    assert fate(card, open_numbers=set(), repository=None, now=NOW, rules=PreviewRules()) == "kept"


@given(st.integers(1, 6), st.integers(0, 8))
def test_as_many_previews_get_in_as_there_may_be(cap: int, count: int):
    made = [card_of(NOW, name=f"pr-{number}") for number in range(1, count + 1)]
    assert sum(not over_cap(made, card.name, cap=cap) for card in made) == min(cap, count)


def test_a_fork_gets_one_only_where_that_is_allowed():
    fork = PullRequest(number="12", branch="feature", fork=True)
    allowed = Environment(name=PREVIEW, region="eu-west-1", stack_name="x", untrusted=True)
    assert ("fork" in why_not(PreviewRules(), EVERY, fork), why_not(PreviewRules(), allowed, fork)) == (True, "")


@pytest.mark.parametrize(
    ("when", "known", "why"),
    [
        ("always", {}, ""),
        ("always", {"draft": True, "labels": ()}, ""),
        ("always", {"open": False}, "is closed"),
        ("always", {"fork": True}, "comes from a fork"),
        ("ready", {"draft": False}, ""),
        ("ready", {"draft": True}, "is a draft"),
        ("ready", {}, "is not known whether"),
        ("label", {"labels": ("preview", "bug")}, ""),
        ("label", {"labels": ("bug",)}, "has no label"),
        ("label", {"labels": ()}, "has no label"),
        ("label", {}, "are not known"),
    ],
)
def test_who_gets_a_preview_is_what_the_rules_say(when: str, known: dict[str, object], why: str):
    asked = PullRequest(number="7", branch="b", **known)  # type: ignore[arg-type]
    said = why_not(PreviewRules(when=when), EVERY, asked)  # type: ignore[arg-type]
    assert why in said if why else said == ""


DECLARED = Environment(name=PREVIEW, kind="preview", region="r", stack_name="x")
BARE = App(name="shop", root=Path("shop"), config_path=None, stacks=(), environments=())


@pytest.mark.parametrize(
    ("declared", "left_out", "local", "expected"),
    [
        (True, False, False, DECLARED),
        (True, False, True, DECLARED),
        (True, True, True, DECLARED),
        (True, True, False, "previews-not-merged"),
        (False, False, False, "previews-not-declared"),
    ],
)
def test_previews_are_those_that_are_declared_and_merged(declared, left_out, *, local: bool, expected):
    gates = GatesRead(left_out=(PREVIEW,) if left_out else ())
    app = replace(BARE, previews=DECLARED if declared else None, gates=gates)
    if isinstance(expected, str):
        with pytest.raises(ConfigError) as refused:
            previews_of(app, local=local)
        assert refused.value.code == expected
    else:
        assert previews_of(app, local=local) == expected


@pytest.mark.parametrize(("environments", "region"), [((), "us-east-1"), ((DECLARED, EVERY), "r")])
def test_local_previews_need_no_declaration(environments, region: str):
    found = previews_of(replace(BARE, environments=environments), local=True)
    assert (found.name, found.kind, found.region, found.stack_name) == (PREVIEW, "preview", region, "shop-pr-*")


def test_the_previews_of_an_application_can_be_destroyed_without_its_clone():
    app = without_a_clone(Path("here"), "shop", region="r", account="1" * 12, role="arn")
    assert app.root.is_absolute()
    assert app.previews == replace(DECLARED, account="1" * 12, role="arn", stack_name="shop-pr-*")
    for name in ("", "-x", "a b", "1a", "a" * 101):
        with pytest.raises(UserError):
            without_a_clone(Path(), name, region="r", account=None, role=None)


@pytest.mark.parametrize(("name", "number"), [("pr-12", "12"), ("pr-b0123456789", None), ("pr-012", None), ("x", None)])
def test_the_number_of_a_pull_request_is_in_the_name_of_its_preview(name: str, number: str | None):
    assert number_of(name) == number


@pytest.mark.parametrize(
    ("number", "draft", "when", "said"),
    [
        ("7", True, "ready", "pull request 7 is a draft"),
        (None, True, "ready", "this branch is a draft"),
        (None, None, "always", ""),
    ],
)
def test_a_reason_names_the_pull_request_or_the_branch(number, draft, when, said: str):
    assert why_not(PreviewRules(when=when), EVERY, PullRequest(number=number, branch="b", draft=draft)) == said


@pytest.mark.parametrize(
    ("pull_request", "open_numbers", "expected"), [(None, set(), "kept"), ("12", None, "kept"), ("12", {"1"}, "closed")]
)
def test_only_the_preview_of_a_pull_request_can_be_closed(pull_request, open_numbers, expected: str):
    card = replace(card_of(NOW), pull_request=pull_request)
    assert fate(card, open_numbers=open_numbers, repository="team/shop", now=NOW, rules=PreviewRules()) == expected


@given(st.permutations(["pr-1", "pr-2", "pr-3", "pr-4"]))
def test_the_earlier_preview_stays_when_there_are_too_many(order: list[str]):
    made = [card_of(NOW + timedelta(seconds=number // 2), name=name) for number, name in enumerate(order)]
    admitted = {card.name for card in made if not over_cap(made, card.name, cap=3)}
    assert admitted == {*order[:2], min(order[2:])}


def test_what_is_refused_is_named_by_its_beginning():
    for refuse, text, most in (
        (checked_name, "x" * 99, 60),
        (lambda one: preview_name(PullRequest(number=one, branch=None)), "0" * 99, 40),
        (lambda one: without_a_clone(Path(), one, region="r", account=None, role=None), "-" * 99, 60),
    ):
        with pytest.raises(UserError, match=f'^"{text[:most]}"'):
            refuse(text)
