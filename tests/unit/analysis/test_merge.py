from sealift.analysis.merge import merged
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
