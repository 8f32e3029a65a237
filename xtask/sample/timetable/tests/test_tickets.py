import pytest

from timetable.tickets import check_digits, parse_ticket, ticket_number


def test_the_whole_number_leaves_one():
    for zone, serial in [(1, 0), (2, 4711), (9, 999_999)]:
        assert (zone * 10**8 + serial * 100 + check_digits(zone, serial)) % 97 == 1


def test_numbers_read_back():
    assert parse_ticket(ticket_number(2, 4711)) == (2, 4711)
    assert parse_ticket(ticket_number(2, 4711).lower() + "\n") == (2, 4711)


def test_swapped_digits_are_noticed():
    number = ticket_number(3, 120_000)
    with pytest.raises(ValueError):
        parse_ticket(number.replace("120000", "210000"))


@pytest.mark.parametrize("zone, serial", [(0, 1), (10, 1), (1, -1), (1, 10**6)])
def test_impossible_tickets(zone, serial):
    with pytest.raises(ValueError):
        ticket_number(zone, serial)


@pytest.mark.parametrize("text", ["", "TT-1-000001", "XX-1-000001-00", "TT-a-000001-00"])
def test_not_a_ticket(text):
    with pytest.raises(ValueError):
        parse_ticket(text)
