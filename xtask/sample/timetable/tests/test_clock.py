import pytest

from timetable import clock


@pytest.mark.parametrize(
    "text, minutes", [("0:00", 0), ("7:05", 425), ("23:59", 1439), ("25:10", 1510), (" 8:30 ", 510)]
)
def test_parse(text, minutes):
    assert clock.parse(text) == minutes


@pytest.mark.parametrize("text", ["", "7", "7:5", "7:60", "x:10", "-1:00", "7:005"])
def test_parse_refuses(text):
    with pytest.raises(ValueError):
        clock.parse(text)


def test_show_goes_on_after_midnight():
    assert clock.show(425) == "7:05"
    assert clock.show(1510) == "25:10"


def test_show_refuses_negative_times():
    with pytest.raises(ValueError):
        clock.show(-1)


def test_the_wall_clock_starts_again():
    assert clock.show_on_wall(1510) == "1:10"


def test_minutes_until_passes_midnight():
    assert clock.minutes_until(clock.parse("23:50"), clock.parse("0:05")) == 15
    assert clock.minutes_until(600, 600) == 0


@pytest.mark.parametrize("minutes, rounded", [(0, 0), (1, 5), (5, 5), (6, 10)])
def test_round_up(minutes, rounded):
    assert clock.round_up(minutes, 5) == rounded


def test_every_includes_both_ends():
    assert clock.every(360, 400, 20) == [360, 380, 400]
    assert clock.every(360, 399, 20) == [360, 380]
