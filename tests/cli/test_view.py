import io
from pathlib import Path

import pytest

from sealift.cli.screen import Screen
from sealift.cli.told import Told
from sealift.cli.view import View, duration, finished_lines
from sealift.cli.visible import visible
from sealift.errors import UserError
from sealift.model.event import (
    ArtifactBuilt,
    ChangePlanned,
    FindingReported,
    Finished,
    HookRan,
    Noted,
    PhaseFinished,
    PhaseStarted,
    ProbeAnswered,
    ResourceProgressed,
)
from sealift.model.finding import Finding, Severity
from sealift.model.template import Location
from sealift.pipelines.markdown import plain
from tests.fakes.clock import FakeClock

HOSTILE = "a\x1b[2Jb\x1b]0;owned\x07c\u202ed\x9be"


def shown(*events: object, verbose: bool = False, all_findings: bool = False, remembered: Told | None = None) -> str:
    out = io.StringIO()
    view = View(
        Screen(out, alive=False, colours=False),
        FakeClock(),
        verbose=verbose,
        all_findings=all_findings,
        remembered=remembered,
    )
    for event in events:
        view.emit(event)  # type: ignore[arg-type]
    view.close()
    return out.getvalue()


def test_control_characters_are_shown_as_marks_of_the_same_length() -> None:
    assert visible(HOSTILE) == "a�[2Jb�]0;owned�c�d�e"
    assert visible("two\nlines\tand a tab, ünïcode ✓") == "two\nlines\tand a tab, ünïcode ✓"


def test_a_name_that_is_no_text_can_be_written_to_any_stream() -> None:
    name = b"caf\xe9.py".decode(errors="surrogateescape")
    assert visible(name) == "caf�.py"
    assert plain(name).encode() == b"caf?.py"


@pytest.mark.parametrize("command", ["::error file=x::y", "  ::set-output name=a::b", "##[error]x", "##vso[task.x]y"])
@pytest.mark.parametrize("before", ["", "a name\n", "a name\n\n"])
def test_no_name_is_a_command_to_a_ci_system(command: str, before: str) -> None:
    text = visible(before + command)
    lines = [line.lstrip() for line in text.splitlines()]
    assert not any(line.startswith("::") or "##[" in line or "##vso[" in line for line in lines)
    assert len(text) == len(before + command)
    assert visible("AWS::Lambda::Function F::x") == "AWS::Lambda::Function F::x"


@pytest.mark.parametrize(
    "event",
    [
        Noted(name="x", message=HOSTILE, hint=HOSTILE),
        FindingReported(finding=Finding(tool="t", id="x", severity="high", message=HOSTILE, fix=HOSTILE, stops=True)),
        ProbeAnswered(environment="staging", name=HOSTILE, ok=False, detail=HOSTILE),
        PhaseFinished(phase="test", status="failed", detail=HOSTILE),
    ],
)
def test_what_a_pull_request_wrote_does_not_steer_the_terminal(event: object) -> None:
    text = shown(event)
    assert "owned" in text
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_an_error_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from sealift.cli.failure import show_error

    show_error(UserError(HOSTILE, code="x", hint=HOSTILE), wants_json=False)
    said = capsys.readouterr().err
    assert said.count("owned") == 2
    assert "\x1b" not in said


def test_a_phase_is_one_line_under_its_environment() -> None:
    text = shown(
        PhaseStarted(phase="deploy", environment="staging"),
        PhaseFinished(phase="deploy", status="succeeded", environment="staging", detail="changed", duration_s=61.2),
    )
    assert text.split("\n") == ["", "staging", "  ✓ deploy   1 min 01 s  changed", ""]


def test_advice_beyond_the_third_is_counted_and_all_of_it_is_there_when_asked_for() -> None:
    advice = [
        FindingReported(finding=Finding(tool="ruff", id="X", severity="low", message=f"advice {number}"))
        for number in range(5)
    ]
    end = PhaseFinished(phase="analyse", status="succeeded")
    assert "advice 3" not in shown(*advice, end)
    assert "and 2 more" in shown(*advice, end)
    assert "advice 4" in shown(*advice, verbose=True)
    assert "advice 4" in shown(*advice, all_findings=True)


