"""Where the embedded cloud differs from AWS in what the contract promises, pinned: a gap that closes fails here.

The fake does what AWS documents; its half of each is in tests/unit/fakes.
"""

from tests.contract.worlds import World, nested, parameter, table, template


def test_the_embedded_cloud_does_not_look_into_nested_stacks_for_changes(embedded: World) -> None:
    name = embedded.name()
    embedded.deploy(name, template(Inner=nested(embedded, template(Deep=parameter()))))

    change_set = embedded.ask(name, template(Inner=nested(embedded, template(Deep=parameter("two")))), create=False)

    assert [(c.logical_id, c.nested) for c in change_set.changes] == [("Inner", None)]


def test_the_embedded_cloud_takes_references_to_nothing(embedded: World) -> None:
    change_set = embedded.ask(embedded.name(), template(One=parameter({"Ref": "Nowhere"})), create=True)

    assert change_set.status == "CREATE_COMPLETE"


def test_the_embedded_cloud_is_not_sure_that_a_key_schema_replaces_a_table(embedded: World) -> None:
    name = embedded.name()
    embedded.deploy(name, template(Orders=table({"Ref": "AWS::NoValue"})))

    change_set = embedded.ask(name, template(Orders=table({"Ref": "AWS::NoValue"}, key="other")), create=False)

    assert [c.replacement for c in change_set.changes] == ["Conditional"]


def test_the_embedded_cloud_does_not_name_the_change_set_a_stack_was_made_with(embedded: World) -> None:
    state = embedded.deploy(embedded.name(), template(One=parameter()))

    assert state.change_set is None
