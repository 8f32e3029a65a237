"""The earliest arrival from stop to stop, with changes between lines."""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True)
class Leg:
    """One ride on one line."""

    line: str
    origin: str
    target: str
    departs: int
    arrives: int

    @property
    def minutes(self):
        return self.arrives - self.departs


class Planner:
    """Plans trips over the lines that it is given."""

    def __init__(self, lines, change_minutes=2):
        self.lines = list(lines)
        self.change_minutes = change_minutes

    def plan(self, origin, target, start):
        """The legs that arrive earliest, in the order in which they are ridden.

        None if the target can't be reached any more; no legs if it is the origin.
        """
        arrival = {origin: start}
        came_by = {}
        queue = [(start, origin)]
        while queue:
            time, stop = heapq.heappop(queue)
            if stop == target:
                return self._legs(came_by, origin, target)
            if time > arrival[stop]:
                continue
            for leg in self._rides(stop, time, came_by.get(stop)):
                if leg.arrives < arrival.get(leg.target, float("inf")):
                    arrival[leg.target] = leg.arrives
                    came_by[leg.target] = leg
                    heapq.heappush(queue, (leg.arrives, leg.target))
        return None

    def _rides(self, stop, time, last):
        """Every ride that starts here on the next tram of each line."""
        for line in self.lines:
            if stop not in line.stops:
                continue
            ready = time
            if last is not None and last.line != line.name:
                ready += self.change_minutes
            departs = line.next_at(stop, ready)
            if departs is None:
                continue
            for target in line.after(stop):
                arrives = departs + line.travel_minutes(stop, target)
                yield Leg(line.name, stop, target, departs, arrives)

    def _legs(self, came_by, origin, target):
        """Follows the legs back from the target."""
        legs = []
        stop = target
        while stop != origin:
            leg = came_by[stop]
            legs.append(leg)
            stop = leg.origin
        legs.reverse()
        return legs


def changes(legs):
    """How often a passenger changes between lines."""
    return sum(1 for a, b in zip(legs, legs[1:]) if a.line != b.line)


def total_minutes(legs):
    """From the first departure to the last arrival."""
    return legs[-1].arrives - legs[0].departs if legs else 0
