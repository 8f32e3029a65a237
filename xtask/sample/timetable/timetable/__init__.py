"""Times, fares and trips of a small tram network."""

__version__ = "0.4.0"
