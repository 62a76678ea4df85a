"""Times and sizes as Compose writes them."""

import math
import re

_TIME = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*(|b|k|kb|m|mb|g|gb|t|tb)", re.IGNORECASE)
_CPUS = re.compile(r"\d{1,6}(\.\d{1,6})?")


def seconds(text: str) -> int | None:
    """Whole seconds of ``1m30s``, at least one; None where it is no time."""
    parts = _TIME.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    total = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return min(max(1, math.ceil(total)), 1_000_000)


def memory(text: str) -> str | None:
    """``512m`` as a quantity: units of Compose are powers of 1024. None where it is no size."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    unit = found[2].lower().removesuffix("b")
    return f"{found[1]}{unit.upper()}i" if unit else found[1]


def cpus(text: str) -> str | None:
    """``0.5`` as a quantity; None where it is no number."""
    return text if _CPUS.fullmatch(text) else None
