"""Every rule finds its failing example, and nothing of its own in its passing one."""

from pathlib import Path

import pytest

from sealift.isolation import rules
from sealift.isolation.prove import prove
from sealift.isolation.rule import Rule
from sealift.isolation.rules import RULES
from tests.unit.isolation.examples import views

by_id = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@by_id
def test_the_failing_template_is_found(rule: Rule) -> None:
    verdict = prove(views(rule.failing))
    found = [f for f in (*verdict.findings, *verdict.residuals) if f.id == rule.id]
    assert found, [f.message for f in verdict.findings]
    assert all(f.fix and f.message.endswith(".") and f.source for f in found)
    assert any(f.severity == rule.severity for f in found)
    assert not [f for f in verdict.findings if f.id == "PRF-01"] or rule.id == "PRF-01"
    if rule.residual:
        assert all(f.residual for f in found)


@by_id
def test_the_passing_template_is_clean_of_it(rule: Rule) -> None:
    verdict = prove(views(rule.passing))
    found = [f.message for f in (*verdict.findings, *verdict.residuals) if f.id == rule.id]
    assert found == []
    assert [f.message for f in verdict.stopping] == []


@by_id
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.title
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.failing != rule.passing


def test_every_file_of_a_rule_is_in_the_order() -> None:
    files = Path(rules.__file__).parent.glob("[a-z]*_[0-9][0-9].py")
    assert sorted(file.stem.upper().replace("_", "-") for file in files) == sorted(rule.id for rule in RULES)
