"""Quantities as Kubernetes writes them, as the numbers that a container engine takes."""

from decimal import Decimal, InvalidOperation

from environments.core.ports import EngineRefused

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_DECIMAL = {"k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_NANO = 10**9


def bytes_of(quantity: str) -> int:
    """``512Mi`` as bytes; 0 where none is given."""
    text = str(quantity).strip()
    for suffix, factor in (*_BINARY.items(), *_DECIMAL.items()):
        if text.endswith(suffix):
            return int(_number(text.removesuffix(suffix), quantity) * factor)
    if text.endswith("m"):
        return int(_number(text.removesuffix("m"), quantity) / 1000)
    return int(_number(text, quantity)) if text else 0


def nano_cpus_of(quantity: str) -> int:
    """``500m`` as billionths of a CPU; 0 where none is given."""
    text = str(quantity).strip()
    if text.endswith("m"):
        return int(_number(text.removesuffix("m"), quantity) * _NANO / 1000)
    return int(_number(text, quantity) * _NANO) if text else 0


def _number(text: str, quantity: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as wrong:
        raise EngineRefused(f"{quantity} is not a quantity.") from wrong
