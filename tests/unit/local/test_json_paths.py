"""Paths of state machines: what they lead to, and what they put."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.local.json_paths import PathError, placed, read

STORE = {
    "book": [{"price": 8, "by": "Rees"}, {"price": 12, "by": "Waugh", "isbn": "0-55"}, {"price": 9, "tags": ["a"]}],
    "bike": {"price": 20, "new": True},
    "a b": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", STORE),
        ("$.bike.price", 20),
        ("$['bike']['price']", 20),
        ('$["a b"]', None),
        ("$.book[0].by", "Rees"),
        ("$.book[-1].price", 9),
        ("$.book[*].price", [8, 12, 9]),
        ("$.book[0:2].price", [8, 12]),
        ("$.book[:1]", STORE["book"][:1]),  # type: ignore[index]
        ("$.book[0,2].price", [8, 9]),
        ("$.bike['price','new']", [20, True]),
        ("$..price", [8, 12, 9, 20]),
        ("$..book[0].by", ["Rees"]),
        ("$..book[1]", STORE["book"][1]),  # type: ignore[index]
        ("$.bike.*", [20, True]),
        ("$.book[?(@.isbn)].by", ["Waugh"]),
        ("$.book[?(!@.isbn)].price", [8, 9]),
        ("$.book[?(@.price < 10 && @.by == 'Rees')].price", [8]),
        ("$.book[?(@.by == 'Rees' || @['price'] >= 12)].price", [8, 12]),
        ("$.book[?(@.price > $.bike.price)]", []),
        ("$.book[?(@.by == 'Rees')].price[0]", []),
        ("$.book[?(@.by=='Nobody')]", []),
        ("$.book[?(@.by in ['Rees', 'Waugh'])].price", [8, 12]),
        ("$.book[?(@.by =~ /wau.*/i)].price", [12]),
        ("$.book[?(@.tags[0] == 'a')].price", [9]),
        ("$.book[?(@.price != 8)].price", [12, 9]),
    ],
)
def test_a_path_leads_to_one_value_or_to_a_list_of_those_that_there_may_be(path: str, value: Any) -> None:
    assert read(path, STORE) == value


@pytest.mark.parametrize(
    "path", ["$.nothing", "$.book[3]", "$.book.by", "$.bike.price.x", "$.", "bike", "$.book[", "$[?(@.a]"]
)
def test_a_path_that_leads_to_nothing_is_an_error(path: str) -> None:
    with pytest.raises(PathError):
        read(path, STORE)


@pytest.mark.parametrize(
    ("path", "data", "result"),
    [
        ("$", {"a": 1}, 5),
        ("$.b", {"a": 1}, {"a": 1, "b": 5}),
        ("$.a", {"a": 1}, {"a": 5}),
        ("$.b.c['d e']", {"a": 1}, {"a": 1, "b": {"c": {"d e": 5}}}),
        ("$.a[1].x", {"a": [0, {"y": 1}]}, {"a": [0, {"y": 1, "x": 5}]}),
    ],
)
def test_a_value_is_put_where_a_path_leads(path: str, data: Any, result: Any) -> None:
    assert placed(path, data, 5) == result


@pytest.mark.parametrize(("path", "data"), [("$.a", [1]), ("$.a.b", {"a": 1}), ("$.a[0]", {}), ("$.a[*]", {"a": [1]})])
def test_a_value_is_put_into_no_scalar(path: str, data: Any) -> None:
    with pytest.raises(PathError):
        placed(path, data, 5)


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=4), st.integers())
def test_what_was_put_is_read(names: list[str], value: int) -> None:
    path = "$" + "".join(f"['{name}']" for name in names)
    assert read(path, placed(path, {}, value)) == value
