"""Tables in terminals of several widths."""

from sealift.cli.columns import fitting
from sealift.cli.text import Text

COLUMNS = {
    "environment": [Text("staging"), Text("production")],
    "#": [Text("3"), Text("11")],
    "release": [Text("ffe4315c4d29"), Text("2d533c37aa8d")],
    "by": [Text("ann"), Text("bob: because it has to be done before the night")],
}


def printed(width: int) -> list[str]:
    lines = (line.plain for line in fitting(COLUMNS, width=width, spare=("by", "#")))
    return [part.rstrip() for line in lines for part in line.split("\n")]


def test_a_wide_terminal_gets_all_columns() -> None:
    assert printed(100)[0] == "environment  #   release       by"
    assert printed(100)[2].endswith("because it has to be done before the night")


def test_a_long_last_column_goes_on_below() -> None:
    assert printed(60)[2:] == [
        "production   11  2d533c37aa8d  bob: because it has to be",
        "                               done before the night",
    ]


def test_where_even_that_has_no_room_the_last_column_goes_below_and_stays_whole() -> None:
    assert printed(22) == ["environment  release", "staging", "  ffe4315c4d29", "production", "  2d533c37aa8d"]


def test_a_file_gets_all_of_it() -> None:
    assert printed(0) == printed(100)


def test_a_narrow_terminal_gets_fewer_columns_and_no_cell_is_cut() -> None:
    assert printed(40) == [
        "environment  #   release",
        "staging      3   ffe4315c4d29",
        "production   11  2d533c37aa8d",
    ]
    assert printed(26)[2] == "production   2d533c37aa8d"
