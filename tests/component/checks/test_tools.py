"""The application's own type checkers and linters, as programs in the environment of the tests."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.checks.cache import TextCache
from sealift.checks.secrets import secret_findings
from sealift.checks.tools import Bench, tool_findings
from sealift.model.finding import Finding
from sealift.system import RealProcess
from tests.component.checks.conftest import Write, make_app

MYPY = """#!/bin/sh
echo run >> {log}
echo "src/app.py:2: error: Bad thing [misc]"
echo "elsewhere.py:2: error: not a file of this application [misc]"
exit {code}
"""
FILES = {"src/app.py": "x = 1\ny = 2\n", "pyproject.toml": "[tool.mypy]\n[tool.pyright]\n"}


def _installed(tmp_path: Path, code: int) -> Path:
    program = tmp_path / "venv" / "bin" / "mypy"
    program.parent.mkdir(parents=True)
    program.write_text(MYPY.format(log=tmp_path / "log", code=code))
    program.chmod(0o755)
    return tmp_path / "log"


def _install(tmp_path: Path, script: str) -> None:
    program = tmp_path / "venv" / "bin" / "mypy"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(0o755)


def _found(root: Path, tmp_path: Path, *commands: str, tree: str = "1") -> tuple[Finding, ...]:
    path = f"{tmp_path}/venv/bin:/usr/bin:/bin"
    bench = Bench(folder=tmp_path / "venv", variables={"PATH": path})
    files: Sequence[str] = tuple(FILES)
    return tool_findings(
        replace(make_app(root), lint_commands=commands),
        files,
        process=RealProcess(),
        bench=lambda _: bench,
        cache=TextCache(tmp_path / "cache"),
        tree=lambda: tree,
    )


def test_what_is_configured_advises_and_what_is_not_installed_is_named(write: Write, tmp_path: Path) -> None:
    root = write(FILES)
    _installed(tmp_path, 1)
    bad, missing = _found(root, tmp_path)
    assert (str(bad.location), bad.id, bad.stops) == ("src/app.py:2", "misc", False)
    assert (missing.tool, missing.id, missing.stops) == ("pyright", "not-installed", False)


def test_a_declared_command_stops_by_its_exit_code(write: Write, tmp_path: Path) -> None:
    root = write({**FILES, "pyproject.toml": ""})
    _installed(tmp_path, 1)
    (bad,) = _found(root, tmp_path, "mypy src")
    assert (bad.id, bad.stops, bad.severity) == ("misc", True, "high")
    (failed,) = _found(root, tmp_path, "sh -c 'echo oh no; exit 3'")
    assert (failed.id, failed.stops) == ("command-failed", True)
    assert failed.message.endswith("ended with exit code 3: oh no")
    (absent,) = _found(root, tmp_path, "no-such-linter .")
    assert (absent.stops, "no-such-linter" in absent.message) == (True, True)


def test_what_a_command_prints_on_either_stream_is_read_and_other_files_are_not_its_findings(
    write: Write, tmp_path: Path
) -> None:
    root = write({**FILES, "pyproject.toml": "", "node_modules/a/i.js": "", ".github/ci.yml": "", "p/c.js": ""})
    (root.parent / "beside.py").write_text("")
    lines = ("would reformat src/app.py", "[warn] node_modules/a/i.js", "../beside.py:1: x", ".github/ci.yml:1: y")
    (command := tmp_path / "lint.sh").write_text("".join(f"echo '{line}' >&2\n" for line in lines) + "exit 1\n")
    found = _found(root, tmp_path, f"sh {command}")
    assert [str(one.location) for one in found] == ["src/app.py", ".github/ci.yml:1"]


def test_a_command_that_a_script_starts_in_another_folder_is_placed_where_one_file_fits(
    write: Write, tmp_path: Path
) -> None:
    root = write({**FILES, "pyproject.toml": ""})
    (found,) = _found(root, tmp_path, "sh -c 'cd src && echo app.py:2: error: bad && exit 1'")
    assert (str(found.location), found.stops) == ("src/app.py:2", True)


def test_what_a_tool_of_its_own_says_of_installed_code_is_no_finding(write: Write, tmp_path: Path) -> None:
    root = write({"a.py": "", ".venv/lib/b.py": "", "mypy.ini": "[mypy]\n"})
    _install(tmp_path, "print('.venv/lib/b.py:1: error: x [misc]')\nraise SystemExit(1)\n")
    (broken,) = _found(root, tmp_path)
    assert (broken.id, broken.location, ".venv/lib/b.py:1" in broken.message) == ("could-not-run", None, True)


def test_a_warning_about_settings_is_shown_also_from_a_kept_report(write: Write, tmp_path: Path) -> None:
    _install(tmp_path, "import sys\nprint('mypy.ini: [mypy]: Unrecognized option: x = 1', file=sys.stderr)\n")
    root = write(ONLY_MYPY)
    for _ in range(2):
        (warned,) = _found(root, tmp_path)
        assert (warned.id, warned.severity, warned.stops) == ("tool-warning", "low", False)
        assert warned.message == "mypy warned, beside its report: mypy.ini: [mypy]: Unrecognized option: x = 1"


@pytest.mark.parametrize(
    ("files", "given"),
    [
        ({"pyproject.toml": "[tool.bandit]\n"}, ["-c", "pyproject.toml", "-x"]),
        ({"bandit.yaml": "{}\n"}, ["-c", "bandit.yaml", "-x"]),
        ({".bandit": "[bandit]\n"}, []),
    ],
)
def test_bandit_gets_the_settings_that_it_does_not_look_for(
    write: Write, tmp_path: Path, files: dict[str, str], given: list[str]
) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (bandit := tmp_path / "venv" / "bin" / "bandit").write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "args = [one for one in sys.argv[6:] if '*' not in one]\n"
        'print(json.dumps({"errors": [{"filename": "a.py", "reason": " ".join(args) or "-"}], "results": []}))\n'
    )
    bandit.chmod(0o755)
    root = write({"a.py": "", **files})
    bench = Bench(folder=tmp_path / "venv", variables={"PATH": "/usr/bin:/bin"})
    (called,) = tool_findings(
        make_app(root),
        ("a.py",),
        process=RealProcess(),
        bench=lambda _: bench,
        cache=TextCache(tmp_path / "cache"),
        tree=lambda: None,
    )
    assert called.message == (" ".join(given) or "-")


def test_projects_that_a_tsconfig_refers_to_are_named_as_not_checked(write: Write, tmp_path: Path) -> None:
    files = {"package.json": '{"devDependencies": {"typescript": "5"}}', "a/b.ts": ""}
    config = '{"files": [], /* all */ "references": [{"path": "a"}]}'
    root = write({**files, "tsconfig.json": config, "node_modules/.bin/tsc": "#!/bin/sh\n"})
    (root / "node_modules/.bin/tsc").chmod(0o755)
    bench = Bench(folder=tmp_path / "venv", variables={"PATH": "/usr/bin:/bin"})
    (named,) = tool_findings(
        make_app(root),
        (*files, "tsconfig.json"),
        process=RealProcess(),
        bench=lambda _: bench,
        cache=TextCache(tmp_path / "cache"),
        tree=lambda: None,
    )
    assert (named.tool, named.id, str(named.location), named.stops) == (
        "tsc",
        "references-not-checked",
        "tsconfig.json",
        False,
    )


def test_a_green_report_is_kept_until_a_file_changes(write: Write, tmp_path: Path) -> None:
    root, log = write({**FILES, "pyproject.toml": ""}), _installed(tmp_path, 0)
    for tree, runs in (("1", 1), ("1", 1), ("2", 2)):
        (advised,) = _found(root, tmp_path, "mypy src", tree=tree)
        assert (advised.stops, log.read_text().count("run")) == (False, runs)


def _kept(root: Path, tmp_path: Path, *, tree: str | None = "1", inputs: tuple[str, ...] = ("i",)) -> list[str]:
    path = f"{tmp_path}/venv/bin:{tmp_path}/tools:/usr/bin:/bin"
    bench = Bench(folder=tmp_path / "venv", variables={"PATH": path}, inputs=inputs)
    found = tool_findings(
        replace(make_app(root), lint_commands=("checker .",)),
        tuple(FILES),
        process=RealProcess(),
        bench=lambda _: bench,
        cache=TextCache(tmp_path / "cache"),
        tree=lambda: tree,
    )
    return [str(one.location) for one in found]


def _checker(tmp_path: Path, folder: str = "venv/bin") -> Path:
    """Install a tool that says where it was run, as eslint does, and that all is well."""
    program = tmp_path / folder / "checker"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\necho run >> {tmp_path}/log\necho "$PWD/src/app.py:2: warning: Bad [misc]"\n')
    program.chmod(0o755)
    return tmp_path / "log"


def test_a_kept_report_has_the_same_findings_in_another_folder(write: Write, tmp_path: Path) -> None:
    root, log = write({**FILES, "pyproject.toml": ""}), _checker(tmp_path)
    first = _kept(root, tmp_path)
    moved = root.rename(tmp_path / "moved")
    assert (first, _kept(moved, tmp_path), log.read_text()) == (["src/app.py:2"], ["src/app.py:2"], "run\n")


def test_nothing_is_kept_of_what_cannot_be_known_or_was_given_otherwise(write: Write, tmp_path: Path) -> None:
    root, log = write({**FILES, "pyproject.toml": ""}), _checker(tmp_path)
    for number, (tree, inputs) in enumerate([(None, ("i",)), (None, ("i",)), ("1", ("i",)), ("1", ("STAGE=a",))], 1):
        _kept(root, tmp_path, tree=tree, inputs=inputs)
        assert log.read_text() == "run\n" * number


def test_another_version_of_a_tool_of_the_machine_runs_again(write: Write, tmp_path: Path) -> None:
    root, log = write({**FILES, "pyproject.toml": ""}), _checker(tmp_path, "tools")
    _kept(root, tmp_path)
    _kept(root, tmp_path)
    assert log.read_text() == "run\n"
    program = tmp_path / "tools" / "checker"
    program.write_text(f"{program.read_text()}# newer\n")
    _kept(root, tmp_path)
    assert log.read_text() == "run\n" * 2


def test_a_secret_that_its_files_name_holds_too_is_at_that_file(write: Write, tmp_path: Path) -> None:
    address = "postgresql://test:test@localhost:5432/test"
    root = write({"src/latest.js": f'const url = "{address}";\n', "__tests__/setup.js": f'const url = "{address}";\n'})
    cache = TextCache(tmp_path / "cache")
    found = secret_findings(root, ["src/latest.js", "__tests__/setup.js"], process=RealProcess(), env=None, cache=cache)
    assert [str(one.location) for one in found] == ["src/latest.js:1"]


def test_a_secret_is_found_at_its_line_and_shown_nowhere(write: Write, tmp_path: Path) -> None:
    token, key = "ghp_" + "Zq3vT8mXw2LkR7nYc5HsB1dJf9PgA4eUoM6i", "a8f5f167f44f4964e6c998dee8271e0c"
    guess = f'{{"api_key": "{key}"}}\n'
    root = write(
        {
            "a.py": f'x = 1\nTOKEN = "{token}"\n',
            "b.json": guess,
            "events/call.json": guess,
            "-n.py": "",
            ".env": f"T={token}\n",
        }
    )
    (root / "link.py").symlink_to("a.py")
    files = ["a.py", "b.json", "events/call.json", "-n.py", "gone.py", ".env", "link.py", "src"]
    (root / "src").mkdir()
    cache = TextCache(tmp_path / "cache")
    for _ in range(2):
        found = secret_findings(root, files, process=RealProcess(), env=None, cache=cache)
        assert {(str(one.location), one.id, one.severity) for one in found} == {
            ("a.py:2", "github-pat", "high"),
            (".env:1", "github-pat", "high"),
            ("b.json:1", "generic-api-key", "low"),
        }
    kept = "".join(one.read_text() for one in (tmp_path / "cache").iterdir()) + repr(found)
    assert [secret in kept for secret in (token, key)] == [False, False]


ONLY_MYPY = {**FILES, "pyproject.toml": "[tool.mypy]\n"}
SIGNALED = "import os\nos.kill(os.getpid(), 11)\n"
TRACEBACK = "print('Traceback (most recent call last):')\nraise SystemExit(1)\n"
SILENT = "raise SystemExit(1)\n"


@pytest.mark.parametrize(
    ("script", "why"), [(SIGNALED, "ended by signal SIGSEGV"), (TRACEBACK, "exit code 1"), (SILENT, "exit code 1")]
)
def test_a_configured_tool_that_fails_and_names_no_place_is_named_as_not_run(
    write: Write, tmp_path: Path, script: str, why: str
) -> None:
    _install(tmp_path, script)
    (broken,) = _found(write(ONLY_MYPY), tmp_path)
    assert (broken.id, broken.stops, why in broken.message) == ("could-not-run", False, True)


def test_what_a_tool_found_before_it_crashed_is_shown_and_that_it_crashed(write: Write, tmp_path: Path) -> None:
    _install(tmp_path, f"print('src/app.py:1: error: x [misc]', flush=True)\n{SIGNALED}")
    assert [one.id for one in _found(write(ONLY_MYPY), tmp_path)] == ["misc", "ended-early"]


def test_a_declared_command_that_a_signal_ends_stops_and_says_so(write: Write, tmp_path: Path) -> None:
    (stopped,) = _found(write({"a.py": ""}), tmp_path, f"{sys.executable} -c 'import os; os.kill(os.getpid(), 9)'")
    assert (stopped.stops, stopped.message.endswith("ended by signal SIGKILL: it printed nothing")) == (True, True)


def test_a_tool_that_rewrites_what_it_looks_at_is_named_and_its_report_is_not_kept(
    write: Write, tmp_path: Path
) -> None:
    root = write(ONLY_MYPY)
    _install(tmp_path, "open('src/app.py', 'a').write('z = 3')\n")
    for _ in range(2):
        (wrote,) = _found(root, tmp_path)
        assert (wrote.id, wrote.message.startswith("src/app.py changed while mypy ran")) == ("files-changed", True)


def test_of_megabytes_that_a_tool_prints_the_findings_at_the_beginning_are_shown(write: Write, tmp_path: Path) -> None:
    noise = (
        "import sys\nprint('src/app.py:1: error: x [misc]')\nfor _ in range(80): sys.stdout.write('y' * 1_000_000)\n"
    )
    _install(tmp_path, noise + "print('\\x1b[31m\\x00 \\udcff'.encode(errors='surrogateescape'))\nsys.exit(1)\n")
    assert [one.id for one in _found(write(ONLY_MYPY), tmp_path)] == ["misc", "more-findings"]


def test_a_declared_command_that_removes_its_folder_or_reads_input_ends(write: Write, tmp_path: Path) -> None:
    (stopped,) = _found(write({"a.py": ""}), tmp_path, "sh -c 'read line || exit 7'")
    assert "exit code 7" in stopped.message
    found = _found(write({"src/app.py": ""}), tmp_path, "sh -c 'rm -rf \"$PWD\"'", "true")
    assert [one.id for one in found] == ["files-changed", "command-failed"]


PASSWORD = 'password = "kx8-Wq2-pLm9-Zt4"\n'


def _secrets(root: Path, tmp_path: Path, files: dict[str, str]) -> list[tuple[str, int]]:
    found = secret_findings(root, list(files), process=RealProcess(), env=None, cache=TextCache(tmp_path / "kept"))
    return sorted((one.location.file, one.location.line) for one in found if one.location)


def test_what_looks_like_a_secret_in_a_committed_package_is_its_authors(write: Write, tmp_path: Path) -> None:
    record = "botocore/data/iam.py,sha256=x,1\nbotocore-1.0.dist-info/RECORD,,\n../../bin/jp.py,sha256=x,1\n"
    files = {
        "src/app.py": PASSWORD,
        "src/botocore/data/iam.py": PASSWORD,
        "src/botocore-1.0.dist-info/RECORD": record,
    }
    assert _secrets(write(files), tmp_path, files) == [("src/app.py", 1)]
    alone = {name: text for name, text in files.items() if not name.endswith("RECORD")}
    assert _secrets(write(alone), tmp_path, alone) == [("src/app.py", 1), ("src/botocore/data/iam.py", 1)]


def test_what_says_itself_that_it_is_no_secret_is_none(write: Write, tmp_path: Path) -> None:
    call = 'curl https://api.example.org/users -H "Authorization: Bearer {}"\n'
    files = {"a.sh": call.format("fake-token"), "b.sh": call.format("kx8Wq2pLm9Zt4Rv7Bn3Hs6")}
    assert _secrets(write(files), tmp_path, files) == [("b.sh", 1)]
    words = {"README.md": 'password: "password"\n'}
    assert _secrets(write(words), tmp_path, words) == []
