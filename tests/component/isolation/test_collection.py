"""Every leak of the collection is found with its severity, and nothing grave in what only looks like one."""

import pytest

from sealift.isolation.prove import prove
from tests.component.isolation.collection import cases
from tests.component.isolation.collection.table import outcome

CASES = list(cases())


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
def test_each_case_of_a_kind_is_judged_as_a_person_would(kind: str) -> None:
    wrong = {}
    for case in (case for case in CASES if case.kind == kind):
        verdict = prove(case.views())
        if outcome(case, verdict) != ("found" if case.leak else "clean"):
            wrong[case.name] = [f.message for f in verdict.findings]
    assert wrong == {}
