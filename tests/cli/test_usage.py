import os
import subprocess
import sys

import pytest

from sealift.cli.main import COMMANDS
from sealift.errors import UserError


def test_help_lists_every_command_in_its_section(sealift):
    shown = sealift("--help")
    assert shown.code == 0
    for name, (section, _, text) in COMMANDS.items():
        assert f"{section}:" in shown.out
        assert name in shown.out
        assert text.split()[0] in shown.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(sealift, name):
    shown = sealift(name, "--help")
    assert shown.code == 0
    assert shown.out.startswith(f"Usage: sealift {name}")


def test_help_imports_nothing_heavy():
    code = "import sys; from sealift.cli.main import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    for heavy in ("boto3", "botocore", "samtranslator", "cfnlint", "pydantic", "yaml", "ministack"):
        assert f"'{heavy}'" not in done.stdout


def test_an_unknown_command_suggests_the_nearest_and_exits_with_2(sealift):
    shown = sealift("promot")
    assert shown.code == 2
    assert 'did you mean "promote"' in shown.err


def test_a_name_that_was_only_begun_suggests_the_whole_of_it(sealift, folder):
    (folder / "template.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}")
    assert 'There is no environment "prod" (did you mean "production"?)' in (
        sealift("history", "-e", "prod", "-C", folder).err
    )


def test_wrong_usage_is_json_when_json_is_asked_for(sealift):
    shown = sealift("promote", "--json")
    assert shown.code == 2
    assert shown.json["error"]["code"] == "usage"
    assert shown.err == ""


@pytest.mark.parametrize(
    ("argv", "keys"),
    [
        (("init",), {"path"}),
        (("local", "status"), {"environments"}),
        (("local", "reset"), {"environments"}),
        (("local", "down"), {"environments"}),
        (("local", "logs", "staging"), {"environment", "lines"}),
    ],
)
def test_a_command_that_only_tells_that_it_is_done_tells_machines_too(sealift, folder, argv, keys):
    (folder / "template.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}")
    assert sealift(*argv, "-C", folder, "--json").json.keys() == keys


def test_a_folder_that_is_not_there_is_named(sealift, tmp_path):
    shown = sealift("status", "-C", tmp_path / "nowhere")
    assert shown.code == 1
    assert "nowhere" in shown.err
    assert "Traceback" not in shown.err


def test_a_folder_without_a_template_says_what_to_do(sealift, folder):
    shown = sealift("build", "-C", folder, "--json")
    assert shown.code == 1
    assert shown.json["error"]["code"] == "template-not-found"
    assert shown.json["error"]["hint"]


def test_an_internal_fault_leaves_a_traceback_file_and_exits_with_70(capsys):
    from pathlib import Path

    from sealift.cli.failure import as_ours, show_error

    show_error(as_ours(RuntimeError("boom")), wants_json=True)
    import json

    error = json.loads(capsys.readouterr().out)["error"]
    trace = Path(error["context"]["traceback"])
    assert error["code"] == "internal"
    assert "boom" in trace.read_text()
    trace.unlink()


def test_a_crash_shows_no_key_and_nothing_that_signs_a_url(capsys: pytest.CaptureFixture[str]):
    import json
    from pathlib import Path

    from sealift.cli.failure import as_ours, show_error

    url = "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F1&X-Amz-Signature=0123abcd"
    show_error(as_ours(RuntimeError(f"could not read {url}")), wants_json=True)
    said = json.loads(capsys.readouterr().out)["error"]
    kept = Path(said["context"]["traceback"]).read_text()
    assert "could not read https://b.s3.amazonaws.com/k?***" in said["message"]
    assert not [text for text in (said["message"], kept) if "AKIA" in text or "0123abcd" in text]


@pytest.mark.parametrize("command", [("run",), ("deploy", "staging"), ("promote", "production"), ("resume",)])
@pytest.mark.parametrize(
    ("fault", "code", "error", "status"),
    [
        (RuntimeError("boom"), 70, "internal", "errored"),
        (OSError(28, "No space left on device", "f"), 1, "disk-full", "errored"),
        (UserError("no", code="nothing"), 1, "nothing", "failed"),
        (KeyboardInterrupt(), 130, None, "aborted"),
    ],
)
def test_the_last_line_of_a_delivery_is_finished_however_it_ends(
    sealift, folder, monkeypatch, command, fault, code, error, status
):
    import json

    def broken(*_args: object, **_kwargs: object) -> object:
        raise fault

    monkeypatch.setattr("sealift.wiring.application.load_effective", broken)
    shown = sealift(*command, "-C", folder, "--json")
    last = json.loads(shown.out.splitlines()[-1])
    assert (shown.code, last["code"], last["status"], last["error"]) == (code, "finished", status, error)


