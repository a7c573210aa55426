"""Outputs of several stacks: one that two stacks have is written with its stack, and never stands for the other."""

from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.outputs import ProbeText, merged_outputs, unknown_outputs, web_addresses
from sealift.model.app import Probe

KEYS = st.text(alphabet="abAB1", min_size=1, max_size=3)


def test_a_key_of_two_stacks_is_written_with_its_stack():
    found = merged_outputs([("api", {"Url": "1", "Only": "2"}), ("web", {"Url": "3"})])
    assert found == {"api.Url": "1", "Only": "2", "web.Url": "3"}


@given(st.dictionaries(st.sampled_from(["one", "two", "three"]), st.dictionaries(KEYS, st.text(max_size=3))))
def test_no_value_is_lost(stacks: dict[str, dict[str, str]]):
    found = merged_outputs(stacks.items())
    assert sorted(found.values()) == sorted(v for outputs in stacks.values() for v in outputs.values())


def test_a_probe_that_names_a_key_of_two_stacks_is_told_both():
    probe = Probe(name="p", url="${Url}/x")
    ((_, key, near),) = unknown_outputs([probe], {"api.Url", "web.Url"})
    assert (key, near) == ("Url", ": write ${api.Url} or ${web.Url}")


def test_a_probe_may_name_the_stack():
    assert ProbeText("${api-2.Url}/$Other").get_identifiers() == ["api-2.Url", "Other"]


def test_an_output_that_no_stack_has_is_named_with_what_may_be_meant():
    names = ["b.Url", "a.Url", "Table", "zUrl"]
    probe = Probe(name="p", url="https://${Url}/${Tabel}/${Table}")
    assert [(key, near) for _, key, near in unknown_outputs([probe], names)] == [
        ("Url", ": write ${a.Url} or ${b.Url}"),
        ("Tabel", ' (did you mean "Table"?)'),
    ]


def test_addresses_of_the_web_are_outputs_that_begin_as_one():
    outputs = {"Api": "https://a.example", "Site": "http://b.example", "Queue": "sqs://https://", "Empty": ""}
    assert web_addresses(outputs) == {"Api": "https://a.example", "Site": "http://b.example"}
