"""Messages for one reader who takes its time."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable

from .errors import Message


def _position(message: Message) -> str | None:
    # A change of a position is told once; only a new mark price may replace another.
    data = message["data"]
    return None if "reason" in data else data["positionId"]


# What a newer message of may stand for an older one, and what it is about. Everything else is
# never dropped.
_CONFLATED: dict[str, Callable[[Any], str | None]] = {
    "book": lambda view: str(view.pair),
    "price_update": lambda message: str(message["data"]["symbol"]),
    "portfolio_update": lambda message: "",
    "connection_stats": lambda message: "",
    "pong": lambda message: "",
    "state": lambda message: "",
    "position_update": _position,
}


@dataclass
class _Place:
    value: Any
    is_kept: bool


class MessageStream:
    """An asynchronous iterator with a queue of a bounded length.

    What can be conflated is, and takes one place for each pair or symbol. What cannot be is kept;
    with ``limit`` of that waiting the connection is let go, and opened again when half of it was
    read: ``since`` brings what was missed meanwhile.
    """

    def __init__(
        self,
        kind: str,
        limit: int,
        on_full: Callable[[MessageStream], None],
        on_drained: Callable[[MessageStream], None],
        on_end: Callable[[MessageStream], None],
    ) -> None:
        self.kind = kind
        self.limit = limit
        self._on_full, self._on_drained, self._on_end = on_full, on_drained, on_end
        self._queue: deque[_Place] = deque()
        self._newest: dict[str, _Place] = {}
        self._kept = 0
        self._is_full = False
        self._is_ended = False
        self._bell = asyncio.Event()

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._queue)

    def push(self, value: Any) -> None:
        if self._is_ended:
            return
        key_of = _CONFLATED.get(self.kind)
        key = key_of(value) if key_of else None
        if key is not None and key in self._newest:
            self._newest[key].value = value
            return
        place = _Place(value, key is None)
        self._queue.append(place)
        self._bell.set()
        if key is not None:
            self._newest[key] = place
            return
        # Nothing newer may overtake it.
        self._newest.clear()
        self._kept += 1
        if self._kept >= self.limit and not self._is_full:
            self._is_full = True
            self._on_full(self)

    def __aiter__(self) -> MessageStream:
        return self

    async def __anext__(self) -> Any:
        while not self._queue:
            if self._is_ended:
                raise StopAsyncIteration
            self._bell.clear()
            await self._bell.wait()
        place = self._queue.popleft()
        self._newest = {key: it for key, it in self._newest.items() if it is not place}
        self._kept -= place.is_kept
        if self._is_full and self._kept <= self.limit // 2:
            self._is_full = False
            self._on_drained(self)
        return place.value

    def end(self) -> None:
        """Nothing more comes; what waits can still be read."""
        if self._is_ended:
            return
        self._is_ended = True
        self._bell.set()
        self._on_end(self)
