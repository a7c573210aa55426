"""Only a bad change is rolled back: what AWS or Sealift broke is gone on with."""

import pytest

from sealift.delivery.blame import OURS, broke
from sealift.errors import CloudError, InternalError, LeaseError, SealiftError, UserError


@pytest.mark.parametrize(
    ("error", "is_ours"),
    [
        (UserError("m", code="x"), False),
        (InternalError("m", code="x"), True),
        (LeaseError("m", code="lease-lost"), True),
        (CloudError("m", code="x"), False),
        (CloudError("m", code="x", retryable=True), True),
        (CloudError("m", code="credentials-expired"), True),
        *((CloudError("m", code=code), True) for code in sorted(OURS)),
        *((UserError("m", code=code), False) for code in sorted(OURS)),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_what_says_nothing_about_the_change_is_ours(error: SealiftError, is_ours: bool) -> None:
    assert broke(error) == is_ours
