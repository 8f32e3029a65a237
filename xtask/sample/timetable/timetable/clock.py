"""Times of a service day, as minutes after its midnight."""

MINUTES_PER_DAY = 24 * 60


def parse(text):
    """Minutes after midnight for a time like ``7:05`` or ``25:10``."""
    hours, separator, minutes = text.strip().partition(":")
    if not separator or not hours.isdigit() or len(minutes) != 2 or not minutes.isdigit():
        raise ValueError(f"not a time: {text!r}")
    if int(minutes) >= 60:
        raise ValueError(f"no such minute: {text!r}")
    return int(hours) * 60 + int(minutes)


def show(minutes):
    """The time as a timetable prints it; hours go on after 24."""
    if minutes < 0:
        raise ValueError("a service day has no negative times")
    return f"{minutes // 60}:{minutes % 60:02d}"


def show_on_wall(minutes):
    """The time as a clock on the wall shows it: 25:10 is 1:10."""
    return show(minutes % MINUTES_PER_DAY)


def minutes_until(now, then):
    """Minutes from one wall-clock time to the next occurrence of another."""
    return (then - now) % MINUTES_PER_DAY


def round_up(minutes, step):
    """The next multiple of ``step`` that is not before ``minutes``."""
    if step <= 0:
        raise ValueError("the step must be positive")
    return (minutes + step - 1) // step * step


def every(first, last, interval):
    """All times from first to last, both included, at a fixed interval."""
    if interval <= 0:
        raise ValueError("the interval must be positive")
    return list(range(first, last + 1, interval))
