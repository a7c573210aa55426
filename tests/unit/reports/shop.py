"""Environments with resources, leaks and names that mean harm."""

from dataclasses import replace

from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.rules import RULES
from sealift.model.template import Json
from tests.unit.isolation.examples import views

HOSTILE = '<script>alert("x")</script>&\'\u202e]]>\x07--><svg onload=x>'


def example(rule_id: str, *, failing: bool = True) -> list[EnvironmentView]:
    """Return the environments of a rule's example."""
    rule = next(one for one in RULES if one.id == rule_id)
    return views(rule.failing if failing else rule.passing)


def hostile() -> list[EnvironmentView]:
    """Return environments whose every name tries to break out of a page."""
    body: dict[str, Json] = {
        "Resources": {
            HOSTILE: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": HOSTILE}},
            "Odd": {"Type": f"AWS::{HOSTILE}::X"},
        }
    }
    return [
        EnvironmentView(
            name=f"{name}{HOSTILE}", region=HOSTILE, stacks=(StackView(name=f"{name}{HOSTILE}", body=body),)
        )
        for name in ("staging", "production")
    ]


def with_comment_added(view: EnvironmentView) -> EnvironmentView:
    """Return the same environment with every resource one line further down."""
    stacks = tuple(
        replace(s, locations={k: replace(v, line=v.line + 1) for k, v in s.locations.items()}) for s in view.stacks
    )
    return replace(view, stacks=stacks)
