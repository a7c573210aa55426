"""Outputs and exports on the embedded cloud: a change of them is a change, and what is imported stays."""

import time

import pytest

from sealift.errors import CloudError
from sealift.model.template import Json
from tests.local.opening import Opened

QUEUE: Json = {"Type": "AWS::SQS::Queue"}


def _keeping(**outputs: Json) -> dict[str, Json]:
    return {"Resources": {"Keep": QUEUE}, "Outputs": outputs}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Keep": {"Value": {"Ref": "Keep"}}}, {"KeepUrl": {"Value": {"Ref": "Keep"}}}),
        ({"Keep": {"Value": "old"}}, {"Keep": {"Value": "new"}}),
        ({"Keep": {"Value": "x"}}, {"Keep": {"Value": "x", "Export": {"Name": "sealift-test-exported"}}}),
        ({"Keep": {"Value": "x"}, "More": {"Value": "y"}}, {"Keep": {"Value": "x"}}),
    ],
    ids=["renamed", "changed", "exported", "taken away"],
)
def test_a_change_of_outputs_alone_is_executed(opened: Opened, before: dict[str, Json], after: dict[str, Json]) -> None:
    stack = f"outputs-{time.monotonic_ns()}"
    opened.deploy(stack, _keeping(**before))
    found = opened.change(stack, _keeping(**after), create=False)
    assert (found.status, found.empty, found.changes) == ("CREATE_COMPLETE", False, ())
    opened.stacks.execute_change_set(stack, found.name, token="t")
    state = opened.settled(stack)
    assert (state.status, set(state.outputs)) == ("UPDATE_COMPLETE", set(after))


def test_the_same_outputs_are_no_change(opened: Opened) -> None:
    outputs: dict[str, Json] = {"Keep": {"Value": {"Fn::GetAtt": ["Keep", "Arn"]}}, "W": {"Value": {"Ref": "Word"}}}
    template = {"Parameters": {"Word": {"Type": "String"}}, **_keeping(**outputs)}
    opened.deploy("outputs-same", {**template}, Word="a")
    assert opened.change("outputs-same", {**template}, create=False, Word="a").empty
    assert not opened.change("outputs-same", {**template}, create=False, Word="b").empty


def _exporting(name: str, value: Json = "1") -> dict[str, Json]:
    return _keeping(It={"Value": value, "Export": {"Name": name}})


def _importing(name: str) -> dict[str, Json]:
    value: Json = {"Fn::ImportValue": name}
    parameter: Json = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
    return {"Resources": {"P": parameter}}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (_keeping(), "Export in-use-0 cannot be deleted as it is in use by importer-0"),
        (_exporting("in-use-1", "2"), "Export in-use-1 cannot be updated as it is in use by importer-1"),
        (_exporting("another-2"), "Export in-use-2 cannot be deleted as it is in use by importer-2"),
    ],
    ids=["deleted", "changed", "renamed"],
)
def test_an_export_that_is_in_use_stays(
    opened: Opened, request: pytest.FixtureRequest, after: dict[str, Json], said: str
) -> None:
    number = said.partition(" cannot")[0][-1]
    opened.deploy(f"exporter-{number}", _exporting(f"in-use-{number}"))
    opened.deploy(f"importer-{number}", _importing(f"in-use-{number}"))
    state = opened.deploy(f"exporter-{number}", {**after})
    assert (state.status, state.outputs) == ("UPDATE_ROLLBACK_COMPLETE", {"It": "1"})
    assert said in [event.reason for event in opened.stacks.events(f"exporter-{number}")]


def test_an_export_that_nobody_imports_any_more_may_go(opened: Opened) -> None:
    opened.deploy("exporter-free", _exporting("free"))
    opened.deploy("importer-free", _importing("free"))
    none: Json = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "none"}}
    opened.deploy("importer-free", {"Resources": {"P": none}})
    assert opened.deploy("exporter-free", _keeping()).status == "UPDATE_COMPLETE"
    assert opened.deploy("exporter-other", _exporting("free")).status == "CREATE_COMPLETE"


def test_two_stacks_may_not_export_one_name(opened: Opened) -> None:
    opened.deploy("exporter-first", _exporting("one-name"))
    assert opened.deploy("exporter-second", _exporting("one-name")).status == "ROLLBACK_COMPLETE"
    said = "Export with name one-name is already exported by stack exporter-first."
    assert said in [event.reason for event in opened.stacks.events("exporter-second")]


def test_a_stack_whose_export_is_in_use_is_not_deleted(opened: Opened) -> None:
    opened.deploy("exporter-kept", _exporting("kept"))
    opened.deploy("importer-kept", _importing("kept"))
    with pytest.raises(CloudError, match="kept"):
        opened.stacks.delete_stack("exporter-kept", token="t")
