import pytest

from timetable import delays


def test_mean():
    assert delays.mean([1, 2, 6]) == 3


def test_median_of_an_odd_number():
    assert delays.median([7, 1, 3]) == 3


def test_median_of_an_even_number():
    assert delays.median([4, 1, 3, 8]) == 3.5


def test_median_of_two():
    assert delays.median([2, 4]) == 3


def test_median_of_one():
    assert delays.median([5]) == 5


@pytest.mark.parametrize("figure", [delays.mean, delays.median])
def test_nothing_recorded(figure):
    with pytest.raises(ValueError):
        figure([])


@pytest.mark.parametrize("percent, expected", [(50, 2), (75, 3), (76, 4), (100, 4), (1, 1)])
def test_percentile(percent, expected):
    assert delays.percentile([4, 1, 3, 2], percent) == expected


@pytest.mark.parametrize("percent", [0, -5, 101])
def test_percentile_refuses(percent):
    with pytest.raises(ValueError):
        delays.percentile([1], percent)


def test_on_time_share_includes_its_limits():
    assert delays.on_time_share([-2, -1, 0, 3, 4]) == 0.6
    assert delays.on_time_share([]) == 1.0


def test_moving_average():
    assert delays.moving_average([0, 2, 4, 6], 2) == [1, 3, 5]
    assert delays.moving_average([1], 2) == []


def test_worst_lines():
    records = [("1", 1), ("2", 9), ("1", 3), ("3", 2), ("4", 0)]
    assert delays.worst_lines(records) == ["2", "1", "3"]
