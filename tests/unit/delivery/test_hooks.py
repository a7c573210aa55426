import pytest

from sealift.delivery.hooks import Hook, commands, declared, hook_problem
from sealift.model.app import Hooks


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
