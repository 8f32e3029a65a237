"""On which days a service runs."""

from dataclasses import dataclass, field
from datetime import date, timedelta

WORKDAYS = frozenset({0, 1, 2, 3, 4})
WEEKEND = frozenset({5, 6})
DAILY = WORKDAYS | WEEKEND


@dataclass
class ServiceCalendar:
    """Weekdays (Monday is 0) within a season, with days added and days left out."""

    first: date
    last: date
    weekdays: frozenset = DAILY
    added: set = field(default_factory=set)
    removed: set = field(default_factory=set)

    def __post_init__(self):
        if self.last < self.first:
            raise ValueError("the season ends before it begins")

    def in_season(self, day):
        """Whether the day lies in the season; its last day still does."""
        return self.first <= day <= self.last

    def runs_on(self, day):
        """Whether there is service; an exception beats the weekday and the season."""
        if day in self.removed:
            return False
        if day in self.added:
            return True
        return self.in_season(day) and day.weekday() in self.weekdays

    def next_day(self, day, horizon_days=366):
        """The first day with service on or after ``day``, or None within the horizon."""
        for offset in range(horizon_days):
            candidate = day + timedelta(days=offset)
            if self.runs_on(candidate):
                return candidate
        return None

    def days_in_month(self, year, month):
        """The days of a month on which there is service, in order."""
        day = date(year, month, 1)
        days = []
        while day.month == month:
            if self.runs_on(day):
                days.append(day)
            day += timedelta(days=1)
        return days