def test_who_asks_for_all_findings_does_not_ask_for_artifacts_that_did_not_change() -> None:
    artifact = ArtifactBuilt(
        sha256="0" * 64,
        logical_ids=("app/Hello",),
        built=False,
        reason="built before",
        size_bytes=1,
    )
    build = (artifact, PhaseFinished(phase="build", status="succeeded"))
    assert "Hello" not in shown(*build, all_findings=True)
    assert "Hello" in shown(*build, verbose=True)


def test_one_cure_of_several_findings_is_shown_once() -> None:
    stops = [
        FindingReported(finding=Finding(tool="t", id="X", severity="high", message=f"no {n}", fix=fix, stops=True))
        for n, fix in enumerate(("mend it", "mend it", "give it", "mend it"))
    ]
    assert [line.strip() for line in shown(*stops).splitlines() if "→" in line] == [
        "→ mend it",
        "→ give it",
        "→ mend it",
    ]


@pytest.mark.parametrize(("severity", "cured"), [("critical", True), ("high", True), ("medium", False), ("low", False)])
def test_grave_advice_is_shown_with_its_cure(severity: Severity, cured: bool) -> None:
    finding = Finding(tool="t", id="X", severity=severity, message="no such action", fix="Did you mean ecs:StopTask?")
    text = shown(FindingReported(finding=finding), all_findings=True)
    assert ("→ Did you mean ecs:StopTask?" in text) is cured


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3661, "1 h 01 min")]
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_hook_is_shown_with_what_it_said() -> None:
    ran = HookRan(
        environment="staging",
        hook="after_deploy",
        name="make warm",
        status="failed",
        duration_s=1.5,
        output=("no table", HOSTILE),
    )
    assert [line.strip() for line in shown(ran).splitlines()] == [
        "✗ after_deploy  make warm  1.5 s",
        "no table",
        visible(HOSTILE),
    ]


def test_every_change_by_hand_is_shown_however_many() -> None:
    drifted = [
        FindingReported(finding=Finding(tool="drift", id="drifted", severity="medium", message=f"Table{n} was changed"))
        for n in range(9)
    ]
    assert shown(*drifted).count("was changed") == 9


def found(message: str, *, stops: bool = True, line: int = 1) -> FindingReported:
    where = Location(file="template.yaml", line=line)
    return FindingReported(
        finding=Finding(tool="t", id="X-1", severity="high", message=message, location=where, stops=stops)
    )


def test_the_same_advice_for_several_places_is_shown_once_and_counted() -> None:
    advice = [found("it is old", stops=False, line=line) for line in (3, 9, 12)]
    text = shown(*advice, PhaseFinished(phase="analyse", status="succeeded"))
    assert text.count("it is old") == 1
    assert "and 2 more" in text


def minor(rule: str, message: str, file: str, line: int, **data: str) -> FindingReported:
    where = Location(file=file, line=line)
    finding = Finding(tool="ruff", id=rule, severity="low", message=message, location=where, data=data)
    return FindingReported(finding=finding)


MINOR = (
    minor("F401", "`os` imported but unused", "a.py", 3),
    minor("E741", "Ambiguous variable name: `l`", "a.py", 9),
    minor("F401", "`re` imported but unused", "a.py", 4),
    minor("F401", "`json` imported but unused", "b.py", 1),
    minor("F401", "`sys` imported but unused", "b.py", 2),
)


@pytest.mark.parametrize("end", [(PhaseFinished(phase="analyse", status="succeeded"),), ()])
def test_small_advice_of_one_rule_is_one_line_with_all_its_places_after_what_weighs_more(
    end: tuple[PhaseFinished, ...],
) -> None:
    text = shown(*MINOR, found("it is slow", stops=False), *end, all_findings=True)
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("!")]
    assert lines == [
        "! template.yaml:1  it is slow  X-1",
        "! a.py:3  `os` imported but unused, and 3 more like it: a.py:4; b.py:1, 2  F401",
        "! a.py:9  Ambiguous variable name: `l`  E741",
    ]


