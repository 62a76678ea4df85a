"""What came of being told something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sentence for the ledger, and whether something was begun."""

    said: str
    acted: bool = False


class NotYet(Exception):
    """Something has to end first; the text says what."""
