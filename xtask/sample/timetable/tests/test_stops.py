import pytest

from timetable.stops import Stop, bounding_box, distance_m, nearest, within

HARBOUR = Stop("Harbour", 53.5413, 9.9841)
MARKET = Stop("Market", 53.5503, 9.9920)
STATION = Stop("Station", 53.5530, 10.0067, zone=2)
AIRPORT = Stop("Airport", 53.6304, 9.9882, zone=3)
ALL = [HARBOUR, MARKET, STATION, AIRPORT]


def test_no_distance_to_itself():
    assert distance_m(MARKET, MARKET) == 0


def test_distance_is_the_same_both_ways():
    assert distance_m(HARBOUR, STATION) == pytest.approx(distance_m(STATION, HARBOUR))


def test_a_degree_of_latitude_is_111_km():
    assert distance_m(Stop("a", 50, 8), Stop("b", 51, 8)) == pytest.approx(111_195, abs=10)


def test_nearest_when_the_first_is_nearest():
    assert nearest(ALL, Stop("here", 53.5415, 9.9850)) == HARBOUR


def test_nearest_when_a_later_one_is_farther_again():
    assert nearest(ALL, Stop("here", 53.5505, 9.9930)) == MARKET
    assert nearest(ALL, Stop("here", 53.5531, 10.0060)) == STATION


def test_nearest_of_none():
    assert nearest([], HARBOUR) is None


def test_within_sorts_by_distance():
    assert within(ALL, HARBOUR, 2_500) == [HARBOUR, MARKET, STATION]


def test_within_nothing():
    assert within(ALL, Stop("far", 0, 0), 1_000) == []


def test_bounding_box():
    assert bounding_box(ALL) == (53.5413, 9.9841, 53.6304, 10.0067)
    with pytest.raises(ValueError):
        bounding_box([])
