"""Tables for people and for spreadsheets."""


def column_widths(rows):
    """The width of the widest cell in each column."""
    columns = max((len(row) for row in rows), default=0)
    widths = [0] * columns
    for row in rows:
        for index, cell in enumerate(row):
            widths[index] = max(widths[index], len(str(cell)))
    return widths


def to_text(rows, gap=2):
    """Rows as lines of aligned columns: numbers to the right, everything else to the left."""
    widths = column_widths(rows)
    lines = []
    for row in rows:
        cells = []
        for cell, width in zip(row, widths):
            text = str(cell)
            right = isinstance(cell, (int, float)) and not isinstance(cell, bool)
            cells.append(text.rjust(width) if right else text.ljust(width))
        lines.append((" " * gap).join(cells).rstrip())
    return "\n".join(lines)


def csv_cell(value):
    """A cell as CSV has it: quoted if it holds a comma, a quote or a line break."""
    text = str(value)
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def to_csv(rows):
    """Rows as CSV: cells joined by commas, a line break after every row."""
    return "".join(",".join(csv_cell(cell) for cell in row) + "\n" for row in rows)


def shorten(text, width):
    """The text, or its beginning and an ellipsis if it is wider than ``width``."""
    if width < 1:
        raise ValueError("nothing fits into no width")
    if len(text) <= width:
        return text
    return text[: width - 1] + "…"
