"""What the parts say, line by line, each with the name of its part before it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TextIO

_COLOURS = (36, 33, 35, 32, 34, 31)
_WIDTH = 8


@dataclass(slots=True)
class Output:
    """Writes to one stream. ``colours``: ANSI numbers to choose from; none for plain text."""

    stream: TextIO
    colours: Sequence[int] = ()

    @classmethod
    def on(cls, stream: TextIO) -> Self:
        """Coloured on a terminal, unless NO_COLOR is set."""
        plain = os.environ.get("NO_COLOR") or not stream.isatty()
        return cls(stream, () if plain else _COLOURS)

    def say(self, part: str, line: str) -> None:
        """One line of this part; a nameless one speaks for itself."""
        try:
            self.stream.write(f"{self._before(part)}{line}\n")
            self.stream.flush()
        except OSError:
            # The terminal or the pipe is gone. The parts must still be stopped in order, so what
            # they say from now on goes where nobody reads.
            self.stream = open(os.devnull, "w")  # noqa: SIM115 - stays open until the end

    def _before(self, part: str) -> str:
        if not part:
            return ""
        name = f"{part:>{_WIDTH}} | "
        if not self.colours:
            return name
        colour = self.colours[sum(part.encode()) % len(self.colours)]
        return f"\x1b[{colour}m{name}\x1b[0m"
