"""What the tables of entries say of each."""

from datetime import UTC, datetime

import pytest

from sealift.cli.tables import by_whom
from sealift.model.ledger import Entry, Record
from sealift.model.records import Approval, Details, Waiver


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (Waiver(waives="app/Items:data-removed", reason="moved elsewhere"), "ann: moved elsewhere"),
        (Approval(reason=""), "ann"),
    ],
)
def test_who_decided_is_shown_with_the_reason(details: Details, said: str) -> None:
    record = Record(kind="waiver", status="succeeded", operation="1", details=details)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    entry = Entry(seq=1, environment="staging", at=at, actor="ann", record=record, previous="", hash="")
    assert by_whom(entry) == said
