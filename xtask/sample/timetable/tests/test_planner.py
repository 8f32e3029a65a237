import pytest

from timetable.lines import Line
from timetable.planner import Leg, Planner, changes, total_minutes


@pytest.fixture
def planner():
    return Planner(
        [
            Line("1", ["Harbour", "Market", "Station"], [4, 3], [360, 380, 400]),
            Line("2", ["Station", "Park", "Airport"], [5, 10], [368, 376, 396, 416]),
            Line("3", ["Market", "Airport"], [40], [365]),
        ],
        change_minutes=2,
    )


def test_one_ride(planner):
    assert planner.plan("Harbour", "Station", 355) == [Leg("1", "Harbour", "Station", 360, 367)]


def test_a_tram_that_leaves_just_now_is_caught(planner):
    assert planner.plan("Harbour", "Market", 380) == [Leg("1", "Harbour", "Market", 380, 384)]


def test_legs_come_in_the_order_of_riding(planner):
    legs = planner.plan("Harbour", "Airport", 355)
    assert [leg.line for leg in legs] == ["1", "2"]
    assert legs[0].target == legs[1].origin == "Station"


def test_changing_takes_time(planner):
    legs = planner.plan("Harbour", "Airport", 355)
    # The tram at 368 leaves one minute after the arrival at 367: too soon to change.
    assert legs[-1].departs == 376
    assert legs[-1].arrives == 391


def test_enough_time_to_change_is_enough(planner):
    planner.change_minutes = 1
    assert planner.plan("Harbour", "Airport", 355)[-1].departs == 368


def test_the_slow_direct_line_loses(planner):
    assert "3" not in {leg.line for leg in planner.plan("Market", "Airport", 360)}


def test_nowhere_to_go(planner):
    assert planner.plan("Harbour", "Harbour", 360) == []


def test_too_late(planner):
    assert planner.plan("Harbour", "Airport", 401) is None


def test_changes_and_minutes(planner):
    legs = planner.plan("Harbour", "Airport", 355)
    assert changes(legs) == 1
    assert total_minutes(legs) == 31
    assert legs[0].minutes == 7


def test_no_legs_take_no_time():
    assert total_minutes([]) == 0
    assert changes([]) == 0
