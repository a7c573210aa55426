"""The map: every crossing is drawn and explained, nothing overlaps, and no name gets out of its place."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.isolation.model import EVERY, OUTSIDE, EnvironmentView, Finding, StackView, Verdict, Witness
from sealift.isolation.prove import prove
from sealift.isolation.rules import RULES
from sealift.reports.map import html, svg
from sealift.reports.map.crossings import MOST_ARROWS, Crossing, crossings
from sealift.reports.map.inventory import rooms
from sealift.reports.map.layout import CORRIDOR, WIDTH, Layout, layout
from sealift.reports.map.legend import MOST_ENTRIES, MOST_PLACES
from sealift.reports.map.marks import columns, fit, wrapped
from sealift.reports.style import clean
from tests.unit.reports.shop import HOSTILE, example, hostile

SVG = "{http://www.w3.org/2000/svg}"


def _texts(drawing: str) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def _views(*names: str) -> list[EnvironmentView]:
    body = example("IAM-01")[0].stacks[0].body
    return [
        EnvironmentView(name=name, region="eu-central-1", stacks=(StackView(name=f"app-{name}", body=body),))
        for name in names
    ]


def _verdict(*leaks: Finding) -> Verdict:
    return Verdict(level="L0", findings=leaks, residuals=())


def _leak(source: str, target: str, rule: str = "IAM-01", **more: object) -> Finding:
    fields = {"severity": "high", "message": f"{source} reaches {target}.", **more}
    return Finding(id=rule, source=source, target=target, **fields)  # type: ignore[arg-type]


def _plan(views: list[EnvironmentView], verdict: Verdict) -> Layout:
    held = rooms(views)
    return layout(held, crossings(verdict, held))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_s_failing_example_can_be_drawn(rule) -> None:  # type: ignore[no-untyped-def]
    views = example(rule.id)
    verdict = prove(views)
    drawn = _texts(svg(views, verdict))
    page = html(views, verdict)
    for leak in verdict.findings:
        assert any(leak.id in text for text in drawn)
        assert leak.id in page
        if leak.witness is not None:
            assert any(leak.witness.action in text for text in drawn), leak.witness


def test_a_crossing_goes_from_the_resource_to_the_resource_it_reaches() -> None:
    views = example("IAM-01")
    verdict = prove(views)
    (outwards,) = [c for c in crossings(verdict, rooms(views)) if c.source == "staging" and c.label == "IAM-01"]
    assert (outwards.source_item, outwards.target, outwards.target_item) == ("Role", "production", "Orders")
    assert verdict.findings[outwards.numbers[0] - 1].source == "staging"


def test_a_clean_verdict_shows_sealed_rooms_and_no_red_line() -> None:
    views = [replace(v, account=f"{n}" * 12) for n, v in enumerate(example("IAM-01", failing=False), 1)]
    verdict = prove(views)
    assert verdict.findings == ()
    drawing = svg(views, verdict)
    assert "<path d=" not in drawing.split("</defs>")[1]
    assert _texts(drawing).count("sealed") == 2
    assert "no crossing" in " ".join(_texts(drawing))


def test_resources_are_grouped_and_counted() -> None:
    (staging, _) = rooms(example("IAM-01"))
    assert [(group.title, [item.logical_id for item in group.items]) for group in staging.groups] == [
        ("Data stores", ["Orders"]),
        ("Roles and permissions", ["Role"]),
    ]
    texts = _texts(svg(example("IAM-01"), prove(example("IAM-01"))))
    assert {"Orders", "Role", "DynamoDB Table", "IAM Role", "Data stores"} <= set(texts)


def test_many_resources_are_shortened_in_the_drawing_and_whole_on_the_page() -> None:
    body = {"Resources": {f"Queue{n:03}": {"Type": "AWS::SQS::Queue"} for n in range(40)}}
    views = [replace(v, stacks=(replace(v.stacks[0], body=body),)) for v in _views("staging", "production")]
    verdict = prove(views)
    texts = _texts(svg(views, verdict))
    assert "40" in texts
    assert "and 33 more" in texts
    page = html(views, verdict)
    assert all(f"Queue{n:03}" in page for n in range(40))


def test_a_crossed_resource_is_shown_however_many_there_are() -> None:
    body = {"Resources": {f"Queue{n:03}": {"Type": "AWS::SQS::Queue"} for n in range(400)}}
    views = [replace(v, stacks=(replace(v.stacks[0], body=body),)) for v in _views("staging", "production")]
    witness = Witness(principal="x", action="sqs:SendMessage", resource="arn:aws:sqs:r:a:app-production-Queue399-ABC")
    assert "Queue399" in _texts(svg(views, _verdict(_leak("staging", "production", witness=witness))))


def test_the_same_input_gives_the_same_bytes() -> None:
    def drawn() -> tuple[str, str]:
        views = example("EVT-02")
        verdict = prove(views)
        return svg(views, verdict), html(views, verdict)

    assert drawn() == drawn()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_names_stay_text() -> None:
    views = hostile()
    verdict = prove(views)
    drawing, page = svg(views, verdict), html(views, verdict)
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(drawing).iter()}
    assert tags <= {"svg", "title", "defs", "marker", "path", "rect", "text", "g", "circle"}
    assert any("<script>" in text for text in _texts(drawing))
    parsed = _Page()
    parsed.feed(page)
    assert "script" not in parsed.tags
    assert not {name for name in parsed.attributes if name.startswith("on")}
    for text in (drawing, page):
        assert "\u202e" not in text
        assert "\x07" not in text
    assert "default-src &#x27;none&#x27;" in page


def test_hostile_findings_stay_text() -> None:
    witness = Witness(principal=HOSTILE, action=HOSTILE, resource=HOSTILE, path=(HOSTILE,))
    leak = _leak("staging", "production", HOSTILE, message=HOSTILE, fix=HOSTILE, logical_id=HOSTILE, witness=witness)
    views = _views("staging", "production")
    verdict = replace(_verdict(leak), inputs={HOSTILE: HOSTILE}, axioms=(HOSTILE,), counted={HOSTILE: 1})
    ElementTree.fromstring(svg(views, verdict))
    parsed = _Page()
    parsed.feed(html(views, verdict))
    assert "script" not in parsed.tags


@given(st.text())
def test_clean_text_can_always_be_parsed(text: str) -> None:
    views = [EnvironmentView(name=text, region=text, stacks=(StackView(name=text, body={"Resources": {text: text}}),))]
    drawn = ElementTree.fromstring(svg(views, _verdict(_leak(text, OUTSIDE, message=text))))
    assert drawn.tag.endswith("svg")


@given(st.text(), st.integers(3, 40))
def test_shortened_and_wrapped_text_fits(text: str, width: int) -> None:
    assert columns(fit(text, width)) <= width
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())


def test_outside_and_every_environment_have_corridors() -> None:
    leaks = (_leak("a", OUTSIDE), _leak("b", EVERY, "NAM-04"), _leak(OUTSIDE, "c", "RPL-02"))
    plan = _plan(_views("a", "b", "c"), _verdict(*leaks))
    assert plan.above is not None
    assert plan.below is not None
    assert all(plan.above + CORRIDOR < room.y for room in plan.rooms)
    assert all(room.y + room.height < plan.below for room in plan.rooms)


def test_every_environment_is_the_other_one_when_there_are_two() -> None:
    plan = _plan(_views("a", "b"), _verdict(_leak("a", EVERY)))
    assert plan.below is None
    assert [(one.crossing.source, one.crossing.target) for one in plan.arrows] == [("a", "b")]


def test_what_a_preview_does_to_the_next_one_is_not_drawn_as_done_to_an_environment() -> None:
    views = [replace(view, kind="preview") if view.name == "c" else view for view in _views("a", "b", "c")]
    (one,) = crossings(_verdict(_leak("c", "c")), rooms(views))
    assert (one.source, one.target) == ("c", OUTSIDE)
    assert "c → c" in _texts(svg(views, _verdict(_leak("c", "c"))))


def test_a_finding_of_no_room_is_in_the_legend_only() -> None:
    verdict = _verdict(_leak(OUTSIDE, OUTSIDE, "PRF-01"))
    views = _views("a", "b")
    assert _plan(views, verdict).arrows == []
    assert any("PRF-01" in text for text in _texts(svg(views, verdict)))


_NAMES = ["a", "b", "c", "d", "e", "f", "g"]
_ENDS = st.sampled_from([*_NAMES, OUTSIDE, EVERY, "unheard of"])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, len(_NAMES)),
    st.lists(st.tuples(_ENDS, _ENDS, st.sampled_from(["IAM-01", "NAM-01", "RPL-01"])), max_size=60),
)
def test_every_finding_of_a_room_is_in_exactly_one_arrow_and_badges_do_not_meet(
    count: int, pairs: list[tuple[str, str, str]]
) -> None:
    verdict = _verdict(*(_leak(source, target, rule) for source, target, rule in pairs))
    views = _views(*_NAMES[:count])
    plan = _plan(views, verdict)
    names = set(_NAMES[:count])
    expected = [n for n, leak in enumerate(verdict.findings, 1) if names & {leak.source, leak.target}]
    drawn = sorted(n for arrow in plan.arrows for n in arrow.crossing.numbers)
    assert drawn == expected
    for arrow in plan.arrows:
        for x, y in [*arrow.points, arrow.badge]:
            assert 0 <= x <= plan.width
            assert 0 <= y <= plan.height
        x, y = arrow.badge
        assert not any(r.x < x < r.x + WIDTH and r.y < y < r.y + r.height for r in plan.rooms), arrow
    badges = [arrow.badge for arrow in plan.arrows]
    for (x, y), (other_x, other_y) in combinations(badges, 2):
        assert abs(x - other_x) >= 100 or abs(y - other_y) >= 24, badges
    ElementTree.fromstring(svg(views, verdict))


def test_many_crossings_are_drawn_together() -> None:
    names = [f"e{n}" for n in range(20)]
    leaks = [_leak(a, b) for a in names for b in names if a != b]
    found = crossings(_verdict(*leaks), rooms(_views(*names)))
    assert len(found) == 20 <= MOST_ARROWS
    assert sorted(n for one in found for n in one.numbers) == list(range(1, len(leaks) + 1))
    assert {one.target for one in found} == {EVERY}


def test_what_comes_from_outside_is_drawn_where_it_gets_in_however_many_there_are() -> None:
    names = [f"e{n}" for n in range(10)]
    leaks = [_leak(a, b) for a in names for b in names if a != b]
    found = crossings(_verdict(*leaks, _leak(OUTSIDE, "e3")), rooms(_views(*names)))
    assert (OUTSIDE, "e3") in {(one.source, one.target) for one in found}


def test_the_worst_finding_gives_an_arrow_its_look() -> None:
    leaks = (_leak("a", "b", severity="info"), _leak("a", "b", severity="critical", message="Worse."))
    (one,) = crossings(_verdict(*leaks), rooms(_views("a", "b")))
    assert isinstance(one, Crossing)
    assert (one.severity, one.label, one.numbers) == ("critical", "IAM-01 ×2", (1, 2))


def test_numbers_of_the_legend_are_those_on_the_arrows() -> None:
    views = example("IAM-02")
    verdict = prove(views)
    texts = _texts(svg(views, verdict))
    for number, leak in enumerate(verdict.findings, 1):
        assert any(re.match(rf"{number}  {leak.id}\b", text) for text in texts) or any("×" in t for t in texts)
        assert str(number) in texts


def test_what_one_rule_finds_by_one_action_is_one_entry_with_its_places() -> None:
    leaks = [_leak("a", "b", message=f"Finding {n}.") for n in range(30)]
    drawn = _texts(svg(_views("a", "b"), _verdict(*leaks)))
    assert any(text.startswith("IAM-01 ×30") for text in drawn)
    assert "Finding 0." in drawn
    assert any("2 Finding 1." in text for text in drawn)
    assert any(text.endswith(f"and {29 - MOST_PLACES} more") for text in drawn)


def test_a_legend_of_very_many_findings_ends_and_says_how_many_are_left() -> None:
    leaks = [_leak("a", "b", f"R-{n:03}") for n in range(300)]
    drawing = svg(_views("a", "b"), _verdict(*leaks))
    assert f"and {300 - MOST_ENTRIES} more, in the page" in drawing
    assert float(ElementTree.fromstring(drawing).attrib["height"]) < 8000


def test_the_heading_says_of_what_and_of_which_day_the_map_is() -> None:
    views, about = example("IAM-01"), "shop · release 0123456789ab · 2026-11-27"
    verdict = prove(views)
    assert about in _texts(svg(views, verdict, about=about))
    assert about in html(views, verdict, about=about)


def test_what_is_for_information_leaves_a_room_sealed() -> None:
    views = example("IAM-07")
    drawn = _texts(svg(views, prove(views)))
    assert drawn.count("sealed") == 2
    assert any("IAM-07" in text for text in drawn)
    assert "for information" in drawn
