"""What a ride costs, in cents."""

from dataclasses import dataclass

ADULT = "adult"
CHILD = "child"
SENIOR = "senior"


@dataclass(frozen=True)
class FareTable:
    """Prices by the number of zones, and the most that a day can cost."""

    single: tuple = (250, 380, 490, 580)
    adult_cap: int = 900
    child_cap: int = 400
    senior_percent: int = 70

    def single_fare(self, zones, rider=ADULT):
        """One ride through this many zones."""
        if zones < 1:
            raise ValueError("a ride touches at least one zone")
        full = self.single[min(zones, len(self.single)) - 1]
        if rider == CHILD:
            return full // 2
        if rider == SENIOR:
            return full * self.senior_percent // 100
        if rider == ADULT:
            return full
        raise ValueError(f"no such rider: {rider}")

    def day_cap(self, rider=ADULT):
        """The most that a day costs one rider."""
        cap = self.adult_cap
        if rider == CHILD:
            cap = self.child_cap
        return cap

    def day_fare(self, rides, rider=ADULT):
        """What a day of rides costs, each ride given as its number of zones."""
        total = sum(self.single_fare(zones, rider) for zones in rides)
        return min(total, self.day_cap(rider))

    def group_fare(self, zones, riders):
        """One ride for a group: of five or more, the cheapest rides free."""
        fares = sorted(self.single_fare(zones, rider) for rider in riders)
        if len(fares) >= 5:
            return sum(fares[1:])
        return sum(fares)


def zones_between(line_stops, origin, target):
    """How many zones a ride touches: the stops between count, and each zone once."""
    names = [stop.name for stop in line_stops]
    first, last = sorted((names.index(origin), names.index(target)))
    return len({stop.zone for stop in line_stops[first : last + 1]})


def show_cents(cents):
    """An amount as people write it."""
    return f"{cents // 100}.{cents % 100:02d}"
