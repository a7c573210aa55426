"""Two stacks that name one thing of any type are found, whatever the type: the schemas say what identifies it."""

from typing import Any

import pytest

from sealift.isolation.identities import _shapes, shape
from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.prove import prove

TYPES = [name for name in _shapes() if name != "#" and (found := shape(name)) and (found.keys or found.mark == "*")]


def _put(properties: dict[str, Any], path: str, value: str) -> None:
    *above, last = path.split(".")
    for key in above:
        properties = properties.setdefault(key, {})
    properties[last] = value


def _grave(cfn_type: str, properties: list[dict[str, Any]]) -> set[str]:
    views = [
        EnvironmentView(
            name=name,
            region="eu-west-1",
            stacks=(
                StackView(name=f"app-{name}", body={"Resources": {"It": {"Type": cfn_type, "Properties": given}}}),
            ),
        )
        for name, given in zip(("staging", "production"), properties, strict=True)
    ]
    return {f.id for f in prove(views).findings if f.severity in ("critical", "high") and not f.unproved}


def test_the_schemas_are_many() -> None:
    assert len(TYPES) > 900


@pytest.mark.parametrize("part", range(8))
def test_one_name_in_two_stacks_is_found_for_every_type(part: int) -> None:
    for cfn_type in TYPES[part::8]:
        known = shape(cfn_type)
        assert known is not None
        given: dict[str, Any] = {}
        for path in (*(key[0] for key in known.keys), *known.parents):
            _put(given, path, "company-thing")
        assert _grave(cfn_type, [given, given]), cfn_type


@pytest.mark.parametrize("part", range(8))
def test_names_of_their_own_are_apart_for_every_type(part: int) -> None:
    for cfn_type in TYPES[part::8]:
        known = shape(cfn_type)
        if known is None or known.mark == "*" or known.parents:
            continue
        listed: list[dict[str, Any]] = [{}, {}]
        for given, own in zip(listed, ("one", "other"), strict=True):
            for key in known.keys:
                _put(given, key[0], f"company-{own}")
        assert not _grave(cfn_type, listed) & {"NAM-01", "CFG-01"}, cfn_type
