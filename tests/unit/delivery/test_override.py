"""Which gates an override passes: those that say *not yet*, and those that compare with what was lost."""

from typing import get_args

import pytest

from sealift.delivery.gates import GateName, GateResult
from sealift.delivery.override import NOT_KNOWN, NOT_YET, SHORTEST_REASON, Override, override_problem


@pytest.mark.parametrize("status", ["open", "waiting", "refused"])
@pytest.mark.parametrize("gate", get_args(GateName))
def test_a_gate_is_passed_that_was_named_and_waits_or_cannot_be_known(gate: GateName, status: str) -> None:
    result = GateResult(gate=gate, status=status, message="m")  # type: ignore[arg-type]
    may_be = gate in NOT_KNOWN or (gate in NOT_YET and status == "waiting")
    assert Override(gates=frozenset(get_args(GateName)), reason="r").covers(result) == may_be
    assert not Override(gates=frozenset({*get_args(GateName)} - {gate}), reason="r").covers(result)


def test_an_override_needs_gates_that_give_way_and_a_reason() -> None:
    long = "x" * SHORTEST_REASON
    assert override_problem({"window", "newer"}, long) == ""
    assert override_problem({"verified", "approval", "window"}, long).startswith("approval, verified cannot")
    assert "at least 10 characters" in override_problem({"soak"}, f" {long[1:]} ")


def test_gates_that_cannot_be_overridden_are_named_in_order():
    assert override_problem(["verified", "data", "branch", "soak", "approval"], "a good reason").startswith(
        "approval, branch, data, verified cannot be overridden; "
    )
