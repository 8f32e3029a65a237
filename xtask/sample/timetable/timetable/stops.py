"""Where the stops are."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_000


@dataclass(frozen=True)
class Stop:
    """A stop with its place in degrees and its fare zone."""

    name: str
    latitude: float
    longitude: float
    zone: int = 1


def distance_m(a, b):
    """Metres between two stops along the great circle."""
    latitude = radians(b.latitude - a.latitude)
    longitude = radians(b.longitude - a.longitude)
    chord = (
        sin(latitude / 2) ** 2
        + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(longitude / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * asin(sqrt(chord))


def nearest(stops, place):
    """The stop nearest to a place; the first of them if several are equally near."""
    best = None
    best_distance = float("inf")
    for stop in stops:
        distance = distance_m(stop, place)
        if distance < best_distance:
            best = stop
            best_distance = distance
    return best


def within(stops, place, radius_m):
    """The stops within a radius, the nearest first."""
    near = [(distance_m(stop, place), stop) for stop in stops]
    near = [(distance, stop) for distance, stop in near if distance <= radius_m]
    near.sort(key=lambda pair: (pair[0], pair[1].name))
    return [stop for _, stop in near]


def bounding_box(stops):
    """South, west, north and east edges around all stops."""
    stops = list(stops)
    if not stops:
        raise ValueError("no stops, no box")
    latitudes = [stop.latitude for stop in stops]
    longitudes = [stop.longitude for stop in stops]
    return min(latitudes), min(longitudes), max(latitudes), max(longitudes)
