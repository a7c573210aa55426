import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.order import deployment_order
from sealift.errors import ConfigError
from sealift.model.app import StackSpec


def stack(name: str, *needs: str) -> StackSpec:
    return StackSpec(name=name, template=f"{name}.yaml", needs=needs)


@given(st.permutations(["a", "b", "c", "d", "e"]), st.data())
def test_each_stack_comes_after_those_it_needs(names, data):
    stacks = [
        stack(name, *data.draw(st.sets(st.sampled_from(names[:i])))) if i else stack(name)
        for i, name in enumerate(names)
    ]
    shuffled = data.draw(st.permutations(stacks))
    order = [s.name for s in deployment_order(shuffled)]
    assert sorted(order) == sorted(names)
    for one in stacks:
        assert all(order.index(need) < order.index(one.name) for need in one.needs)


def test_stacks_that_need_nothing_keep_their_order():
    assert [s.name for s in deployment_order([stack("z"), stack("a"), stack("m")])] == ["z", "a", "m"]


def test_a_circle_is_named():
    with pytest.raises(ConfigError, match=r"circle: .*a.*b"):
        deployment_order([stack("a", "b"), stack("b", "a")])


def test_an_unknown_need_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match='did you mean "database"'):
        deployment_order([stack("database"), stack("api", "databse")])
