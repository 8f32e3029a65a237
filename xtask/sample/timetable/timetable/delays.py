"""How late the trams were: figures over delays in minutes, early ones negative."""

from collections import defaultdict


def mean(delays):
    """The average delay."""
    if not delays:
        raise ValueError("no delays were recorded")
    return sum(delays) / len(delays)


def median(delays):
    """The delay in the middle: half are shorter, half are longer."""
    if not delays:
        raise ValueError("no delays were recorded")
    ordered = sorted(delays)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def percentile(delays, percent):
    """The smallest delay that this many percent of the trams did not exceed."""
    if not delays:
        raise ValueError("no delays were recorded")
    if not 0 < percent <= 100:
        raise ValueError("percent lies above 0 and not above 100")
    ordered = sorted(delays)
    rank = -(-len(ordered) * percent // 100)
    return ordered[int(rank) - 1]


def on_time_share(delays, early=1, late=3):
    """The share of trams no more than ``early`` minutes early and ``late`` minutes late."""
    if not delays:
        return 1.0
    on_time = [delay for delay in delays if -early <= delay <= late]
    return len(on_time) / len(delays)


def moving_average(delays, window):
    """The mean of each run of ``window`` delays in a row."""
    if window < 1:
        raise ValueError("the window holds at least one delay")
    return [mean(delays[i : i + window]) for i in range(len(delays) - window + 1)]


def worst_lines(records, count=3):
    """The lines with the largest mean delay, the worst first, from (line, delay) pairs."""
    by_line = defaultdict(list)
    for line, delay in records:
        by_line[line].append(delay)
    ranked = sorted(by_line, key=lambda line: (-mean(by_line[line]), line))
    return ranked[:count]
