"""Accepted findings in the configuration: what is read, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from sealift.config.load import Source, load_app
from sealift.errors import ConfigError
from sealift.model.app import AcceptedFinding, App

FULL = """\
[[isolation.accepted]]
id = "IAM-01"
reason = "The report reads both until the move."
expires = 2027-01-31
from = "staging"
to = "production"
logical_id = "ReportRole"
[[isolation.accepted]]
id = "QTA-01"
reason = "One account for now."
expires = "2027-06-30"
to = "every environment"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    return tmp_path


def _load(root: Path, text: str) -> App:
    return load_app(root, source=Source(file="sealift.toml", text=text))


def _message(root: Path, **changed: str) -> str:
    keys = {"id": '"IAM-01"', "reason": '"known"', "expires": "2027-01-31", **changed}
    with pytest.raises(ConfigError) as caught:
        _load(root, "[[isolation.accepted]]\n" + "\n".join(f"{k} = {v}" for k, v in keys.items() if v))
    return caught.value.message


def test_dates_are_read_as_dates_or_as_text(root: Path) -> None:
    assert _load(root, FULL).accepted == (
        AcceptedFinding(
            id="IAM-01",
            reason="The report reads both until the move.",
            expires=date(2027, 1, 31),
            source="staging",
            target="production",
            logical_id="ReportRole",
        ),
        AcceptedFinding(
            id="QTA-01", reason="One account for now.", expires=date(2027, 6, 30), target="every environment"
        ),
    )


def test_nothing_is_accepted_by_itself(root: Path) -> None:
    assert _load(root, "").accepted == ()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("id", "", "id is missing"),
        ("reason", "", "reason is missing"),
        ("expires", "", "expires is missing"),
        ("reason", '"  "', "reason: must be text"),
        ("id", '"iam 1"', "must be the id of a rule, such as IAM-01"),
        ("id", '"IAM-99"', 'there is no rule "IAM-99" (did you mean "IAM-'),
        ("expires", '"2027-02-30"', "must be a day such as 2027-01-31"),
        ("expires", "2027-01-31T10:00:00Z", "must be a day such as 2027-01-31"),
        ("expires", '"never"', "must be a day such as 2027-01-31"),
        ("expires", "7", "must be a day such as 2027-01-31"),
        ("from", '"stagin"', 'there is no environment "stagin" (did you mean "staging"?)'),
        ("to", '"elsewhere"', 'there is no environment "elsewhere"'),
        ("until", "2027-01-31", "unknown key"),
    ],
)
def test_what_accepts_nothing_or_for_ever_is_refused(root: Path, key: str, value: str, message: str) -> None:
    told = _message(root, **{key: value})
    assert message in told
    assert "isolation.accepted[1]" in told


def test_one_table_instead_of_an_array_is_told_how_to_write_it(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[\[isolation.accepted\]\]"):
        _load(root, "[isolation]\naccepted = 'IAM-01'")
