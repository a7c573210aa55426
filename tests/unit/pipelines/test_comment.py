"""The comment on a pull request: complete, honest about what is not known, and never too long or live."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sealift.model.change import ChangeReport, Effect, PreviewLine, Size, Stop
from sealift.pipelines.comment import DESTROYED, comment

STAGING = Effect(
    environment="staging",
    runs="a" * 64,
    functions=("+ app/Place", "~ app/Read"),
    resources=("~ app/Place", "- app/Orders"),
    stores=("- app/Orders",),
    configuration=("app/Tax",),
    missing=(),
)
PRODUCTION = Effect(environment="production", unknown="There are no credentials for production")


def test_each_environment_says_what_changes_there() -> None:
    text = comment(ChangeReport(release="b" * 64, commit="c" * 40, verdict="L1", effects=(STAGING, PRODUCTION)))
    for part in ("#### staging", "+ app/Place", "data stores", "- app/Orders", "app/Tax", "keys missing there: none"):
        assert part in text, part


def test_what_is_not_known_is_said_and_nothing_is_called_fine() -> None:
    text = comment(ChangeReport(effects=(PRODUCTION,)))
    assert "Not known: There are no credentials for production" in text
    assert "nothing that is known stops it" in text
    assert "Not proved" in text


def test_what_stops_it_comes_with_what_mends_it() -> None:
    stop = Stop(where="production", message="it lacks ssm:/key", mend="Create it.")
    text = comment(ChangeReport(effects=(Effect(environment="production", stops=(stop,)),)))
    assert "stopped" in text.splitlines()[0]
    assert text.index("it lacks ssm:/key") < text.index("To do: Create it.") < text.index("#### production")


def test_the_addresses_of_the_preview_are_links() -> None:
    line = PreviewLine(name="pr-12", status="succeeded", urls=(("Url", "https://x.example/v1"),))
    assert "<https://x.example/v1>" in comment(ChangeReport(preview=line))


def test_sizes_show_what_grew_most_first() -> None:
    sizes = (
        Size(name="app/A", now=10, before=10),
        Size(name="app/B", now=2_000, before=1_000),
        Size(name="app/C", now=5),
    )
    text = comment(ChangeReport(sizes=sizes))
    assert "| app/B | 2,000 bytes | +1,000 bytes |" in text
    assert "| app/A | 10 bytes | none |" in text
    assert text.index("app/B") < text.index("app/C") < text.index("app/A")


words = st.text(max_size=200)
stops = st.builds(Stop, where=words, message=words, mend=words)
lines = st.lists(words, max_size=30).map(tuple)
effects = st.builds(
    Effect,
    environment=words,
    unknown=st.one_of(st.just(""), words),
    runs=st.one_of(st.none(), st.just("a" * 64)),
    functions=lines,
    resources=lines,
    stores=lines,
    configuration=st.one_of(st.none(), lines),
    missing=lines,
    stops=st.lists(stops, max_size=5).map(tuple),
)
reports = st.builds(
    ChangeReport,
    isolation=st.lists(stops, max_size=30).map(tuple),
    effects=st.lists(effects, max_size=4).map(tuple),
    sizes=st.lists(st.builds(Size, name=words, now=st.integers(0, 10**9)), max_size=20).map(tuple),
    stops=st.lists(stops, max_size=10).map(tuple),
    preview=st.builds(
        PreviewLine,
        name=words,
        status=words,
        message=words,
        urls=st.lists(st.tuples(words, words), max_size=3).map(tuple),
    ),
)


@given(reports)
def test_every_service_takes_it(report: ChangeReport) -> None:
    assert len(comment(report).encode()) <= 64_000


def test_a_long_one_is_cut_at_a_line() -> None:
    many = tuple(Stop(where="x", message="ä" * 400) for _ in range(500))
    text = comment(ChangeReport(stops=many))
    assert len(text.encode()) <= 64_000
    assert text.endswith("The rest is in the log of the job.\n")


@given(words)
def test_no_text_of_others_mentions_anybody_or_begins_a_line(text: str) -> None:
    said = comment(ChangeReport(stops=(Stop(where=text, message=text, mend=text),)))
    assert not re.search(r"@[A-Za-z]", said)
    assert len([line for line in said.splitlines() if line.startswith(("- ", "    - "))]) <= 2


def test_of_a_preview_that_is_destroyed_only_that_is_said_and_what_it_left_behind() -> None:
    gone = PreviewLine(name="pr-12", status=DESTROYED)
    assert comment(ChangeReport(preview=gone)) == "### pr-12 is destroyed\n\nNothing of the preview is left.\n"
    left = PreviewLine(name="pr-12", status=DESTROYED, message="Orders (AWS::DynamoDB::Table)")
    assert "Left behind: Orders" in comment(ChangeReport(preview=left))
