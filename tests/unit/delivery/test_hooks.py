import pytest

from sealift.delivery.hooks import Hook, commands, declared, finished, hook_problem
from sealift.model.app import Hooks
from tests.unit.delivery.ledgers import LedgerOf


def hook(line: str) -> Hook:
    return Hook(moment="after_deploy", position=1, line=line)


def test_a_line_is_split_as_a_shell_would():
    assert hook("python 'my migration.py' --to=2").argv == ("python", "my migration.py", "--to=2")


def test_the_name_of_a_command_holds_no_options():
    assert hook("/usr/bin/python migrate.py --token=abc").name == "python migrate.py"
    assert hook("make --silent migrate").name == "make"


def test_a_function_is_named_as_it_was_declared():
    assert (hook("lambda:app/Migrate").function, hook("lambda:app/Migrate").name) == (
        "app/Migrate",
        "lambda:app/Migrate",
    )


def test_a_command_is_no_function():
    assert hook("make migrate").function is None


def test_only_commands_have_their_code_in_a_work_tree():
    hooks = Hooks(before_deploy=("make expand",), after_deploy=("lambda:Migrate", "make warm"))
    assert [h.line for h in commands(hooks)] == ["make expand", "make warm"]


def test_the_hash_in_the_record_changes_with_the_options():
    assert hook("make migrate").record().sha256 != hook("make migrate -B").record().sha256


def test_hooks_keep_their_order():
    hooks = Hooks(after_deploy=("make b", "make a"))
    assert [(h.position, h.line) for h in declared(hooks, "after_deploy")] == [(1, "make b"), (2, "make a")]


@pytest.mark.parametrize(
    ("moment", "line", "problem"),
    [
        ("before_deploy", "lambda:Migrate", "code of the release before"),
        ("after_deploy", "lambda:", "names no function"),
        ("after_deploy", "echo 'never closed", "not a command line"),
        ("after_deploy", "   ", "empty"),
    ],
)
def test_a_line_that_can_not_be_run_is_a_problem(moment: str, line: str, problem: str):
    assert problem in hook_problem(moment, line)


@pytest.mark.parametrize("line", ["make migrate", "lambda:Migrate", "lambda:app/Migrate"])
def test_a_line_that_can_be_run_is_none(line: str):
    assert hook_problem("after_deploy", line) == ""


def remembered(*operations: str) -> LedgerOf:
    """Return a ledger of deployments such as `r1/c running`, with a hook each that succeeded and one that did not."""
    ledger = LedgerOf()
    for number, told in enumerate(operations):
        named, _, status = told.partition(" ")
        release, _, config = named.partition("/")
        hook = {"step": "hook", "hook": "before_deploy", "position": 1, "sha256": "0" * 64}
        one = {"operation": f"o{number}", "release": release}
        ledger.add("deployment", "running", **one, config=config)  # type: ignore[arg-type]
        ledger.add("deployment", "running", **one, **hook, name=f"good {number}", outcome="succeeded", duration_s=1.0)  # type: ignore[arg-type]
        ledger.add("deployment", "running", **one, **hook, name=f"bad {number}", outcome="failed")  # type: ignore[arg-type]
        if status != "running":
            ledger.add("deployment", status, **one, config=config)  # type: ignore[arg-type]
    return ledger


@pytest.mark.parametrize(
    ("operations", "names"),
    [
        ([], []),
        (["r1/c running"], ["good 0"]),
        (["r1/c running", "r1/c running"], ["good 0", "good 1"]),
        (["r1/c running", "r1/c failed"], []),
        (["r1/c failed", "r1/c running"], ["good 1"]),
        (["r1/c running", "r2/c running"], []),
        (["r1/d running", "r1/c running"], ["good 1"]),
        (["r1/c running", "r1/d running", "r1/c running"], ["good 2"]),
    ],
)
def test_hooks_that_an_interrupted_deployment_ran_are_not_run_again(operations: list[str], names: list[str]):
    done = finished(remembered(*operations).entries, release="r1", config="c")
    assert [step.name for step in done] == names
    assert all((step.outcome, step.duration_s) == ("running", None) for step in done)
