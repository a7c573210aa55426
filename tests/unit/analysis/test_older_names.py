"""A name of Python 2 is no error where only Python 2 comes."""

import pytest

from sealift.analysis.older_names import guarded_names


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import six\nN = {'long': int if six.PY3 else long}", {(2, "long")}),
        ("if PY2:\n    text = unicode\nelse:\n    text = str", {(2, "unicode")}),
        ("import sys\nif sys.version_info[0] < 3:\n    def f():\n        return xrange(3)", {(4, "xrange")}),
        ("for i in xrange(3): pass", set()),
        ("if PY2:\n    a = mistyped", set()),
        ("if ready:\n    a = unicode", set()),
        ("if (", set()),
    ],
)
def test_names_under_a_condition_on_the_version_are_found(source: str, found: set[tuple[int, str]]) -> None:
    assert guarded_names(source) == found
