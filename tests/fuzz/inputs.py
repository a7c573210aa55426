"""Documents that are nearly right: one or two places of a valid one hold something that nobody expects there."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

HUGE = 10**400
NESTED: Any = []
for _ in range(150):
    NESTED = [NESTED]
ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, float("inf"), HUGE, -HUGE, 2**63, "", " ", "x" * 5000, "\x00", "\ud800", "é" * 300),
    *([], {}, [[]], [None], {"": None}, ["a"], {"a": {"b": []}}, NESTED),
    *("9999999999999999999h", "1e999s", "-1s", "P1D", "0000-00-00", "9999-12-31T23:59:59Z", "2026-02-30", "../../x"),
    *({"Ref": "A"}, {"Ref": []}, {"Fn::Sub": 1}, {"Fn::If": ["C"]}, {"Fn::GetAtt": "x"}, {"Fn::Sub": ["${A", {}]}),
    *({"Condition": "C"}, {"Fn::Not": [{"Condition": "C"}]}, {"Fn::Equals": [1]}, {"Fn::Transform": []}, "${", "!Ref"),
]


def leaves(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every place in a document, itself not included."""
    if isinstance(value, dict):
        inner = [((*at, key), one) for key, one in value.items()]
    elif isinstance(value, list):
        inner = [((*at, number), one) for number, one in enumerate(value)]
    else:
        inner = []
    return [path for path, one in inner for path in (path, *leaves(one, path))]


@st.composite
def nearly(draw: st.DrawFn, whole: Any) -> Any:
    """Return a copy of a document with one to three places replaced, taken out, or named otherwise."""
    document = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        places = leaves(document)
        if not places:
            break
        *above, last = draw(st.sampled_from(places))
        parent = document
        for step in above:
            parent = parent[step]
        act = draw(st.sampled_from(("replace", "replace", "replace", "remove", "rename")))
        if act == "replace":
            parent[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif act == "remove":
            del parent[last]
        elif isinstance(parent, dict):
            parent[draw(st.sampled_from(("x", "", "Fn::If", "Ref", "a" * 300, "é")))] = parent.pop(last)
    return document


def as_json(document: Any) -> bytes:
    """Return a document as JSON, for which Python's own constants are not numbers."""
    return json.dumps(document, ensure_ascii=True).encode()


def canonical(document: Any) -> bytes:
    """Return a document as entries of the ledger are written."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass") + b"\n"
