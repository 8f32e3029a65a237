import pytest

from timetable.fares import ADULT, CHILD, SENIOR, FareTable, show_cents, zones_between
from timetable.stops import Stop

TABLE = FareTable()


@pytest.mark.parametrize("zones, cents", [(1, 250), (2, 380), (4, 580), (9, 580)])
def test_single_fare(zones, cents):
    assert TABLE.single_fare(zones) == cents


def test_no_zones_is_refused():
    with pytest.raises(ValueError):
        TABLE.single_fare(0)


def test_children_pay_half():
    assert TABLE.single_fare(2, CHILD) == 190


def test_seniors_pay_seventy_percent():
    assert TABLE.single_fare(1, SENIOR) == 175


def test_unknown_rider():
    with pytest.raises(ValueError):
        TABLE.single_fare(1, "dog")


def test_a_short_day_costs_its_rides():
    assert TABLE.day_fare([1, 1]) == 500


def test_a_long_day_costs_the_cap():
    assert TABLE.day_fare([4, 4, 4]) == 900


def test_a_long_day_of_a_child_costs_the_childs_cap():
    assert TABLE.day_fare([4, 4, 4], CHILD) == 400


def test_a_long_day_of_a_senior_costs_the_adults_cap():
    assert TABLE.day_fare([4, 4, 4], SENIOR) == 900


def test_small_groups_pay_each():
    assert TABLE.group_fare(1, [ADULT] * 4) == 1000


def test_in_a_large_group_the_cheapest_rides_free():
    assert TABLE.group_fare(1, [ADULT] * 4 + [CHILD]) == 1000


def test_zones_between_counts_each_zone_once():
    stops = [Stop("a", 0, 0, 1), Stop("b", 0, 0, 1), Stop("c", 0, 0, 2), Stop("d", 0, 0, 3)]
    assert zones_between(stops, "a", "b") == 1
    assert zones_between(stops, "d", "b") == 3


def test_show_cents():
    assert show_cents(905) == "9.05"
