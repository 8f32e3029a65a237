import pytest

from timetable import report

ROWS = [("line", "delay"), ("1", 12), ("N20", 3)]


def test_column_widths():
    assert report.column_widths(ROWS) == [4, 5]
    assert report.column_widths([]) == []


def test_numbers_stand_to_the_right():
    assert report.to_text(ROWS) == "line  delay\n1        12\nN20       3"


def test_plain_cells_are_not_quoted():
    assert report.csv_cell("Market") == "Market"
    assert report.csv_cell(7) == "7"


@pytest.mark.parametrize(
    "value, cell", [("a,b", '"a,b"'), ('the "1"', '"the ""1"""'), ("a\nb", '"a\nb"')]
)
def test_special_cells_are_quoted(value, cell):
    assert report.csv_cell(value) == cell


def test_csv_rows_end_with_a_line_break():
    assert report.to_csv(ROWS) == "line,delay\n1,12\nN20,3\n"


def test_csv_quotes_its_cells():
    assert report.to_csv([("Market, north", 1)]) == '"Market, north",1\n'


def test_csv_of_nothing():
    assert report.to_csv([]) == ""


def test_shorten():
    assert report.shorten("Station", 7) == "Station"
    assert report.shorten("Central Station", 8) == "Central…"
    with pytest.raises(ValueError):
        report.shorten("x", 0)