def test_the_last_line_is_finished_when_ours_breaks_in_the_middle_of_a_run(sealift, folder, monkeypatch):
    import json

    def broken(*_args: object, **_kwargs: object) -> object:
        raise RuntimeError("boom")

    (folder / "template.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}")
    monkeypatch.setattr("sealift.usecases.run.build_release", broken)
    try:
        shown = sealift("run", "-C", folder, "--local", "--json")
    finally:
        sealift("local", "down", "-C", folder)
    lines = [json.loads(line) for line in shown.out.splitlines()]
    assert (shown.code, lines[-1]["code"], lines[-1]["error"]) == (70, "finished", "internal")
    assert [line["code"] for line in lines].count("finished") == 1
    assert "phase-started" in {line["code"] for line in lines}
    assert "Traceback" not in shown.err


TWO = '[app]\nname="shop"\n[environments.staging]\nbranch="main"\n[environments.production]\npromotes_from="staging"\n'


def test_the_folder_may_be_named_before_the_command_as_git_has_it(sealift, folder):
    (folder / "template.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}")
    before = sealift("-C", folder.parent, "build", "-C", folder.name, "--json")
    assert before.json["release"] == sealift("build", "-C", folder, "--json").json["release"]


def test_the_names_of_environments_are_completed(folder):
    from sealift.cli.arguments import environment_names
    from sealift.cli.main import cli

    (folder / "sealift.toml").write_text(TWO)
    (folder / "template.yaml").write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}")
    with cli.make_context("sealift", ["-C", str(folder), "promote"]) as context:
        parameter = cli.params[0]
        assert environment_names(context, parameter, "") == ["staging", "production"]
        assert environment_names(context, parameter, "pr") == ["production"]
    with cli.make_context("sealift", ["-C", str(folder / "nowhere"), "promote"]) as context:
        assert environment_names(context, parameter, "") == []


def test_every_argument_that_is_an_environment_is_completed():
    import click

    from sealift.cli.arguments import environment_names
    from sealift.cli.main import cli

    def arguments(command: click.Command):
        for one in command.commands.values() if isinstance(command, click.Group) else ():
            yield from arguments(one)
        yield from (p for p in command.params if p.name in ("environment", "environments", "source", "target"))

    context = click.Context(cli)
    found = [one for name in COMMANDS for one in arguments(cli.get_command(context, name))]
    assert found
    assert all(one._custom_shell_complete is environment_names for one in found)


def test_the_newest_entries_are_at_least_one(sealift, folder):
    assert sealift("history", "-n", "0", "-C", folder).code == 2
    assert sealift("history", "-n", "-3", "-C", folder).code == 2


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("IAM-01", "IAM-01: "),
        ("soak", "| `soak` |"),
        ("environments.NAME", "| `promotes_from` |"),
        ("sandbox", "| `network` |"),
    ],
)
def test_a_key_or_a_finding_is_explained_without_a_page(sealift, what, told):
    shown = sealift("explain", what)
    assert shown.code == 0
    assert told in shown.out


def test_all_keys_are_explained_and_an_unknown_one_is_answered_with_a_near_one(sealift):
    assert "[environments.NAME]" in sealift("explain").out
    shown = sealift("explain", "promotes_form")
    assert shown.code == 1
    assert 'did you mean "promotes_from"' in shown.err
    assert sealift("explain", "ZZZ-99").code == 1


def test_no_hint_names_a_page_that_an_installed_sealift_does_not_have():
    import re
    from pathlib import Path

    from sealift import cli

    source = Path(cli.__file__).parents[1]
    named = [
        f"{file.relative_to(source)}: {line.strip()}"
        for file in source.rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"(hint=|fix=|echo\().*\bdocs/", line)
    ]
    assert named == []
