"""Ticket numbers: a zone, a serial number, and two digits that guard against slips."""

PREFIX = "TT"


def check_digits(zone, serial):
    """Two digits such that the whole number leaves 1 when divided by 97."""
    remainder = (zone * 10**8 + serial * 100) % 97
    return (98 - remainder) % 97


def ticket_number(zone, serial):
    """The number as it is printed: ``TT-2-004711-38``."""
    if not 1 <= zone <= 9:
        raise ValueError("zones are 1 to 9")
    if not 0 <= serial < 10**6:
        raise ValueError("serial numbers have six digits")
    return f"{PREFIX}-{zone}-{serial:06d}-{check_digits(zone, serial):02d}"


def parse_ticket(text):
    """The zone and the serial number of a ticket, or ValueError for a slip."""
    parts = text.strip().upper().split("-")
    if len(parts) != 4 or parts[0] != PREFIX or not all(p.isdigit() for p in parts[1:]):
        raise ValueError(f"not a ticket number: {text!r}")
    zone, serial, check = (int(part) for part in parts[1:])
    if check_digits(zone, serial) != check:
        raise ValueError(f"wrong check digits: {text!r}")
    return zone, serial
