"""Ten leaks, planted one after another in the example application, each found with its witness and line."""

import re

import pytest

from tests.counts import Note
from tools.leaks import LEAKS, PAGE, page, proved


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the command a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "leaks"))


def test_the_example_without_a_leak_is_proved() -> None:
    assert (proved(None)["verdict"], {f["severity"] for f in proved(None)["findings"]}) == ("L1", {"info"})


def test_the_page_shows_what_is_said_of_each(count: Note) -> None:
    said = page()
    found = re.findall(r"`[\w/.]+:[1-9]\d*` \|$", said, re.MULTILINE)
    count("leaks in the example application", planted=len(LEAKS), found_with_witness_and_line=len(found))
    assert len(found) == len(LEAKS) == 10
    assert said == PAGE.read_text(), "out of date: python -m tools.leaks"
