"""Decimals as the exchange writes them: strings in, strings out, :class:`decimal.Decimal` between.

The sums are exact: they are done with as many digits as they take, whatever the thread's context
says.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Context, Decimal

__all__ = ["ROUND_DOWN", "ROUND_HALF_EVEN", "ROUND_UP", "add", "compare", "is_decimal", "is_multiple_of", "multiply", "parse", "sign", "subtract", "to_scale"]

_FORM = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
# More digits than the longest message has.
_EXACT = Context(prec=200_000, Emax=999_999, Emin=-999_999)


def is_decimal(text: object) -> bool:
    """Whether it is a decimal that these functions read."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None


def parse(text: str) -> Decimal:
    """The number, with the digits that it is written with."""
    if not is_decimal(text):
        raise ValueError(f"not a decimal: {text!r}")
    return Decimal(text)


def _print(number: Decimal) -> str:
    return format(number, "f")


def compare(left: str, right: str) -> int:
    """-1, 0 or 1; the numbers count: ``1.0`` and ``1.00`` are equal."""
    a, b = parse(left), parse(right)
    return (a > b) - (a < b)


def add(left: str, right: str) -> str:
    return _print(_EXACT.add(parse(left), parse(right)))


def subtract(left: str, right: str) -> str:
    return _print(_EXACT.subtract(parse(left), parse(right)))


def multiply(left: str, right: str) -> str:
    """Exact: the scales add up. :func:`to_scale` shortens it."""
    return _print(_EXACT.multiply(parse(left), parse(right)))


def to_scale(text: str, scale: int, rounding: str = ROUND_HALF_EVEN) -> str:
    """The number with ``scale`` digits behind the point."""
    if scale < 0:
        raise ValueError(f"not a scale: {scale}")
    step = Decimal(1).scaleb(-scale)
    return _print(parse(text).quantize(step, rounding=rounding, context=_EXACT))


def is_multiple_of(text: str, step: str) -> bool:
    """Whether a price is on its tick, an amount on its lot."""
    size = parse(step)
    if size <= 0:
        raise ValueError(f"not a step: {step!r}")
    return _EXACT.remainder(parse(text), size) == 0


def sign(text: str) -> int:
    return compare(text, "0")
