"""One session with the exchange over as many connections as it takes."""

from __future__ import annotations

import asyncio
import inspect
import random as random_module
import re
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Iterable, Mapping, Union

from websockets.asyncio.client import ClientConnection

from .book import BookView
from .errors import Message, NexVestXRError
from .link import Link, LinkSettings, read
from .requests import Requests
from .stream import MessageStream
from .view import View

#: A string, or a function that is asked for a new one before the old one ends.
Token = Union[str, Callable[[], Union[str, Awaitable[str]]]]
#: An order's id, or either of its names.
OrderReference = Union[str, Mapping[str, str]]
Handler = Callable[[Any], None]

# The rate before the exchange has told which one is in force.
_MESSAGES_PER_SECOND = 50
# A token is renewed this long before it ends, or when four fifths of a short life are over.
_RENEWED_BEFORE = 60.0
# A book that keeps being wrong is asked for again so often.
_RESUBSCRIBED_EVERY = 1.0
_PRIVATE = frozenset(("orders", "positions", "portfolio", "margin_calls"))
# How many channels one message may name.
_MOST_CHANNELS = 100


def _key(channel: Message) -> str:
    return f"{channel.get('type')}:{channel.get('pair') or channel.get('symbol') or ''}"


def _name(order: OrderReference) -> Message:
    return {"orderId": order} if isinstance(order, str) else dict(order)


def _named(order_data: Mapping[str, Any], name: str | None = None) -> Message:
    """An order under a name of its own."""
    name = name or order_data.get("clientOrderId") or f"c-{secrets.token_hex(12)}"
    return {**order_data, "clientOrderId": name}


@dataclass
class Stats:
    latency_ms: float | None = None
    messages_received: int = 0
    messages_sent: int = 0
    reconnects: int = 0
    sequence_gaps: int = 0
    compressed: bool = False


