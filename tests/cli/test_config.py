"""`config` at the command line: what may be a value is never printed, and bad input is said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cli.commands.config import contract_lines
from sealift.cli.main import run
from sealift.usecases.contract import Contract

VALUE = "hunter2hunter2"
TEMPLATE = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an application's folder, to work in."""
    (tmp_path / "template.json").write_text(TEMPLATE)
    (tmp_path / "sealift.toml").write_text('[app]\nname = "shop"\ntemplate = "template.json"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(
    capsys: pytest.CaptureFixture[str], as_json: list[str]
):
    assert run(["config", "set", "staging", "TOKEN", VALUE, *as_json]) == 2
    said = capsys.readouterr()
    assert VALUE not in said.out + said.err
    assert "standard input" in said.out + said.err


def test_a_file_that_cannot_be_imported_is_said_with_its_lines_and_without_values(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    (folder / "bad.env").write_text(f"A=1\n{VALUE}\nB='{VALUE}\n")
    assert run(["config", "import", "staging", "bad.env", "--local"]) == 1
    said = capsys.readouterr().err
    assert ("line 2" in said, "line 3" in said, VALUE in said) == (True, True, False)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_file_in_the_encoding_of_a_shell_on_windows_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str], encoding: str
):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (folder / "bad.env").write_bytes(f"{mark}A=1\r\n{VALUE}\r\n".encode(encoding))
    assert run(["config", "import", "staging", "bad.env", "--local"]) == 1
    said = capsys.readouterr().err
    assert ("line 2: expected KEY=VALUE" in said, "line 1" in said) == (True, False)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["none.env", "."])
def test_a_file_that_cannot_be_read_is_said(name: str, capsys: pytest.CaptureFixture[str]):
    assert run(["config", "import", "staging", name, "--local"]) == 1
    assert "cannot be read" in capsys.readouterr().err


NOTES = st.lists(st.sampled_from(["what F reads is not known", "G reads a setting", "H reads another"]), unique=True)


@given(st.lists(NOTES, min_size=1, max_size=3))
def test_a_note_is_printed_once_below_the_environments_that_it_is_about(notes: list[list[str]]):
    names = ["dev", "staging", "production"][: len(notes)]
    found = [
        Contract(environment=name, status="succeeded", notes=tuple(own)) for name, own in zip(names, notes, strict=True)
    ]
    lines = list(contract_lines(found))
    assert lines[: len(found)] == [f"{name}: needs no settings" for name in names]
    heads = [at for at, line in enumerate(lines) if line.startswith("Not known of ")]
    said = {
        line.strip(): lines[max(head for head in heads if head < at)]
        for at, line in enumerate(lines)
        if line.startswith("  ")
    }
    every = [note for own in notes for note in own]
    assert sorted(line.strip() for line in lines if line.startswith("  ")) == sorted(set(every))
    for note, head in said.items():
        of = [name for name, own in zip(names, notes, strict=True) if note in own]
        assert head == f"Not known of {', '.join(of)}:"
