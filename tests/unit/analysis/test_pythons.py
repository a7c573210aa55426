import pytest

from sealift.analysis.pythons import Version, allows, by_nearness, declared_runtime, least_required, version_of, written


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.12", (3, 12)),
        ("3.12.1\n", (3, 12)),
        ("python3.9", (3, 9)),
        ("cpython-3.13.0-linux", (3, 13)),
        ("pypy", None),
        ("", None),
    ],
)
def test_versions_are_read_in_all_their_forms(text: str, version: Version | None) -> None:
    assert version_of(text) == version


def test_the_newest_runtime_of_a_template_counts() -> None:
    assert declared_runtime("Runtime: python3.9\nRuntime: 'python3.12'\nRuntime: nodejs20.x") == (3, 12)
    assert declared_runtime("Resources: {}") is None


@pytest.mark.parametrize(
    ("text", "version"), [(">=3.11,<4", (3, 11)), ("==3.12.*", (3, 12)), ("^3.9", (3, 9)), ("<3.9", None)]
)
def test_the_lower_bound_of_a_requirement_is_found(text: str, version: Version | None) -> None:
    assert least_required(text) == version


def test_the_wanted_python_goes_first_then_newer_then_older_ones() -> None:
    there = [(3, 8), (3, 13), (3, 11), (2, 7), (3, 12)]
    assert by_nearness((3, 11), there) == ((3, 11), (3, 12), (3, 13), (3, 8))
    assert by_nearness((3, 14), there) == ((3, 13), (3, 12), (3, 11), (3, 8))
    assert written((3, 9)) == "3.9"


@pytest.mark.parametrize(
    ("specifier", "fits", "fails"),
    [
        (">=3.11", "11 12 14", "9 10"),
        (">=3.9, <3.12", "9 10 11", "8 12"),
        ("==3.11.*", "11", "10 12"),
        ("==3.11.4", "11", "10 12"),
        ("~=3.11", "11 12", "10"),
        ("~=3.11.2", "11", "10 12"),
        ("^3.11", "11 13", "10"),
        ("~3.11", "11", "12"),
        ("~3", "8 14", ""),
        ("!=3.11.*,>=3.9", "10 12", "11 8"),
        ("!=3.11.3,>=3.9", "11", "8"),
        ("<3.12.2", "11 12", "13"),
        ("<3.12.0", "11", "12"),
        ("<=3.11", "10 11", "12"),
        (">3.10", "10 11", "9"),
        ("3.11", "11", "10 12"),
        ("^3.8 || ^3.12", "8 13", ""),
        ("==3.9.*|>=3.12", "9 12", "10 11"),
        ("*", "9 14", ""),
        (">=3.11,<4.0", "11 14", "10"),
    ],
)
def test_a_project_is_for_a_python_by_its_minor_version(specifier: str, fits: str, fails: str) -> None:
    assert all(allows(specifier, (3, int(minor))) for minor in fits.split())
    assert not any(allows(specifier, (3, int(minor))) for minor in fails.split())
