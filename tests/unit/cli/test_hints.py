"""Commands that are named on the embedded cloud say `--local`: all of them, whoever names them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
from hypothesis import given
from hypothesis import strategies as st

from sealift.cli.hints import TAKE_LOCAL, Locally, said_locally, with_local
from sealift.cli.main import COMMANDS, cli
from sealift.delivery.gates import GateResult
from sealift.errors import UserError
from sealift.model.event import Event, FindingReported, Finished, HookRan, Noted
from sealift.model.finding import Finding

SOURCE = Path(__file__).resolve().parents[3] / "src" / "sealift"
NAMED = re.compile(r"(?<![\w./-])sealift ([a-z]+)([^`\n]*)")


@cache
def texts() -> dict[str, str]:
    """Return every text of the source that names a command, by its place."""
    return dict(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    """Yield each text with a placeholder for each value in it; no docstrings."""
    for file in sorted(SOURCE.rglob("*.py")):
        source = file.read_text()
        if "sealift " not in source:
            continue
        tree = ast.parse(source)
        documents = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            text = ""
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | inside:
                text = node.value
            if any(found[1] in COMMANDS for found in NAMED.finditer(text)):
                yield f"{file.relative_to(SOURCE)}:{node.lineno}", text


def test_the_commands_that_take_local_are_those_of_the_command_line() -> None:
    def takes(command: click.Command) -> bool:
        subs = command.commands.values() if isinstance(command, click.Group) else ()
        return any(o.name == "use_local" for o in command.params) or any(takes(one) for one in subs)

    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in COMMANDS}
    assert {name for name, command in commands.items() if command is not None and takes(command)} == TAKE_LOCAL


def test_every_command_that_the_source_names_says_local_and_stays_a_command() -> None:
    assert len(texts()) > 30
    for where, text in texts().items():
        if where.startswith(("config/keys.py", "config/environments.py", "pipelines/")):
            continue  # documentation of keys, and files for a CI system: none is said of the embedded cloud
        changed = with_local(text)
        for found in NAMED.finditer(changed):
            if found[1] in TAKE_LOCAL:
                assert "--local" in found[2], f"{where}: {changed}"
                assert not re.search(r"[.;,] .*--local$", found[2]), f"{where}: put the command in backticks: {changed}"


@given(st.text(alphabet=" `\nabsealift-.:x", max_size=60), st.sampled_from(sorted(TAKE_LOCAL)))
def test_what_says_local_already_is_left_as_it_is(around: str, command: str) -> None:
    once = with_local(f"{around}\n`sealift {command} x`{around}")
    assert with_local(once) == once
    assert f"`sealift {command} x --local`" in once


def test_commands_without_local_and_texts_of_others_are_left_alone() -> None:
    for text in ("`sealift local down` stops it", "`sealift build --force`", "see sealift.toml", "./sealift run"):
        assert with_local(text) == text
    hook = HookRan(environment="s", hook="h", name="n", status="failed", output=("sealift status",))
    assert said_locally(hook) == hook


def test_events_findings_gates_and_errors_are_changed_in_one_place() -> None:
    sent: list[Event] = []

    class Sink:
        def emit(self, event: Event) -> None:
            sent.append(event)

    finding = Finding(tool="t", id="x", severity="high", message="m", fix="sealift prove")
    for event in (
        Noted(name="n", message="`sealift status` shows it", hint="sealift resume staging"),
        FindingReported(finding=finding),
        Finished(status="failed", hint="sealift promote production"),
    ):
        Locally(Sink()).emit(event)
    assert all("--local" in str(event) for event in sent)
    gate = GateResult(gate="soak", status="waiting", message="m", hint="sealift deploy staging")
    assert said_locally((gate,))[0].hint == "sealift deploy staging --local"
    error = said_locally(UserError("no", code="c", hint="`sealift rollback x` goes back"))
    assert error.hint == "`sealift rollback x --local` goes back"
