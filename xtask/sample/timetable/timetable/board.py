"""The departure board at a stop."""

from dataclasses import dataclass

from timetable import clock


@dataclass(frozen=True)
class Departure:
    """One row of the board."""

    time: int
    line: str
    destination: str
    delay: int = 0

    @property
    def expected(self):
        """When it really leaves: never before its time."""
        return self.time + max(self.delay, 0)


def departures_at(stop, lines, delays=None):
    """All departures of all lines at a stop, with the delay of each line."""
    delays = delays or {}
    found = []
    for line in lines:
        if stop not in line.stops or stop == line.stops[-1]:
            continue
        delay = delays.get(line.name, 0)
        found.extend(
            Departure(time, line.name, line.stops[-1], delay) for time in line.times_at(stop)
        )
    return sorted(found, key=lambda departure: (departure.expected, departure.line))


def upcoming(departures, now, limit=5):
    """The next few that have not left yet."""
    still_here = [departure for departure in departures if departure.expected >= now]
    return still_here[:limit]


def label(departure, now):
    """What the last column says: due, minutes, or a time if it is far off."""
    minutes = departure.expected - now
    if minutes <= 0:
        return "due"
    if minutes < 30:
        return f"{minutes} min"
    return clock.show_on_wall(departure.expected)


def rows(departures, now):
    """The rows of the board as text."""
    return [
        (departure.line, departure.destination, label(departure, now))
        for departure in departures
    ]
