from datetime import date

import pytest

from timetable.calendar import WEEKEND, WORKDAYS, ServiceCalendar

SUMMER = ServiceCalendar(date(2024, 6, 3), date(2024, 8, 30), WORKDAYS)


def test_runs_on_a_workday_in_season():
    assert SUMMER.runs_on(date(2024, 7, 3))


def test_does_not_run_on_a_weekend():
    assert not SUMMER.runs_on(date(2024, 7, 6))


def test_does_not_run_out_of_season():
    assert not SUMMER.runs_on(date(2024, 5, 31))
    assert not SUMMER.runs_on(date(2024, 9, 2))


def test_the_season_includes_its_first_day():
    assert SUMMER.runs_on(date(2024, 6, 3))


def test_the_season_includes_its_last_day():
    assert SUMMER.runs_on(date(2024, 8, 30))


def test_a_season_of_one_day():
    day = date(2024, 5, 1)
    assert ServiceCalendar(day, day).runs_on(day)


def test_exceptions_beat_the_weekday():
    holiday, match_day = date(2024, 7, 4), date(2024, 7, 6)
    calendar = ServiceCalendar(
        SUMMER.first, SUMMER.last, WORKDAYS, added={match_day}, removed={holiday}
    )
    assert not calendar.runs_on(holiday)
    assert calendar.runs_on(match_day)


def test_a_season_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError):
        ServiceCalendar(date(2024, 2, 1), date(2024, 1, 1))


def test_next_day_skips_to_the_weekend():
    calendar = ServiceCalendar(date(2024, 1, 1), date(2024, 12, 31), WEEKEND)
    assert calendar.next_day(date(2024, 7, 3)) == date(2024, 7, 6)


def test_next_day_is_none_after_the_season():
    assert SUMMER.next_day(date(2024, 9, 1), horizon_days=60) is None


def test_days_in_month():
    days = SUMMER.days_in_month(2024, 6)
    assert len(days) == 20
    assert days[0] == date(2024, 6, 3)
