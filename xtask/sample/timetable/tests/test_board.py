from timetable import board
from timetable.board import Departure
from timetable.lines import Line

ONE = Line("1", ["Harbour", "Market", "Station"], [4, 3], [360, 380])
TWO = Line("2", ["Market", "Airport"], [20], [362, 384])


def test_departures_of_all_lines_in_order():
    found = board.departures_at("Market", [ONE, TWO])
    assert [(d.time, d.line) for d in found] == [(362, "2"), (364, "1"), (384, "1"), (384, "2")]


def test_the_destination_is_the_last_stop():
    assert board.departures_at("Harbour", [ONE, TWO])[0].destination == "Station"


def test_nothing_leaves_from_the_last_stop():
    assert board.departures_at("Station", [ONE]) == []


def test_a_delay_changes_the_order():
    found = board.departures_at("Market", [ONE, TWO], {"2": 5})
    assert [d.line for d in found] == ["1", "2", "1", "2"]
    assert found[1].expected == 367


def test_no_tram_leaves_early():
    assert Departure(360, "1", "Station", delay=-2).expected == 360


def test_upcoming_keeps_the_one_that_leaves_now():
    found = board.departures_at("Market", [ONE, TWO])
    assert [d.time for d in board.upcoming(found, 364, limit=2)] == [364, 384]


def test_labels():
    departure = Departure(1470, "1", "Station")
    assert board.label(departure, 1470) == "due"
    assert board.label(departure, 1469) == "1 min"
    assert board.label(departure, 1440) == "0:30"


def test_rows():
    departures = board.upcoming(board.departures_at("Market", [ONE, TWO]), 360, limit=1)
    assert board.rows(departures, 360) == [("2", "Airport", "2 min")]
