import pytest

from sealift.analysis.junit import MAX_FINDINGS, Counts, junit_counts

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="tests.unit.test_a" name="test_one" file="tests/unit/test_a.py" line="0" time="0.1"/>
<testcase classname="tests.unit.test_a" name="test_two" file="tests/unit/test_a.py" line="9">
  <failure message="AssertionError: assert 1 == 2&#10;  more">def test_two(): ...</failure></testcase>
<testcase classname="tests.unit.test_a" name="test_three"><skipped message="later"/></testcase>
<testcase classname="" name="tests.unit.test_b"><error message="collection failure">Traceback
E   ModuleNotFoundError: No module named 'nope'</error></testcase>
</testsuite></testsuites>"""


def test_each_test_counts_once() -> None:
    counts = junit_counts(REPORT)
    assert (counts.passed, counts.failed, counts.errors, counts.skipped) == (1, 1, 1, 1)


def test_a_red_test_is_a_finding_with_its_place_and_reason() -> None:
    failed, broken = junit_counts(REPORT).findings
    assert failed.message == "tests.unit.test_a::test_two: AssertionError: assert 1 == 2"
    assert (failed.id, str(failed.location), failed.stops) == ("test-failed", "tests/unit/test_a.py:10", True)
    assert broken.message == "tests.unit.test_b: ModuleNotFoundError: No module named 'nope'"
    assert (broken.id, broken.location) == ("test-broken", None)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("KeyError: 'ATLAS_URI'", "give ATLAS_URI under `variables`"),
        ("ModuleNotFoundError: No module named 'fixtures'", "what brings fixtures in a requirements file"),
        ("KeyError: 'total'", "under [tests.unit] in sealift.toml"),
    ],
)
def test_what_only_the_surroundings_can_give_is_asked_for(message: str, named: str) -> None:
    (finding,) = junit_counts(f'<s><testcase name="t"><error message="{message}"/></testcase></s>').findings
    assert named in finding.fix
    assert "--no-tests" in finding.fix


def test_a_red_test_needs_no_other_way() -> None:
    (finding,) = junit_counts('<s><testcase name="t"><failure message="assert 1 == 2"/></testcase></s>').findings
    assert finding.fix == ""


def test_that_pytest_itself_was_ended_is_no_test() -> None:
    text = '<s><testcase classname="pytest" name="internal"><error message="internal error"/></testcase></s>'
    assert junit_counts(text).findings == ()


def test_the_place_of_an_installed_package_is_left_out() -> None:
    message = "ImportError: cannot import name 'x' from 'pymongo.cursor' (/home/ann/.cache/venv/pymongo/cursor.py)"
    (finding,) = junit_counts(f'<s><testcase name="t"><error message="{message}"/></testcase></s>').findings
    assert finding.message == "t: ImportError: cannot import name 'x' from 'pymongo.cursor'"


def test_a_test_that_fails_and_then_breaks_in_its_teardown_counts_once() -> None:
    text = "<s><testcase name='t'><failure message='f'/><error message='e'/></testcase></s>"
    counts = junit_counts(text)
    assert (counts.passed, counts.failed, counts.errors, len(counts.findings)) == (0, 1, 0, 1)


def test_only_the_first_red_tests_become_findings() -> None:
    text = "<s>" + "<testcase name='t'><failure message='f'/></testcase>" * 50 + "</s>"
    counts = junit_counts(text)
    assert (counts.failed, len(counts.findings)) == (50, MAX_FINDINGS)


def test_an_empty_suite_counts_nothing() -> None:
    assert junit_counts("<testsuites/>") == Counts()


def test_runs_add_up() -> None:
    both = junit_counts(REPORT).plus(junit_counts(REPORT))
    assert (both.passed, both.failed, both.errors, both.skipped, len(both.findings)) == (2, 2, 2, 2, 4)


@pytest.mark.parametrize("text", ["", "<open", "no xml"])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        junit_counts(text)


def test_a_test_that_was_run_again_counts_once_by_its_last_outcome() -> None:
    again = '<testcase classname="t" name="a" file="t.py"/>'
    red = f'{again}<testcase classname="t" name="a" file="t.py"><failure/></testcase>'.replace('"a"', '"b"')
    counts = junit_counts(f"<testsuites>{again * 3}{red}</testsuites>")
    assert (counts.passed, counts.failed, counts.retried) == (1, 1, 2)


BOMB = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY a{n} "{(f"&a{n - 1 if n else str()};") * 10}">' for n in range(12)
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "junk",
        "<a",
        "\x00",
        f"{BOMB}]><l>&a11;</l>",
        '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>',
    ],
    ids=["empty", "junk", "half", "NUL", "entities", "external entity"],
)
def test_what_is_no_report_is_named_as_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a JUnit report"):
        junit_counts(text)


def test_cases_are_counted_and_not_what_a_report_says_of_their_number() -> None:
    assert (
        junit_counts('<testsuites tests="99" failures="0"><testcase name="a"><failure/></testcase></testsuites>').red
        == 1
    )
    deep = "<testsuite>" * 50_000 + '<testcase name="a"/>' + "</testsuite>" * 50_000
    assert junit_counts(deep).passed == 1


def test_colours_change_nothing() -> None:
    text = "#x1B[1m#x1B[31mtests/test_a.py#x1B[0m:4: AssertionError\n"
    text += "#x1B[31mE   ModuleNotFoundError: No module named 'x'#x1B[0m"
    case = (
        f'<testcase classname="c" name="n" file="tests/test_a.py" line="2"><error message="m">{text}</error></testcase>'
    )
    (found,) = junit_counts(f"<testsuites><testsuite>{case}</testsuite></testsuites>").findings
    assert (str(found.location), found.message) == (
        "tests/test_a.py:4",
        "c::n: ModuleNotFoundError: No module named 'x'",
    )