class NexVestXRWebSocket:
    """The exchange: connected from ``connect`` to ``close``, whatever happens to connections.

    Handlers of :meth:`on` and streams get each message of the wire under its type, once, whatever
    was sent twice. Beside them there are ``state``, ``message`` (all of the wire, repetitions
    too), ``book``, ``fill``, ``orders`` (the open orders were told anew), ``gap`` and ``error``.
    Times are in seconds.
    """

    def __init__(
        self,
        token: Token | None = None,
        uri: str = "wss://api.nexvestxr.com/ws",
        *,
        options: Message | None = None,
        request_timeout: float = 10.0,
        connect_timeout: float = 10.0,
        heartbeat: float = 5.0,
        stale_after: float = 12.0,
        backoff_min: float = 0.5,
        backoff_max: float = 30.0,
        limit: int = 1000,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        """``options`` are those of ``authenticate``; ``limit`` is how many messages may wait for
        the callback of :meth:`listen`."""
        self.token = token
        self.uri = uri
        self.options = options
        self.state = "idle"
        self.session: Message | None = None
        self.stats = Stats()
        self.timeout = request_timeout
        self._view = View()
        self._link = Link(
            LinkSettings(uri, random, connect_timeout, heartbeat, stale_after, backoff_min, backoff_max),
            self,
        )
        self._requests = Requests(self)
        self._limit = limit
        self._channels: dict[str, Message] = {}
        self._handlers: dict[str, list[Handler]] = {}
        self._streams: list[MessageStream] = []
        self._full: set[MessageStream] = set()
        # What came before somebody listened.
        self._early: deque[Message] = deque(maxlen=limit)
        self._mended: dict[str, float] = {}
        self._user: str | None = None
        # Counts connections and logins, so that what belongs to an earlier one is known.
        self._login = 0
        self._asked: asyncio.Future[str] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._farewell: str | None = None
        self._end_reason: str | None = None
        # Whether the connection has had a session, and whether it has one.
        self._was_ready = False
        self._is_ready = False
        self._tasks: set[asyncio.Task[None]] = set()

    # Connecting

    async def connect(self) -> None:
        """Returns when the session stands, however many connections that takes.

        Raises the exchange's refusal where the token is a string that it does not take.
        """
        states = self.stream("state")
        if self.state in ("idle", "closed"):
            self._open()
        try:
            while self.state != "ready":
                if self.state == "closed":
                    reason = self._end_reason or "CLOSED"
                    code = "AUTH_FAILED" if self._end_reason else "CLOSED"
                    raise NexVestXRError({"code": code, "reason": reason})
                await states.__anext__()
        finally:
            states.end()

    def _open(self) -> None:
        self._requests.is_closed = False
        self._end_reason = None
        self._link.open()

    async def close(self) -> None:
        """Ends the connection; what is under way fails with ``CLOSED``."""
        self._end(None)
        for stream in list(self._streams):
            stream.end()
        await self._link.closed()

    async def __aenter__(self) -> NexVestXRWebSocket:
        await self.connect()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def set_token(self, token: Token) -> None:
        """From here on another token; a string is shown at once, a function is asked."""
        self.token = token
        self._asked = None
        if self.state == "authenticating" or self._is_ready:
            self._spawn(self._authenticate())
        elif self.state == "closed":
            self._open()

    # What is known

    @property
    def websocket(self) -> ClientConnection | None:
        """The connection of now, if there is one."""
        return self._link.websocket

    @property
    def subscriptions(self) -> list[Message]:
        """The channels that are held, and asked for again after a lost connection."""
        return list(self._channels.values())

    @property
    def orders(self) -> dict[str, Message]:
        """Open orders by id."""
        return self._view.orders

    @property
    def positions(self) -> dict[str, Message]:
        """Open positions by id."""
        return self._view.positions

    @property
    def margin_calls(self) -> dict[str, Message]:
        """Margin calls in force, by position."""
        return self._view.margin_calls

    @property
    def balances(self) -> dict[str, Message]:
        """By asset, after ``get_balances`` or with the channel ``portfolio``."""
        return self._view.balances

    @property
    def prices(self) -> dict[str, Message]:
        """By symbol."""
        return self._view.prices

    @property
    def portfolio(self) -> Message | None:
        return self._view.portfolio

    @property
    def opportunities(self) -> dict[str, Message]:
        """Open arbitrage opportunities by id."""
        return self._view.opportunities

    @property
    def alerts(self) -> dict[str, Message]:
        """Risk alerts in force by id; one with an ``endsAt`` is over then."""
        return self._view.alerts

    def trades(self, pair: str) -> list[Message]:
        """The last trades of a pair, oldest first."""
        return self._view.trades.get(pair, [])

    def book(self, pair: str) -> BookView:
        """A pair's book; another object after each change."""
        return self._view.book(pair).view

    # Listening

    def on(self, kind: str, handler: Handler) -> Callable[[], None]:
        """Calls ``handler`` with each message of this type; gives what ends that."""
        handlers = self._handlers.setdefault(kind, [])
        handlers.append(handler)
        return lambda: handlers.remove(handler) if handler in handlers else None

    def stream(self, kind: str, *, limit: int = 1000) -> MessageStream:
        """Messages for one reader at its own pace; ``book`` gives the newest view of each pair.

        ``limit`` is how many of those that are never dropped may wait.
        """

        def on_full(stream: MessageStream) -> None:
            self._full.add(stream)
            self._link.drop("SLOW_CONSUMER", is_held=True)

        def on_end(stream: MessageStream) -> None:
            self._streams.remove(stream)
            self._drained(stream)

        stream = MessageStream(kind, limit, on_full, self._drained, on_end)
        self._streams.append(stream)
        return stream

    async def listen(self, callback: Callable[[Message], Awaitable[None]]) -> None:
        """Awaits ``callback`` with every message of the wire, until ``close``.

        The newest of those that came before it listened come first.
        """
        stream = self.stream("message", limit=self._limit)
        early, self._early = self._early, deque(maxlen=0)
        try:
            for message in early:
                await callback(message)
            async for message in stream:
                await callback(message)
        finally:
            stream.end()

    # Asking

    async def subscribe(self, channels: Iterable[Message]) -> Message:
        """Holds channels from now on, over all connections.

        Raises where no entry is good; else ``errors`` of the answer has what was refused.
        """
        channels = list(channels)
        for channel in channels:
            self._channels[_key(channel)] = channel
        return await self._subscribe(channels)

    async def unsubscribe(self, channels: Iterable[Message]) -> Message:
        channels = list(channels)
        for channel in channels:
            self._channels.pop(_key(channel), None)
            if channel.get("type") == "orderbook" and "pair" in channel:
                self._view.book(channel["pair"]).lose()
        return await self._ask({"type": "unsubscribe", "channels": channels})

    async def place_order(
        self, order_type: str, order_data: Mapping[str, Any], *, client_order_id: str | None = None
    ) -> Message:
        """Places an order, once: under its ``clientOrderId``, which is made here where none is
        given, it is sent again when its answer was lost."""
        data = _named(order_data, client_order_id)
        return await self._ask({"type": "place_order", "orderType": order_type, "orderData": data})

    async def place_orders(self, orders: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Message | NexVestXRError]:
        """What became of each."""
        named = [{"orderType": kind, "orderData": _named(data)} for kind, data in orders]
        answers: list[Message | NexVestXRError] = await self._requests.ask(
            lambda: {"type": "place_orders", "orders": named}
        )
        return answers

    async def cancel_order(self, order: OrderReference) -> Message:
        return await self._ask({"type": "cancel_order", **_name(order)})

    async def cancel_orders(self, orders: Iterable[OrderReference]) -> list[Message | NexVestXRError]:
        """What became of each."""
        named = [_name(order) for order in orders]
        answers: list[Message | NexVestXRError] = await self._requests.ask(
            lambda: {"type": "cancel_orders", "orders": named}
        )
        return answers

    async def amend_order(
        self, order: OrderReference, *, price: str | None = None, amount: str | None = None
    ) -> Message:
        changes = {"price": price, "amount": amount}
        given = {key: value for key, value in changes.items() if value is not None}
        return await self._ask({"type": "amend_order", **_name(order), **given})

    async def cancel_all(self, *, pair: str | None = None, side: str | None = None) -> Message:
        return await self._ask({"type": "cancel_all", "pair": pair, "side": side})

    async def cancel_all_after(self, timeout_ms: int) -> Message:
        """0 takes the switch back."""
        return await self._ask({"type": "cancel_all_after", "timeoutMs": timeout_ms})

    async def close_position(self, position_id: str, *, client_order_id: str | None = None) -> Message:
        message = {"type": "close_position", "positionId": position_id, "clientOrderId": client_order_id}
        return await self._ask(message)

    async def adjust_margin(self, position_id: str, amount: str) -> Message:
        """``amount`` is below zero to take out."""
        return await self._ask({"type": "adjust_margin", "positionId": position_id, "amount": amount})

    async def get_orders(self, **query: Any) -> Message:
        """One page: ``orders`` and ``nextAfter``."""
        return await self._result({"type": "get_orders", **query})

    async def get_order(self, order: OrderReference) -> Message:
        result: Message = (await self._result({"type": "get_order", **_name(order)}))["order"]
        return result

    async def get_fills(self, **query: Any) -> Message:
        """One page, oldest first: ``fills`` and ``nextAfter``."""
        return await self._result({"type": "get_fills", **query})

    async def get_balances(self) -> list[Message]:
        result: list[Message] = (await self._result({"type": "get_balances"}))["balances"]
        return result

    async def get_positions(self) -> list[Message]:
        result: list[Message] = (await self._result({"type": "get_positions"}))["positions"]
        return result

    async def get_instruments(self) -> list[Message]:
        result: list[Message] = (await self._result({"type": "get_instruments"}))["instruments"]
        return result

    async def get_time(self) -> int:
        return int((await self._result({"type": "get_time"}))["time"])

    async def request(self, message: Message) -> Any:
        """Any message; its ``requestId`` is the client's. Sent again only where that does no harm.

        Gives its answer; of a list, the answer to each.
        """
        return await self._requests.ask(lambda: message)

    async def _ask(self, message: Message) -> Message:
        answer: Message = await self._requests.ask(lambda: message)
        return answer

    async def _result(self, message: Message) -> Message:
        result: Message = (await self._ask(message))["result"]
        return result

    # What requests need

    def send(self, message: Message) -> bool:
        is_sent = self._link.send(message)
        self.stats.messages_sent += is_sent
        return is_sent

    def is_ready(self) -> bool:
        return self._is_ready

    def messages_per_second(self) -> int:
        return int(self.session["limits"]["messagesPerSecond"]) if self.session else _MESSAGES_PER_SECOND

    def can_authenticate(self) -> bool:
        return callable(self.token)

    # What the connection tells

    def on_link_state(self, state: str, reason: str | None, retry_in: float | None) -> None:
        if state == "connecting":
            self._farewell = None
        if state == "fresh":
            state = "ready" if self._is_ready else "authenticating"
        self._become(state, self._farewell or reason if reason else None, retry_in)

    def on_open(self) -> None:
        self.stats.compressed = self._link.is_compressed
        if self.token is None:
            self._on_ready(self.subscriptions)
        else:
            self._spawn(self._authenticate())

    def on_lost(self) -> None:
        self._login += 1
        self.stats.reconnects += self._was_ready
        self._was_ready = self._is_ready = False
        self.session = None
        self.stats.latency_ms = None
        if self._renewal:
            self._renewal.cancel()
        self._view.lose()
        self._requests.lost()

    def on_text(self, text: str) -> None:
        message = read(text)
        if message is None:
            self._link.drop("NOT_JSON")
            return
        self.stats.messages_received += 1
        self._early.append(message)
        self._say("message", message)
        self._requests.answer(message)
        kind = message["type"]
        if kind == "error":
            self._on_error(message)
        else:
            for said, detail in self._view.take(message):
                self._on_said(said, detail)
        if kind == "pong" and re.fullmatch(r"p[0-9]+", str(message.get("requestId"))):
            sent = int(message["requestId"][1:])
            self.stats.latency_ms = asyncio.get_running_loop().time() * 1000 - sent / 1000
        if kind == "notice" and message["data"]["category"] == "token_expiring":
            self._renew()

    # Sessions

    async def _authenticate(self) -> None:
        """Shows the token; on a session that stands it only moves its end."""
        self._login += 1
        login = self._login
        is_renewal = self.session is not None
        if not is_renewal:
            self._become("authenticating")
        try:
            token = await self._ask_token()
            if login != self._login:
                return
            message = {"type": "authenticate", "token": token, "options": self.options}
            await self._requests.ask(
                lambda: message,
                is_urgent=True,
                on_answer=lambda answer: self._on_session(answer, is_renewal),
            )
        except NexVestXRError as error:
            if login == self._login:
                self._say("error", error)
                # Without a new token the old one is good till its end.
                if not is_renewal or error.reason != "NO_TOKEN":
                    self._on_no_session(error)

    async def _ask_token(self) -> str | None:
        if not callable(self.token):
            return self.token
        # Asked once, whatever wants to know meanwhile.
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._provide(self.token))
        return await asyncio.shield(self._asked)

    @staticmethod
    async def _provide(provider: Callable[[], str | Awaitable[str]]) -> str:
        try:
            token = provider()
            return await token if inspect.isawaitable(token) else token
        except Exception as error:  # whatever the provider raises
            none = {"code": "AUTH_FAILED", "reason": "NO_TOKEN", "message": repr(error)}
            raise NexVestXRError(none) from error

    def _on_session(self, answer: Message, is_renewal: bool) -> None:
        data = answer["data"]
        if self._user not in (None, data["userId"]):
            self._view.forget_user()
        self._user = data["userId"]
        self.session = data
        left = (data["expiresAt"] - answer["timestamp"]) / 1000
        if self._renewal:
            self._renewal.cancel()
        wait = left - min(_RENEWED_BEFORE, left / 5)
        self._renewal = asyncio.get_running_loop().call_later(wait, self._renew)
        if is_renewal:
            return
        held = self.subscriptions
        self._on_ready([it for it in held if it.get("type") in _PRIVATE] if self._was_ready else held)

    def _on_no_session(self, error: NexVestXRError) -> None:
        # The connection is another user's; a new one is nobody's.
        if error.reason == "OTHER_USER":
            self._link.drop(error.reason, at_once=True)
        elif error.code != "AUTH_FAILED":
            self._link.drop("TIMEOUT" if error.code == "TIMEOUT" else error.reason)
        elif callable(self.token):
            self._link.drop(error.reason)
        else:
            self._end(error.reason)

    def _renew(self) -> None:
        if callable(self.token) and self.session:
            self._spawn(self._authenticate())

    def _on_ready(self, channels: list[Message]) -> None:
        """The session stands; ``channels`` are to be asked for."""
        self._was_ready = self._is_ready = True
        asked = {_key(channel) for channel in self._requests.channels()}
        self._become("ready")
        self._again([channel for channel in channels if _key(channel) not in asked])
        self._requests.pump()

    def _end(self, reason: str | None) -> None:
        self._end_reason = reason
        self._link.close(reason)
        self._requests.close()

    def _on_error(self, message: Message) -> None:
        error = message["error"]
        if error["code"] == "AUTH_FAILED" or error["reason"] == "CONNECTION_LIMIT":
            self._farewell = error["reason"]
        if "requestId" in message:
            return
        self._say("error", NexVestXRError(error))
        if error["reason"] != "TOKEN_EXPIRED" or not self.session:
            return
        # The connection stays; what is private waits for a new token.
        self.session = None
        self._is_ready = False
        self._farewell = None
        if callable(self.token):
            self._spawn(self._authenticate())
        else:
            self._become("authenticating", "TOKEN_EXPIRED")

    # Channels

    def _again(self, channels: list[Message]) -> None:
        """Asks for channels that are held."""

        async def ask() -> None:
            try:
                for at in range(0, len(channels), _MOST_CHANNELS):
                    await self._subscribe(channels[at : at + _MOST_CHANNELS])
            except NexVestXRError as error:
                self._say("error", error)
                # Without them the view would stand still, and nobody would know.
                if error.code == "TIMEOUT":
                    self._link.drop("TIMEOUT")

        if channels:
            self._spawn(ask())

    async def _subscribe(self, channels: list[Message]) -> Message:
        def refuse(error: NexVestXRError) -> None:
            index = error.params.get("index")
            if error.code == "INVALID_SUBSCRIPTION" or error.reason == "SUBSCRIPTION_LIMIT":
                for channel in channels if index is None else channels[index : index + 1]:
                    self._channels.pop(_key(channel), None)

        try:
            answer: Message = await self._requests.ask(
                lambda: {"type": "subscribe", "channels": [self._view.asked(it) for it in channels]},
                on_answer=lambda _: self._view.begin(channels),
            )
        except NexVestXRError as error:
            refuse(error)
            raise
        for refused in answer["errors"]:
            refuse(refused)
        return answer

    def _on_said(self, kind: str, detail: Any) -> None:
        if kind == "missed":
            self._spawn(self._fetch_fills(detail["after"], detail["up_to"]))
            return
        self._say(kind, detail)
        if kind != "gap":
            return
        self.stats.sequence_gaps += 1
        if detail["channel"] == "orderbook":
            self._mend(detail["pair"])
        elif detail["channel"] == "orders":
            self._again([it for it in self.subscriptions if it["type"] in ("orders", "positions")])

    def _mend(self, pair: str) -> None:
        """Asks for a book again, but not as fast as it can be wrong."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        at = max(now, self._mended.get(pair, now - _RESUBSCRIBED_EVERY) + _RESUBSCRIBED_EVERY)
        self._mended[pair] = at

        def again() -> None:
            channel = self._channels.get(f"orderbook:{pair}")
            if channel and self._is_ready and self.book(pair).stale:
                self._again([channel])

        if at <= now:
            again()
        else:
            loop.call_later(at - now, again)

    async def _fetch_fills(self, after: int | None, up_to: int) -> None:
        """The stream does not go on where it ended: asks for the fills between."""
        try:
            while after is not None and after < up_to:
                page = await self.get_fills(after=after)
                for fill in page["fills"]:
                    if fill["userSequence"] <= up_to:
                        self._say("fill", fill)
                after = page["nextAfter"]
        except NexVestXRError as error:
            self._say("error", error)

    # Telling

    def _become(self, state: str, reason: str | None = None, retry_in: float | None = None) -> None:
        self.state = state
        self._say("state", {"state": state, "reason": reason, "retryIn": retry_in})

    def _say(self, kind: str, detail: Any) -> None:
        for stream in list(self._streams):
            if stream.kind == kind:
                stream.push(self.book(detail["pair"]) if kind == "book" else detail)
        for handler in list(self._handlers.get(kind, ())):
            try:
                handler(detail)
            except Exception as error:  # a handler's fault must not end the session
                context = {"message": f"a handler of {kind} failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    def _drained(self, stream: MessageStream) -> None:
        if stream in self._full:
            self._full.remove(stream)
            if not self._full:
                self._link.resume()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
