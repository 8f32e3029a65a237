import pytest

from timetable.lines import Line


def line():
    return Line("1", ["Harbour", "Market", "Station", "Airport"], [4, 3, 15], [380, 360, 400])


def test_departures_are_sorted():
    assert line().departures == [360, 380, 400]


def test_offset():
    assert [line().offset(stop) for stop in line().stops] == [0, 4, 7, 22]


def test_travel_minutes():
    assert line().travel_minutes("Market", "Airport") == 18
    assert line().travel_minutes("Market", "Market") == 0


def test_travel_against_the_direction_is_refused():
    with pytest.raises(ValueError):
        line().travel_minutes("Station", "Market")


def test_unknown_stop():
    with pytest.raises(KeyError):
        line().offset("Moon")


def test_times_at():
    assert line().times_at("Station") == [367, 387, 407]


def test_next_at_takes_a_tram_that_leaves_just_now():
    assert line().next_at("Market", 384) == 384
    assert line().next_at("Market", 385) == 404


def test_next_at_after_the_last():
    assert line().next_at("Harbour", 401) is None


def test_after():
    assert line().after("Market") == ["Station", "Airport"]
    assert line().after("Airport") == []


def test_reversed():
    back = line().reversed([500])
    assert back.stops[0] == "Airport"
    assert back.travel_minutes("Airport", "Station") == 15


@pytest.mark.parametrize("stops, minutes", [(["a", "b"], []), (["a", "b", "a"], [1, 1])])
def test_impossible_lines(stops, minutes):
    with pytest.raises(ValueError):
        Line("x", stops, minutes)
