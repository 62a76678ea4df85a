"""What the runner gives up with."""


class CannotRun(Exception):
    """The product cannot be started, or cannot stay up; the text says why and what to do."""
