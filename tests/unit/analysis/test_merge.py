from sealift.analysis.merge import each_once, merged
from sealift.model.finding import Finding
from sealift.model.template import Location


def _finding(rule: str, line: int | None, *, stops: bool = False) -> Finding:
    location = None if line is None else Location(file="a.py", line=line)
    return Finding(tool="t", id=rule, severity="low", message=f"{rule}", location=location, stops=stops)


def test_each_rule_and_place_is_told_once_and_stopping_wins() -> None:
    found = merged(
        [_finding("A", 1), _finding("B", 1, stops=True), _finding("N", None)],
        [_finding("A", 1, stops=True), _finding("B", 1), _finding("A", 2), _finding("N", None)],
    )
    assert [(one.id, one.location and one.location.line, one.stops) for one in found] == [
        ("A", 1, True),
        ("B", 1, True),
        ("N", None, False),
        ("A", 2, False),
    ]


def _said(tool: str, line: int, message: str) -> Finding:
    return Finding(tool=tool, id="X", severity="low", message=message, location=Location(file="a.py", line=line))


def test_what_another_tool_repeats_of_a_name_in_a_line_is_left_out() -> None:
    first = _said("ruff", 3, "Undefined name `total`")
    others = [
        _said("ty", 3, "Name `total` used when not defined"),
        _said("ty", 4, "Name `total` used when not defined"),
        _said("ty", 3, "Object of type `int` is not assignable to `str`"),
        _said("ruff", 3, "Line with `total` is too long"),
        _said("mypy", 3, "a fault without any name"),
    ]
    assert each_once([first, *others]) == (first, *others[1:])
