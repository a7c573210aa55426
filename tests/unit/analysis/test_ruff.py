import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.ruff import (
    OwnCode,
    is_below,
    is_named,
    named_rules,
    pinned_version,
    python_of,
    ruff_findings,
    stops,
    target_version,
)
from sealift.model.template import FunctionSpec, Template

SCOPE = OwnCode(folder="/app", shipped=("src", "tests"), vendored=("src/requests",))


def _template(*runtimes: str | None) -> Template:
    functions = tuple(
        FunctionSpec(
            logical_id=f"F{i}", type="AWS::Lambda::Function", runtime=runtime, handler="a.b", architecture="x86_64"
        )
        for i, runtime in enumerate(runtimes)
    )
    return Template(
        file="template.yaml", body={}, lines={}, parameters=(), assets=(), functions=functions, transforms=()
    )


def _report(*found: tuple[str | None, str]) -> str:
    return json.dumps(
        [
            {
                "code": code,
                "filename": file,
                "message": "m",
                "location": {"row": 3, "column": 1},
                "fix": {"message": "f"},
            }
            for code, file in found
        ]
    )


@pytest.mark.parametrize("code", ["F821", "F823", "E902", "F701", "F633", "invalid-syntax", "E999"])
def test_what_breaks_at_run_time_stops(code: str) -> None:
    assert stops(code)


@pytest.mark.parametrize("code", ["F401", "E711", "B008", "S101", "I001", "F841", "E401"])
def test_what_is_a_matter_of_taste_or_care_is_advice(code: str) -> None:
    assert not stops(code)


def test_findings_have_place_and_fix_and_stop_in_shipped_code_only() -> None:
    found = ruff_findings(
        _report(
            ("F821", "/app/src/a.py"),
            ("F821", "/app/scripts/a.py"),
            ("F821", "/app/src/requests/a.py"),
            ("F401", "/app/src/a.py"),
            (None, "/app/tests/test_a.py"),
            ("F821", "/lib/a.py"),
        ),
        SCOPE,
    )
    assert [(one.id, str(one.location), one.stops, one.severity) for one in found] == [
        ("F821", "src/a.py:3", True, "high"),
        ("F821", "scripts/a.py:3", False, "low"),
        ("F821", "src/requests/a.py:3", False, "low"),
        ("F401", "src/a.py:3", False, "low"),
        ("invalid-syntax", "tests/test_a.py:3", True, "high"),
        ("F821", "../lib/a.py:3", False, "low"),
    ]
    assert found[0].fix == "f"


def test_code_outside_of_the_folder_that_is_shipped_stops_too() -> None:
    scope = OwnCode(folder="/repo/app", shipped=("../shared",))
    (finding,) = ruff_findings(_report(("F821", "/repo/shared/a.py")), scope)
    assert (str(finding.location), finding.stops) == ("../shared/a.py:3", True)


@pytest.mark.parametrize("report", ["", "{}", "null", "warning: nothing"])
def test_what_is_no_report_is_refused(report: str) -> None:
    with pytest.raises(ValueError):
        ruff_findings(report, SCOPE)


@pytest.mark.parametrize(
    ("runtimes", "target"),
    [
        (("python3.9", "python3.12"), "py312"),
        (("python3.6",), "py37"),
        (("python3.15",), "py314"),
        (("nodejs20.x", None), "py314"),
        ((), "py314"),
        (("python2.7",), None),
        (("python2.7", "python3.8"), "py38"),
    ],
)
def test_source_is_read_as_the_newest_runtime_reads_it(runtimes: tuple[str | None, ...], target: str | None) -> None:
    assert target_version([_template(*runtimes)]) == target


def test_a_runtime_of_another_language_is_no_python() -> None:
    assert python_of("nodejs20.x") is None
    assert python_of("python3.12") == (3, 12)


@pytest.mark.parametrize(
    ("config", "pyproject", "expected"),
    [
        ('[lint]\nselect = ["E", "I"]\nextend-select = ["B"]', False, ("E", "I", "B")),
        ('select = ["E"]', False, ("E",)),
        ('[tool.ruff.lint]\nselect = ["ALL"]', True, ("ALL",)),
        ("[tool.ruff]\nline-length = 100", True, ()),
        ('[lint]\nselect = "E"', False, ()),
        ("[tool]\nruff = 3", True, ()),
        ("broken =", False, ()),
    ],
)
def test_only_rules_that_are_named_are_the_projects_choice(
    config: str, pyproject: bool, expected: tuple[str, ...]
) -> None:
    assert named_rules(config, pyproject=pyproject) == expected


@pytest.mark.parametrize(
    ("code", "rules", "named"),
    [
        ("I001", ["I"], True),
        ("ICN001", ["I"], False),
        ("E711", ["E7"], True),
        ("E501", ["E7"], False),
        ("C408", ["C4"], True),
        ("PLR0913", ["PL"], True),
        ("PLR0913", ["PLR09"], True),
        ("F401", ["ALL"], True),
        ("F401", [], False),
    ],
)
def test_a_group_names_its_own_rules_only(code: str, rules: list[str], named: bool) -> None:
    assert is_named(code, rules) is named


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("black\nruff==0.4.10\n", "0.4.10"),
        ("ruff == 0.4.1 # why", "0.4.1"),
        ('dev = ["pytest", "ruff==0.2.1"]', "0.2.1"),
        ('[[package]]\nname = "ruff"\nversion = "0.9.3"\n', "0.9.3"),
        ('[tool.poetry.group.dev.dependencies]\nruff = "0.5.0"', "0.5.0"),
        ('"ruff": {\n  "hashes": ["x"],\n  "version": "==0.3.1"\n}', "0.3.1"),
        ("repos:\n  - repo: https://github.com/astral-sh/ruff-pre-commit\n    rev: v0.6.2\n", "0.6.2"),
        ("ruff>=0.4", None),
        ("types-ruff==1.0.0", None),
        ("ruff-lsp==0.1.0", None),
        ("", None),
    ],
)
def test_the_fixed_version_of_ruff_is_found(text: str, version: str | None) -> None:
    assert pinned_version(text) == version


_PARTS = st.lists(st.sampled_from(["a", "b", "src"]), min_size=1, max_size=4).map("/".join)


@given(_PARTS, _PARTS)
def test_a_file_is_below_its_own_folders_and_no_others(folder: str, rest: str) -> None:
    assert is_below(f"{folder}/{rest}", [folder])
    assert not is_below(f"{folder}x/{rest}", [folder])


def test_the_folder_itself_holds_what_does_not_leave_it() -> None:
    assert is_below("a/b.py", ["."])
    assert not is_below("../b.py", ["."])
    assert is_below("../lib/b.py", ["../lib"])
