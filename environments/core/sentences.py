"""What programs say, as a person reads it in a line."""


def one_line(text: str, *, at_most: int = 400) -> str:
    """On one line, without its full stop, and cut where it is long."""
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= at_most else f"{line[:at_most]}…"
