"""What an engine opens, and a person types in."""

from typing import Protocol


class Terminal(Protocol):
    """An interactive command in an instance. Each method may be called from a thread of its own."""

    def read(self) -> bytes:
        """What it prints next, as soon as it prints; b"" at its end, and once it is closed."""

    def write(self, typed: bytes) -> None:
        """Type this, all of it; waits while the command does not read. Nothing after its end."""

    def resize(self, *, rows: int, columns: int) -> None:
        """Tell the command the size of the screen."""

    def exit_code(self) -> int | None:
        """How the command ended (128 + n: by signal n), asked after the last ``read``; None where
        it was cut off."""

    def close(self) -> None:
        """End the command and all that it started; nothing happens where it has ended."""
