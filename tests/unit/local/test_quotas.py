"""CloudFormation's quotas, counted in what AWS would get."""

import pytest

from sealift.errors import CloudError
from sealift.local.quotas import refuse_over_quota
from sealift.model.template import Json

MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}


def body(section: str, count: int) -> dict[str, Json]:
    return {section: {f"N{number}": {} for number in range(count)}}


@pytest.mark.parametrize(("section", "most"), MOST.items())
def test_a_template_at_its_quota_is_taken_and_one_beyond_it_is_not(section: str, most: int) -> None:
    refuse_over_quota(body(section, most), b"", "shop")
    with pytest.raises(CloudError, match=f"{most + 1}, is greater than maximum allowed, {most}") as caught:
        refuse_over_quota(body(section, most + 1), b"", "shop")
    assert caught.value.code == "template-quota"
    assert "[[stacks]]" in caught.value.hint


def test_the_template_that_is_sent_may_have_a_million_bytes() -> None:
    refuse_over_quota({}, b" " * 1_000_000, "shop")
    with pytest.raises(CloudError, match="1000000 bytes"):
        refuse_over_quota({}, b" " * 1_000_001, "shop")
