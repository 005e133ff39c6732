"""Order books from their snapshots and deltas."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict
from zlib import crc32

from .errors import Message

#: How many levels a side the checksum covers.
CHECKED = 10


class Level(TypedDict):
    price: str
    amount: str
    total: str


@dataclass(frozen=True)
class BookView:
    """What a book shows at one moment."""

    pair: str
    #: Best first, as ``asks``.
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    sequence: int = 0
    #: Of the whole book.
    spread: str | None = None
    #: Whether the last message's checksum is that of these levels.
    checksum_ok: bool = False
    #: Whether it waits for a snapshot: it was right once, and may be no more.
    stale: bool = True


def checksum(bids: tuple[Level, ...], asks: tuple[Level, ...]) -> int:
    levels = bids[:CHECKED] + asks[:CHECKED]
    return crc32(":".join(f"{level['price']}:{level['amount']}" for level in levels).encode())


def _change(levels: tuple[Level, ...], changes: list[Level], order: int) -> tuple[Level, ...]:
    """``order`` is 1 where the lowest price is best, and -1 where the highest is."""
    changed = list(levels)
    keys = [order * Decimal(level["price"]) for level in changed]
    for level in changes:
        key = order * Decimal(level["price"])
        at = bisect_left(keys, key)
        is_there = at < len(keys) and keys[at] == key
        if Decimal(level["amount"]) == 0:
            if is_there:
                del keys[at], changed[at]
        elif is_there:
            changed[at] = level
        else:
            keys.insert(at, key)
            changed.insert(at, level)
    return tuple(changed)


class OrderBook:
    """One pair's book; every message's link and checksum are checked."""

    def __init__(self, pair: str) -> None:
        self.view = BookView(pair)

    def lose(self) -> None:
        """From here on only a snapshot counts."""
        if not self.view.stale:
            self.view = replace(self.view, stale=True)

    def apply(self, data: Message) -> str:
        """``applied``, ``ignored``, or what shows that something is missing: ``sequence`` or ``checksum``."""
        view = self.view
        kind = data.get("kind")
        if kind in ("delta", "full"):
            if view.stale:
                return "ignored"
            if data.get("previousSequence") != view.sequence:
                self.lose()
                return "sequence"
        if kind == "delta":
            bids = _change(view.bids, data["bids"], -1)
            asks = _change(view.asks, data["asks"], 1)
        else:
            bids, asks = tuple(data["bids"]), tuple(data["asks"])
        is_right = "checksum" not in data or data["checksum"] == checksum(bids, asks)
        self.view = BookView(view.pair, bids, asks, data["sequence"], data["spread"], is_right, not is_right)
        return "applied" if is_right else "checksum"
