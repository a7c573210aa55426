"""What linters print for people, as it was recorded: ruff 0.1, mypy 1.0 and others of 2023, and those of 2026."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.diagnostics import diagnostics
from sealift.analysis.redact import unstyled
from sealift.analysis.tools import report_findings, warnings

PRINTED = {
    "ruff": (
        "F401 [*] `os` imported but unused\n --> src/ü b.py:1:8\n  |\n1 | import os\n  |        ^^\n  |\n"
        "help: Remove unused import: `os`\n  |\n  - import os\n  |\n\nFound 1 error.\n"
        "[*] 1 fixable with the `--fix` option.\n",
        [("src/ü b.py:1", "F401", "`os` imported but unused", "Remove unused import: `os`")],
    ),
    "ruff format": (
        "unformatted: File would be reformatted\n  --> src/ü b.py:4:1\n  |\n3 |\n4 +\n  |\n\n1 file\n",
        [("src/ü b.py:4", "", "unformatted: File would be reformatted", "")],
    ),
    "ruff format of 2023": (
        "Would reformat: src/ü b.py\n1 file would be reformatted\nwarning: `ruff format` is not yet stable\n",
        [("src/ü b.py", "format", "it is not formatted as its formatter would have it", "")],
    ),
    "black": (
        "would reformat /srv/src/ü b.py\n\nOh no! 💥 💔 💥\n1 file would be reformatted.\n",
        [("/srv/src/ü b.py", "format", "it is not formatted as its formatter would have it", "")],
    ),
    "isort": (
        "ERROR: /srv/src/ü b.py Imports are incorrectly sorted and/or formatted.\n",
        [("/srv/src/ü b.py", "format", "it is not formatted as its formatter would have it", "")],
    ),
    "mypy --pretty": (
        'src/b.py:6: error: Name "nothing" is not defined  [name-defined]\n        return a + nothing\n'
        "                   ^~~~~~~\n"
        'src/b.py:9: error: Argument 1 to "f" has incompatible type "str"; expected\n"int"  [arg-type]\n    f("a")\n'
        "      ^~~\nFound 2 errors in 1 file (checked 2 source files)\n",
        [
            ("src/b.py:6", "name-defined", 'Name "nothing" is not defined', ""),
            ("src/b.py:9", "arg-type", 'Argument 1 to "f" has incompatible type "str"; expected "int"', ""),
        ],
    ),
    "mypy without a line": (
        'b/m.py: error: Duplicate module named "m" (also at "./a/m.py")\nb/m.py: note: Common resolutions include:\n',
        [("b/m.py", "", 'Duplicate module named "m" (also at "./a/m.py")', "")],
    ),
    "pyright": (
        "/srv/src/b.py\n"
        '  /srv/src/b.py:9:3 - error: Argument of type "str" cannot be assigned to parameter "a"\n'
        '    "str" is not assignable to "int" (reportArgumentType)\n'
        '  /srv/src/b.py:10:3 - information: Type of "1" is "int"\n2 errors, 0 warnings, 0 informations \n',
        [
            (
                "/srv/src/b.py:9",
                "reportArgumentType",
                'Argument of type "str" cannot be assigned to parameter "a" "str" is not assignable to "int"',
                "",
            )
        ],
    ),
    "ty": (
        "error[invalid-argument-type]: Argument to function `f` is incorrect\n --> src/b.py:9:3\n  |\n9 | f('a')\n"
        "  |   ^^^ Expected `int`\n  |\ninfo: Function defined here\n --> src/b.py:4:5\n  |\n4 | def f(a: int):\n  |\n"
        "info: rule `invalid-argument-type` is enabled by default\n\nFound 1 diagnostic\n",
        [("src/b.py:9", "invalid-argument-type", "Argument to function `f` is incorrect", "")],
    ),
    "ty of 2025": (
        "error[unresolved-reference] src/ü b.py:6:16: Name `nothing` used when not defined\nFound 1 diagnostic\n",
        [("src/ü b.py:6", "unresolved-reference", "Name `nothing` used when not defined", "")],
    ),
    "pyrefly": (
        "ERROR Could not find name `nothing` [unknown-name]\n --> src/b.py:6:16\n  |\n6 |     return a + nothing\n"
        "  |                ^^^^^^^\n INFO 1 error\n",
        [("src/b.py:6", "unknown-name", "Could not find name `nothing`", "")],
    ),
    "bandit": (
        "Test results:\n>> Issue: [B102:exec_used] Use of exec detected.\n   Severity: Medium   Confidence: High\n"
        "   More Info: https://bandit.readthedocs.io/en/1.9.4/plugins/b102_exec_used.html\n   Location: src/b.py:5:4\n"
        '4\tdef f(a: int) -> str:\n5\t    exec("1")\n',
        [("src/b.py:5", "B102", "Use of exec detected.", "")],
    ),
    "pylint": (
        "************* Module b\nsrc/b.py:1:0: W0611: Unused import os (unused-import)\n\n"
        "-----------------------------------\nYour code has been rated at 0.00/10\n",
        [("src/b.py:1", "W0611", "Unused import os", "")],
    ),
    "pydocstyle": (
        "src/b.py:4 in public function `f`:\n        D103: Missing docstring in public function\n",
        [("src/b.py:4", "D103", "Missing docstring in public function", "")],
    ),
    "cfn-lint": (
        "E3002 Additional properties are not allowed ('Nope' was unexpected)\ntemplate.yaml:6:7\n\n",
        [("template.yaml:6", "E3002", "Additional properties are not allowed ('Nope' was unexpected)", "")],
    ),
    "yamllint": (
        'c.yml\n  1:1       warning  missing document start "---"  (document-start)\n'
        '  2:1       error    duplication of key "a" in mapping  (key-duplicates)\n\n',
        [
            ("c.yml:1", "document-start", 'missing document start "---"', ""),
            ("c.yml:2", "key-duplicates", 'duplication of key "a" in mapping', ""),
        ],
    ),
    "eslint": (
        "\n/srv/ä app/a.js\n  1:7  error  'x' is assigned a value but never used  no-unused-vars\n"
        "  3:1  error  Parsing error: Unexpected token ;\n\n✖ 2 problems (2 errors, 0 warnings)\n\n",
        [
            ("/srv/ä app/a.js:1", "no-unused-vars", "'x' is assigned a value but never used", ""),
            ("/srv/ä app/a.js:3", "", "Parsing error: Unexpected token ;", ""),
        ],
    ),
    "eslint, compact": (
        "/srv/a.js: line 1, col 7, Error - 'x' is assigned a value but never used. (no-unused-vars)\n\n1 problem\n",
        [("/srv/a.js:1", "no-unused-vars", "'x' is assigned a value but never used.", "")],
    ),
    "stylelint": (
        '\nsrc/m.css\n  1:3  ✖  Duplicate property "color"  no-duplicate-properties\n\n'
        "✖ 1 problem (1 error, 0 warnings)\n",
        [("src/m.css:1", "no-duplicate-properties", 'Duplicate property "color"', "")],
    ),
    "oxlint": (
        "\n  ! eslint(no-debugger): `debugger` statement is not allowed\n   ,-[src/ü a.js:3:1]\n 3 | debugger;\n"
        "   : ^^^^^^^^^\n   `----\n  help: Remove the debugger statement\n\nFound 1 warning and 0 errors.\n",
        [("src/ü a.js:3", "no-debugger", "`debugger` statement is not allowed", "Remove the debugger statement")],
    ),
    "biome": (
        "\x1b[0msrc/b c.ts\x1b[0m:2:1 "
        "\x1b]8;;https://biomejs.dev/linter\x1b\\lint/style/useConst\x1b]8;;\x1b\\  FIXABLE  ━━━━━\n\n"
        "  ! This let is only assigned once.\n  \n    1 │ x\n  > 2 │ let unused = 1;\n      │ ^^^\n  \n"
        "  i 'unused' is never reassigned.\n  \n  i Safe fix: Use const instead.\n  \n"
        "src/b c.ts format ━━━━━━━━\n\n  × Formatter would have printed the following content:\n  \n"
        "check ━━━━━━━━━\n\n  × Some errors were emitted while running checks.\n",
        [
            ("src/b c.ts:2", "lint/style/useConst", "This let is only assigned once.", "Use const instead."),
            ("src/b c.ts", "format", "Formatter would have printed the following content:", ""),
        ],
    ),
    "prettier": (
        "Checking formatting...\n[warn] src/b c.ts\n[error] src/s.js: SyntaxError: Unexpected token (1:11)\n"
        "[error] > 1 | const x = ;\n[error]     |           ^\n",
        [
            ("src/b c.ts", "format", "it is not formatted as its formatter would have it", ""),
            ("src/s.js:1", "", "SyntaxError: Unexpected token", ""),
        ],
    ),
    "tsc": (
        "app/(shop)/b.ts(4,4): error TS2322: Type 'number' is not assignable to type 'string'.\n"
        "  The expected type comes from property 'a'\n",
        [("app/(shop)/b.ts:4", "TS2322", "Type 'number' is not assignable to type 'string'.", "")],
    ),
    "tsc --pretty": (
        "\x1b[96msrc/b c.ts\x1b[0m:\x1b[93m4\x1b[0m:\x1b[93m4\x1b[0m - "
        "\x1b[91merror\x1b[0m\x1b[90m TS2322: \x1b[0mWrong.\n\n"
        "\x1b[7m4\x1b[0m f({a: 1});\n\x1b[7m \x1b[0m \x1b[91m   ~\x1b[0m\n\n"
        "Found 3 errors in the same file, starting at: src/b c.ts\x1b[90m:1\x1b[0m\n",
        [("src/b c.ts:4", "TS2322", "Wrong.", "")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), PRINTED.values(), ids=PRINTED)
def test_each_fault_is_read_once_with_its_place_rule_and_fix(
    text: str, expected: list[tuple[str, str, str, str]]
) -> None:
    read = diagnostics(unstyled(text).splitlines())
    assert [(f"{d.file}:{d.line}" if d.line else d.file, d.rule, d.said, d.fix) for d in read] == expected


LINES = [line for text, _ in PRINTED.values() for line in text.splitlines(keepends=True)]


@given(st.lists(st.sampled_from(LINES) | st.text()).map("".join))
def test_any_lines_are_read_without_an_error(text: str) -> None:
    for one in diagnostics(text.splitlines()):
        assert (one.line >= 0, bool(one.file)) == (True, True)


@given(st.permutations(sorted(PRINTED)))
def test_what_one_tool_printed_is_read_whatever_another_printed_before(names: list[str]) -> None:
    texts = [PRINTED[name] for name in names]
    read = diagnostics(unstyled("\n".join(text for text, _ in texts)).splitlines())
    assert [(d.rule, d.said) for d in read] == [(rule, said) for _, all_ in texts for _, rule, said, _ in all_]


def test_beside_errors_warnings_do_not_stop_and_alone_they_do() -> None:
    text = PRINTED["yamllint"][0]
    assert [one.stops for one in report_findings("yamllint", text, folder="/srv", stops=True)] == [False, True]
    alone = text.replace("error ", "warning ")
    assert [one.stops for one in report_findings("yamllint", alone, folder="/srv", stops=True)] == [True, True]


def test_bandit_reports_in_json_and_names_what_it_could_not_read() -> None:
    report = (
        '{"errors": [{"filename": "./s.py", "reason": "syntax error while parsing AST from file"}], "results": ['
        '{"filename": "./b c.py", "issue_severity": "MEDIUM", "issue_text": "Use of exec detected.", "line_number": 5, '
        '"more_info": "https://bandit/b102.html", "test_id": "B102"}]}'
    )
    exec_used, unread = report_findings("bandit", report, folder="/srv", stops=False)
    assert (str(exec_used.location), exec_used.id, exec_used.severity) == ("b c.py:5", "B102", "medium")
    assert exec_used.fix == "https://bandit/b102.html explains it."
    assert (str(unread.location), unread.message) == ("s.py", "syntax error while parsing AST from file")


@pytest.mark.parametrize(
    "said",
    [
        "mypy.ini: [mypy]: Unrecognized option: not_an_option = 1\n",
        'Config contains unrecognized setting "blah".\n',
        "WARN No python files found under the given path(s)\n",
        " WARN /srv/pyrefly.toml: Extra keys found in config: nope\n INFO 0 errors\n",
    ],
)
def test_a_tool_that_does_not_understand_its_settings_or_has_nothing_to_read_says_so(said: str) -> None:
    assert warnings(said) == said.splitlines()[0].strip()


@pytest.mark.parametrize(
    "said",
    [
        " INFO Checking project configured at `/srv/pyrefly.toml`\n INFO 0 errors\n",
        "[main]\tINFO\tFound project level .bandit file: ./.bandit\n",
        "npm notice New minor version of npm available! 11.19.1 -> 11.21.2\n",
        "stubPath /srv/typings is not a valid directory.\n",
    ],
)
def test_what_tools_say_although_all_is_well_is_no_warning(said: str) -> None:
    assert warnings(said) == ""
