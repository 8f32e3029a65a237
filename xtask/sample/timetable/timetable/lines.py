"""A line: its stops in order, the minutes between them, and when trams leave."""

from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass
class Line:
    """A line in one direction. ``minutes[i]`` lead from stop i to stop i + 1."""

    name: str
    stops: list
    minutes: list
    departures: list = field(default_factory=list)

    def __post_init__(self):
        if len(self.minutes) != len(self.stops) - 1:
            raise ValueError(f"line {self.name}: one travel time per pair of stops")
        if len(set(self.stops)) != len(self.stops):
            raise ValueError(f"line {self.name}: a stop comes twice")
        self.departures = sorted(self.departures)

    def position(self, stop):
        """Which stop this is, counted from 0."""
        try:
            return self.stops.index(stop)
        except ValueError:
            raise KeyError(f"line {self.name} does not stop at {stop}") from None

    def offset(self, stop):
        """Minutes from the first stop to this one."""
        return sum(self.minutes[: self.position(stop)])

    def travel_minutes(self, origin, target):
        """Minutes on board between two stops, in the direction of the line."""
        if self.position(target) < self.position(origin):
            raise ValueError(f"line {self.name} does not go from {origin} to {target}")
        return self.offset(target) - self.offset(origin)

    def times_at(self, stop):
        """When trams leave this stop."""
        offset = self.offset(stop)
        return [departure + offset for departure in self.departures]

    def next_at(self, stop, earliest):
        """The first tram at a stop that leaves at ``earliest`` or later, or None."""
        times = self.times_at(stop)
        index = bisect_left(times, earliest)
        return times[index] if index < len(times) else None

    def after(self, stop):
        """The stops that are still to come after this one."""
        return self.stops[self.position(stop) + 1 :]

    def reversed(self, departures):
        """The same line the other way."""
        return Line(self.name, self.stops[::-1], self.minutes[::-1], list(departures))