def test_small_advice_is_shown_one_by_one_in_changed_lines_and_for_who_wants_every_event() -> None:
    changed = minor("F401", "`uuid` imported but unused", "c.py", 7, changed="yes")
    lines = shown(changed, *MINOR, all_findings=True).splitlines()
    assert [line for line in lines if "`uuid`" in line] == ["    ! c.py:7  `uuid` imported but unused  F401"]
    assert shown(*MINOR, verbose=True).count("imported but unused") == 4


def test_small_advice_of_one_rule_is_counted_whole_where_only_the_first_advice_is_shown() -> None:
    more = [minor(f"F{number}", "x", "a.py", number) for number in range(5)]
    text = shown(*MINOR, *more, PhaseFinished(phase="analyse", status="succeeded"))
    assert text.count("!") == 3
    assert "and 4 more; `sealift check` lists them" in text


def test_the_same_fault_in_several_places_is_shown_at_each() -> None:
    text = shown(found("no such name", line=3), found("no such name", line=9))
    assert text.count("no such name") == 2


def test_what_an_earlier_part_of_the_journey_found_is_not_told_again() -> None:
    prove = (found("a queue lets others in"), Noted(level="warning", name="n", message="it would stop on AWS"))
    end = PhaseFinished(phase="prove", status="succeeded", detail="L0 not proved")
    text = shown(*prove, end, *prove, end)
    assert text.count("lets others in") == text.count("would stop on AWS") == 1
    assert [line.rpartition("  ")[2] for line in text.splitlines() if "prove" in line] == [
        "L0 not proved",
        "L0 not proved, as reported above",
    ]
    assert shown(*prove, end, *prove, end, verbose=True).count("lets others in") == 2


def test_what_a_finding_said_is_not_repeated_in_the_phase_and_at_the_end() -> None:
    counted = "acceptance tests: 1 failed, 0 passed"
    text = shown(
        found("the order was lost"),
        PhaseFinished(phase="verify", detail=f"{counted} (the order was lost)", status="failed"),
    )
    assert text.count("the order was lost") == 1
    assert counted in text
    last = Finished(status="failed", message=f"staging: {counted} (the order was lost)")
    assert f"staging: {counted}" in [line.plain.strip() for line in finished_lines(last, ("the order was lost",))]
    assert any("(the order was lost)" in line.plain for line in finished_lines(last))


def test_an_error_is_told_however_often_it_happens() -> None:
    error = Noted(level="error", name="n", message="no answer")
    end = PhaseFinished(phase="verify", status="failed")
    assert shown(error, end, error, end).count("no answer") == 2


@pytest.mark.parametrize(
    ("action", "replacement", "of", "is_shown"),
    [
        ("Modify", "Conditional", "AWS::DynamoDB::Table", True),
        ("Modify", "Conditional", "AWS::ApiGateway::Method", False),
        ("Modify", "True", "AWS::ApiGateway::Method", True),
        ("Modify", "False", "AWS::DynamoDB::Table", False),
        ("Remove", "", "AWS::ApiGateway::Method", True),
    ],
)
def test_a_change_is_shown_when_something_would_be_missed(
    action: str, replacement: str, of: str, is_shown: bool
) -> None:
    change = ChangePlanned(
        environment="staging", stack="app", logical_id="Thing", type=of, action=action, replacement=replacement
    )
    assert ("Thing" in shown(change)) == is_shown
    assert "Thing" in shown(change, verbose=True)


def test_with_twelve_stacks_each_line_says_which_stack_it_is_about() -> None:
    events: list[object] = []
    for number in range(12):
        about = {"environment": "staging", "stack": f"shop-staging-part{number}", "logical_id": "Hello"}
        events.append(ChangePlanned(**about, type="AWS::SNS::Topic", action="Remove", replacement=""))
        failed = {"type": "AWS::SNS::Topic", "status": "DELETE_FAILED", "reason": f"reason {number}"}
        events.append(ResourceProgressed(**about, **failed))
    lines = shown(*events).splitlines()
    for number in range(12):
        told = [line for line in lines if line.endswith((f"part{number}", f"reason {number}"))]
        assert [f"shop-staging-part{number}" in line for line in told] == [True, True]


