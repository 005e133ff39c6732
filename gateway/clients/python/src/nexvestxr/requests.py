"""What was asked and not answered yet."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Protocol

from .errors import Message, NexVestXRError

#: How often what may be repeated is sent on one connection before it is given up.
ATTEMPTS = 3

# The rates that the client waits for by itself; what delays orders is for its user to decide.
_WAITED_FOR = frozenset(("MESSAGE_RATE", "ADDRESS_RATE"))
# Which commands a refusal for a rate holds back.
_BUDGETS = {
    "ORDER_RATE": re.compile(r"place_orders?|amend_order"),
    "CANCEL_RATE": re.compile(r"cancel_\w+|close_position|adjust_margin"),
}
_IS_REPEATABLE = re.compile(r"get_\w+|subscribe|unsubscribe|ping|connection_stats|cancel_orders?")
_LISTS = frozenset(("place_orders", "cancel_orders"))
_OF_CHANNELS = frozenset(("subscribe", "unsubscribe"))


class Rim(Protocol):
    """What requests need of the world."""

    timeout: float

    def send(self, message: Message) -> bool: ...

    def is_ready(self) -> bool: ...

    def messages_per_second(self) -> int: ...

    def can_authenticate(self) -> bool: ...


def name_of(order: Message) -> str | None:
    name = order.get("clientOrderId") or order.get("orderData", {}).get("clientOrderId")
    return name if isinstance(name, str) else None


def is_repeatable(message: Message) -> bool:
    """Whether doing it twice is the same as doing it once."""
    kind = message["type"]
    if kind == "place_order":
        return name_of(message) is not None
    if kind == "place_orders":
        return all(name_of(order) for order in message["orders"])
    return _IS_REPEATABLE.fullmatch(kind) is not None


@dataclass(eq=False)
class Request:
    id: str
    number: int
    kind: str
    build: Callable[[], Message]
    can_repeat: bool
    is_urgent: bool
    parts: int
    deadline: float
    future: asyncio.Future[Any]
    on_answer: Callable[[Message], None] | None
    answers: dict[int, Any] = field(default_factory=dict)
    is_sent: bool = False
    was_sent: bool = False
    timer: asyncio.TimerHandle | None = None


class Requests:
    """Sends in order, within the rate; ends every future."""

    def __init__(self, rim: Rim) -> None:
        self._rim = rim
        self._pending: dict[str, Request] = {}
        self._outbox: list[Request] = []
        self._sent_at: list[float] = []
        self._paused_until = 0.0
        self._holds: dict[str, tuple[float, Message]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._number = 0
        self.is_closed = False

    async def ask(
        self,
        build: Callable[[], Message],
        *,
        is_urgent: bool = False,
        on_answer: Callable[[Message], None] | None = None,
    ) -> Any:
        message = build()
        kind: str = message["type"]
        loop = asyncio.get_running_loop()
        now = loop.time()
        for rate, (until, error) in self._holds.items():
            if now < until and _BUDGETS[rate].fullmatch(kind):
                params = {**error.get("params", {}), "retryAfterMs": max(1, int((until - now) * 1000))}
                raise NexVestXRError({**error, "params": params, "requestType": kind})
        self._number += 1
        can_repeat = is_repeatable(message)
        request = Request(
            id=f"c{self._number}",
            number=self._number,
            kind=kind,
            build=build,
            can_repeat=can_repeat,
            is_urgent=is_urgent,
            parts=len(message["orders"]) if kind in _LISTS else 1,
            deadline=now + self._rim.timeout * (ATTEMPTS if can_repeat else 1),
            future=loop.create_future(),
            on_answer=on_answer,
        )
        if self.is_closed:
            raise self._error(request, "CLOSED")
        self._pending[request.id] = request
        self._queue(request)
        self._watch(request)
        self.pump()
        try:
            return await request.future
        finally:
            # Who waited may have been cancelled.
            self._end(request)

    def channels(self) -> list[Message]:
        """The channels that are being asked for."""
        asked = (it for it in self._pending.values() if it.kind == "subscribe")
        return [channel for request in asked for channel in request.build()["channels"]]

    def pump(self) -> None:
        """Sends what may go."""
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        can_go = self._rim.is_ready()
        for request in [it for it in self._outbox if can_go or it.is_urgent]:
            now = loop.time()
            self._sent_at = [then for then in self._sent_at if now - then < 1]
            # A tenth is left for pings and for clocks that do not agree.
            most = max(1, self._rim.messages_per_second() * 9 // 10)
            wait = self._paused_until - now
            if len(self._sent_at) >= most:
                wait = max(wait, self._sent_at[0] + 1 - now)
            if wait > 0:
                self._timer = loop.call_later(wait, self.pump)
                return
            if not self._rim.send({**request.build(), "requestId": request.id}):
                return
            self._outbox.remove(request)
            self._sent_at.append(now)
            request.is_sent = request.was_sent = True
            request.answers.clear()
            self._watch(request)

    def answer(self, message: Message) -> None:
        """Takes what may be the answer to something, or a part of it."""
        request = self._pending.get(str(message.get("requestId")))
        if request is None:
            return
        error: Message | None = message["error"] if message["type"] == "error" else None
        index = message.get("index")
        if error is not None:
            index = error.get("params", {}).get("index") if index is None else index
            if index is None and self._mend(request, error):
                return
            if error.get("reason") in _BUDGETS:
                wait = error.get("params", {}).get("retryAfterMs", 0) / 1000
                self._holds[error["reason"]] = (asyncio.get_running_loop().time() + wait, error)
        if index is None:
            self._end(request)
            if error is not None:
                self._fail(request, NexVestXRError(error))
                return
            if request.on_answer:
                request.on_answer(message)
            if request.kind in _OF_CHANNELS:
                message = {**message, "errors": [it for _, it in sorted(request.answers.items())]}
            self._succeed(request, message)
            return
        request.answers[index] = message if error is None else NexVestXRError(error)
        is_of_channels = request.kind in _OF_CHANNELS
        parts = len(request.build()["channels"]) if is_of_channels else request.parts
        if len(request.answers) < parts:
            return
        self._end(request)
        answers = [it for _, it in sorted(request.answers.items())]
        # Where no channel is good, the errors are the answer.
        if is_of_channels:
            self._fail(request, answers[0])
        else:
            self._succeed(request, answers)

    def lost(self) -> None:
        """The connection is gone, and with it what was asked on it."""
        for request in list(self._pending.values()):
            if not request.is_sent:
                continue
            if request.can_repeat:
                self._queue(request)
            else:
                self._fail(request, self._error(request, "CONNECTION_LOST"))

    def close(self) -> None:
        """Nothing more is sent."""
        self.is_closed = True
        for request in list(self._pending.values()):
            self._fail(request, self._error(request, "CLOSED"))
        if self._timer:
            self._timer.cancel()

    def _queue(self, request: Request) -> None:
        request.is_sent = False
        if request not in self._outbox:
            self._outbox.append(request)
            self._outbox.sort(key=lambda it: it.number)

    def _watch(self, request: Request) -> None:
        """Looks again when its answer is late."""
        if request.timer:
            request.timer.cancel()
        loop = asyncio.get_running_loop()
        left = request.deadline - loop.time()
        wait = min(left, self._rim.timeout) if request.is_sent else left
        request.timer = loop.call_later(max(0, wait), self._late, request)

    def _late(self, request: Request) -> None:
        if asyncio.get_running_loop().time() >= request.deadline:
            self._fail(request, self._error(request, "TIMEOUT"))
            return
        self._queue(request)
        self._watch(request)
        self.pump()

    def _mend(self, request: Request, error: Message) -> bool:
        """Whether it will be sent again by itself: it was refused as a whole, and had no effect."""
        wait = error.get("params", {}).get("retryAfterMs", 0) / 1000
        until = asyncio.get_running_loop().time() + wait
        if error.get("reason") in _WAITED_FOR and until < request.deadline:
            self._paused_until = max(self._paused_until, until)
        elif error["code"] != "AUTH_REQUIRED" or not self._rim.can_authenticate():
            return False
        self._queue(request)
        self.pump()
        return True

    def _end(self, request: Request) -> None:
        if request.timer:
            request.timer.cancel()
        self._pending.pop(request.id, None)
        if request in self._outbox:
            self._outbox.remove(request)

    def _succeed(self, request: Request, answer: Any) -> None:
        if not request.future.done():
            request.future.set_result(answer)

    def _fail(self, request: Request, error: NexVestXRError) -> None:
        self._end(request)
        if not request.future.done():
            request.future.set_exception(error)

    def _error(self, request: Request, code: str) -> NexVestXRError:
        why = "no answer in time" if code == "TIMEOUT" else "the connection is gone"
        return NexVestXRError(
            {
                "code": code,
                "reason": "OUTCOME_UNKNOWN" if request.was_sent else "NOT_SENT",
                "message": f"{request.kind}: {why}",
                "requestType": request.kind,
                "clientOrderId": name_of(request.build()),
            }
        )
