"""What runners of 2026 print, as it was recorded: Node 20, jest 30, vitest 4, mocha 11, unittest of Python 3.11."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.junit import Counts
from sealift.analysis.printed import printed_counts

PRINTED = Path(__file__).parent / "printed"
NODE = "/srv/shop/t/a.test.js:4"


def read(name: str) -> Counts:
    counts = printed_counts((PRINTED / f"{name}.txt").read_text())
    assert counts is not None
    return counts


@pytest.mark.parametrize("name", ["jest", "vitest", "mocha", "tap", "spec"])
def test_tests_of_node_are_counted(name: str) -> None:
    counts = read(name)
    assert (counts.passed, counts.failed, counts.errors, counts.skipped) == (1, 1, 0, 1)


@pytest.mark.parametrize(
    ("name", "message", "place"),
    [
        ("jest", "shop › orders: Expected: 3, Received: 2", "a.test.js:3"),
        ("vitest", "shop > orders: AssertionError: expected 2 to be 3 // Object.is equality", "v/a.test.ts:4"),
        (
            "mocha",
            "shop › orders: AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 1 !== 2",
            "m/a.js:3",
        ),
        ("tap", "orders: Expected values to be strictly equal: 1 !== 2", NODE),
        ("spec", "orders: AssertionError [ERR_ASSERTION]: Expected values to be strictly equal: 1 !== 2", NODE),
    ],
)
def test_a_red_test_of_node_has_its_name_assertion_and_line(name: str, message: str, place: str) -> None:
    (found,) = read(name).findings
    assert (found.id, found.message, str(found.location), found.stops) == ("test-failed", message, place, True)


VITEST = """
 FAIL  v 2/ü/top.test.ts [ v 2/ü/top.test.ts ]
Error: at the top
 ❯ v 2/ü/top.test.ts:1:36
      1| import {test} from "vitest"; throw new Error("at the top")

 Test Files  1 failed (1)
      Tests  no tests
   Start at  13:09:10

      Tests  1 passed (1)
"""
JEST = """
FAIL n/b.test.js
  ● Test suite failed to run

    Cannot find module './nothere' from 'n/b.test.js'

      at Resolver._throwModNotFoundError (../../node_modules/jest-resolve/build/resolver.js:491:11)
      at Object.require (n/b.test.js:1:88)

FAIL t/a.test.js
  ● shop › crash

    boom
    line two

      at Object.<anonymous> (t/a b.test.js:5:31)

Tests:       1 failed, 1 passed, 2 total
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (VITEST, [("v 2/ü/top.test.ts:1", "the file cannot be loaded: Error: at the top")]),
        (
            JEST,
            [
                ("n/b.test.js:1", "Test suite failed to run: Cannot find module './nothere' from 'n/b.test.js'"),
                ("t/a b.test.js:5", "shop › crash: boom"),
            ],
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_and_what_has_no_type_are_named(
    text: str, expected: list[tuple[str, str]]
) -> None:
    counts = printed_counts(text)
    assert counts is not None
    assert [(str(one.location), one.message) for one in counts.findings] == expected


def test_those_of_unittest_too() -> None:
    counts = read("unittest")
    assert (counts.passed, counts.failed, counts.errors, counts.skipped) == (1, 1, 1, 1)
    assert [(one.id, one.message, str(one.location)) for one in counts.findings] == [
        ("test-broken", "test_err (test_a.T.test_err): KeyError: 'x'", "/srv/shop/u/test_a.py:9"),
        ("test-failed", "test_bad (test_a.T.test_bad) (i=1): AssertionError: 1 != 2 : no", "/srv/shop/u/test_a.py:6"),
    ]


@pytest.mark.parametrize("name", ["jest0", "vitest0", "tap0", "spec0", "unittest0"])
def test_a_run_that_found_no_test_says_so(name: str) -> None:
    assert read(name) == Counts()


@pytest.mark.parametrize(
    "text", ["Ran 0 tests in 0.000s\n\nNO TESTS RAN\n", "NO TESTS RAN\n", "1..0\n# tests 0\n# pass 0\n"]
)
def test_newer_versions_too(text: str) -> None:
    assert printed_counts(text) == Counts()


def test_two_runners_of_one_command_add_up() -> None:
    text = "\n".join((PRINTED / f"{name}.txt").read_text() for name in ("jest", "unittest"))
    counts = printed_counts(text)
    assert counts is not None
    assert (counts.passed, counts.red, counts.skipped) == (2, 3, 2)


@pytest.mark.parametrize("text", ["", "hello\n", "50 passed in 0.1s\n", "Tests: all fine", "# tests many\n"])
def test_what_is_not_recognised_is_unknown(text: str) -> None:
    assert printed_counts(text) is None


LINES = [line for file in sorted(PRINTED.iterdir()) for line in file.read_text().splitlines(keepends=True)]


@given(st.lists(st.sampled_from(LINES) | st.text()).map("".join))
def test_whatever_is_printed_is_read_as_output_without_an_error(text: str) -> None:
    counts = printed_counts(text)
    assert counts is None or min(counts.passed, counts.failed, counts.errors, counts.skipped) >= 0


@pytest.mark.parametrize(
    "unit", [" ", "(", "❯ ", "at x.js", "  ● a\n", "not ok 1 - a\n", "FAIL: a\n", "test at a:1:1\n", "1 passing "]
)
def test_a_megabyte_of_anything_is_read_as_a_little_of_it(unit: str) -> None:
    begun = "# tests 1\nTests: 1 total\n"
    little, much = printed_counts(begun + unit * 3), printed_counts(begun + unit * (1_000_000 // len(unit)))
    assert little is not None
    assert much is not None
    assert (much.passed, much.failed, much.errors) == (little.passed, little.failed, little.errors)