def _run(folder: Path, *, verbose: bool = False, more: str = "") -> str:
    """Return what a run shows that has five pieces of advice, a note and a failure."""
    advice = [Finding(tool="t", id=f"r{n}", severity="low", message=f"advice {n}{more}") for n in range(5)]
    stops = Finding(tool="t", id="s", severity="high", message="it cannot be", stops=True)
    return shown(
        *(FindingReported(finding=one) for one in (*advice, stops)),
        PhaseFinished(phase="analyse", status="succeeded", detail="5 pieces of advice"),
        Noted(name="embedded-cloud", message=f"nothing is traced{more}"),
        Noted(name="other", message="the soak is cut"),
        PhaseFinished(phase="deploy", status="succeeded", detail=""),
        verbose=verbose,
        remembered=Told(folder),
    )


def test_what_an_earlier_run_told_is_counted_and_not_repeated(tmp_path: Path) -> None:
    first = _run(tmp_path)
    assert all(said in first for said in ("advice 0", "advice 2", "and 2 more; `sealift check`", "nothing is traced"))
    assert "advice 3" not in first
    second = _run(tmp_path)  # shows what the first one had no room for
    assert [f"advice {n}" in second for n in range(5)] == [False, False, False, True, True]
    assert "1 note on the embedded cloud as before; -v shows them" in second
    third = _run(tmp_path)
    assert "advice" not in third.replace("5 pieces of advice", "")
    assert "as before; `sealift check` lists them" in third
    for said in ("it cannot be", "the soak is cut"):
        assert all(said in text for text in (first, second, third))
    assert all(said in _run(tmp_path, verbose=True) for said in ("advice 0", "advice 4", "nothing is traced"))
    assert "nothing is traced, so far" in _run(tmp_path, more=", so far")


@pytest.mark.parametrize("kept", ["", "{", "{}", "[1, null]"])
def test_a_broken_memory_repeats_everything(tmp_path: Path, kept: str) -> None:
    (tmp_path / "told.json").write_text(kept)
    assert "advice 0" in _run(tmp_path)
    assert "advice 0" not in _run(tmp_path)


def test_without_a_folder_nothing_is_remembered(tmp_path: Path) -> None:
    assert all("advice 0" in _run(tmp_path / "nowhere") for _ in range(2))
    assert not (tmp_path / "nowhere").exists()


def test_of_very_many_findings_a_hundred_are_shown_and_the_rest_is_counted() -> None:
    def reported(number: int, *, stops: bool) -> FindingReported:
        at = Location(file="a.py", line=number)
        finding = Finding(tool="mypy", id="misc", severity="low", message=f"bad {number}", location=at, stops=stops)
        return FindingReported(finding=finding)

    many = [reported(number, stops=True) for number in range(500)]
    end = PhaseFinished(phase="analyse", status="failed")
    text = shown(*many, end, all_findings=True)
    assert "bad 99 " in text
    assert "bad 100 " not in text
    assert "and 400 more findings; --json, --sarif and -v give them all" in text
    assert "bad 499 " in shown(*many, end, verbose=True)
    assert "more findings" not in shown(*many[:100], end, many[0], end, all_findings=True)


def test_of_very_many_places_of_small_advice_some_are_named() -> None:
    def reported(number: int) -> FindingReported:
        at = Location(file="a.py", line=number)
        return FindingReported(finding=Finding(tool="ruff", id="F401", severity="low", message="unused", location=at))

    text = shown(*map(reported, range(1, 502)), PhaseFinished(phase="analyse", status="succeeded"), all_findings=True)
    assert "and 500 more like it: a.py:2, 3," in text
    assert text.splitlines()[0].endswith("30, 31; …  F401")
