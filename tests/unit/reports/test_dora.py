"""The page of DORA's measures: whole without data, names of anybody in it, one bar for each week that is known."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from sealift.reports.dora import dora_page
from tests.unit.delivery.ledgers import LedgerOf
from tests.unit.delivery.test_dora import HOUR, committed, good, measured

ROWS = (("deployment frequency", "1.0 a week (1)"),)


def page(ledger: LedgerOf, name: str = "production", **commits: object) -> str:
    return dora_page(name, measured(ledger, **commits), ROWS, told=lambda seconds: f"{seconds:.0f} s")  # type: ignore[arg-type]


def charts(text: str) -> list[ElementTree.Element]:
    return [
        ElementTree.fromstring(part.partition("</svg>")[0].join(("<svg", "</svg>"))) for part in text.split("<svg")[1:]
    ]


def test_without_data_it_says_so_and_draws_nothing():
    text = page(LedgerOf())
    assert charts(text) == []
    assert text.count("Nothing is known in this time.") == 3


def test_each_week_has_its_name_and_each_known_value_stands_on_its_bar():
    found = charts(page(good(LedgerOf(), "o1", HOUR), o1=[committed(0)]))
    assert len(found) == 2  # nothing failed
    texts = [[text.text for text in chart.iter("text")] for chart in found]
    assert all(len([text for text in own if text and "-" in text]) == 13 for own in texts)
    assert "3660 s" in texts[1]
    bars = [rect for rect in found[0].iter("rect") if rect.get("width") != "1200"]
    assert [float(bar.get("height") or 0) for bar in bars] == [pytest.approx(156)]


def test_a_name_is_no_markup():
    text = page(LedgerOf(), "<script>alert(1)</script>")
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_a_bar_never_leaves_the_chart():
    found = measured(good(LedgerOf(), "o1", HOUR), o1=[committed(0)])
    weeks = tuple(replace(week, deployments=10**9, failed=10**9) for week in found.weeks)
    for chart in charts(dora_page("x", replace(found, weeks=weeks), ROWS, told=str)):
        assert all(float(rect.get("y") or 0) >= 0 for rect in chart.iter("rect"))
