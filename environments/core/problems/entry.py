"""The shape of one entry of the catalogue of problems."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A failure's text: ``sentence`` names the object and the reason, ``next_step`` what to do.

    Both are ``str.format`` patterns. The same id may be an error here and a warning there.
    """

    sentence: str
    next_step: str = ""

    def text(self, **fields: object) -> str:
        """The sentence and the next step, filled."""
        return " ".join(part.format(**fields) for part in (self.sentence, self.next_step) if part)
