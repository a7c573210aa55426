"""Every leak of the collection is found with its severity, and nothing grave in what only looks like one."""

import pytest

from sealift.isolation.prove import prove
from tests.component.isolation.collection import Case, cases
from tests.component.isolation.collection.table import outcome


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.kind}-{case.name}")
def test_a_case_is_judged_as_a_person_would(case: Case) -> None:
    verdict = prove(case.views())
    assert outcome(case, verdict) == ("found" if case.leak else "clean"), [f.message for f in verdict.findings]
