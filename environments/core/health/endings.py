"""How containers end, in words that are the same wherever they run."""

KILLED, COMMAND_MISSING, NOT_EXECUTABLE = 137, 127, 126


def told(status: int, *, limit: str, out_of_memory: bool) -> str:
    """The status, and the likely reason; ``limit`` of its memory, "" where it has none."""
    text = f"the container ended with status {status}"
    if out_of_memory:
        more = f"its memory limit of {limit}" if limit else "the memory that there was"
        return f"{text}: it used more than {more}"
    if status == KILLED and limit:
        return f"{text}: killed, most likely at its memory limit of {limit}"
    if status == COMMAND_MISSING:
        return f"{text}: a command was not found in its image"
    if status == NOT_EXECUTABLE:
        return f"{text}: its command may not be run"
    if status == 0:
        return f"{text} (a service must stay in the foreground)"
    return text
