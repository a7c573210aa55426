"""The reference is what the code says."""

from pathlib import Path

import pytest

from tools import left_out, raised
from tools.reference import FOLDER, pages

GENERATED = sorted(page.name for page in FOLDER.glob("*.md") if page.name != "promises.md")


def test_every_page_is_generated_but_the_promises():
    assert sorted(pages()) == GENERATED


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_up_to_date(name):
    assert (FOLDER / name).read_text() == pages()[name], f"{name} is out of date: run `python -m tools.reference`"


def test_the_page_of_the_embedded_cloud_says_what_the_code_leaves_out():
    assert left_out.PAGE.read_text() == left_out.page(), "run `python -m tools.reference`"


def test_every_error_code_can_be_read_from_the_source():
    assert raised.unread() == ()


def test_a_code_that_is_computed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "odd.py").write_text('def f(x):\n    raise UserError("no", code=x.code_of())\n')
    monkeypatch.setattr(raised, "SOURCE", tmp_path)
    assert raised.unread() == ("odd.py:2: x.code_of()",)


def test_codes_are_found_with_their_messages_hints_and_exit_codes():
    found = {one.code: one for one in raised.errors_raised()}
    assert found["wrong-account"].exit_code == 3
    assert found["no-folder"].messages == ("There is no folder …",)
    assert found["no-folder"].hints == ("Correct -C.",)
    assert found["internal"].exit_code == 70
    assert found["usage"].exit_code == 2
    assert "dirty-tree" in found
