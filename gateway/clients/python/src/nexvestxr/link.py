"""One connection after another: opened, watched, and opened again with full jitter."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Callable, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from .errors import Message

#: A connection that held this long was a good one: the next wait begins small again.
GOOD_AFTER = 5.0
#: An answer may be long: all open orders in one message.
MAX_MESSAGE_BYTES = 1 << 26


@dataclass(frozen=True)
class LinkSettings:
    uri: str
    random: Callable[[], float]
    connect_timeout: float
    heartbeat: float
    stale_after: float
    backoff_min: float
    backoff_max: float


class LinkEvents(Protocol):
    def on_open(self) -> None: ...

    def on_text(self, text: str) -> None: ...

    def on_lost(self) -> None: ...

    def on_link_state(self, state: str, reason: str | None, retry_in: float | None) -> None: ...


class Link:
    def __init__(self, settings: LinkSettings, events: LinkEvents) -> None:
        self._settings = settings
        self._events = events
        self.websocket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._is_stale = False
        self._is_held = False
        self._attempts = 0
        self._opened_at = 0.0
        self._frame_at = 0.0
        self._endings: set[asyncio.Task[None]] = set()

    @property
    def is_compressed(self) -> bool:
        """Whether permessage-deflate was agreed on."""
        response = self.websocket.response if self.websocket else None
        agreed = response.headers.get("Sec-WebSocket-Extensions") if response else None
        return "permessage-deflate" in (agreed or "")

    def open(self) -> None:
        self._release()
        self._events.on_link_state("connecting", None, None)
        self._task = asyncio.get_running_loop().create_task(self._live())

    def send(self, message: Message) -> bool:
        """Whether it is on its way."""
        if self.websocket is None:
            return False
        self._outgoing.put_nowait(json.dumps(message))
        return True

    def drop(self, reason: str, *, is_held: bool = False, at_once: bool = False) -> None:
        """Lets the connection go and opens another one later; one that is held, not before ``resume``."""
        settings, loop = self._settings, asyncio.get_running_loop()
        if self.websocket is not None and loop.time() - self._opened_at >= GOOD_AFTER:
            self._attempts = 0
        self._release()
        most = min(settings.backoff_max, settings.backoff_min * 2 ** min(self._attempts, 30))
        self._attempts += 1
        wait = 0.0 if at_once else settings.random() * most
        self._is_held = is_held
        if not is_held:
            self._timer = loop.call_later(wait, self.open)
        self._events.on_lost()
        self._events.on_link_state("waiting", reason, None if is_held else wait)

    def resume(self) -> None:
        """Opens again what was held."""
        if self._is_held:
            self.open()

    def close(self, reason: str | None = None) -> None:
        self._attempts = 0
        self._release(is_polite=True)
        self._events.on_lost()
        self._events.on_link_state("closed", reason, None)

    async def closed(self) -> None:
        """Waits until the other side was told."""
        await asyncio.gather(*self._endings, return_exceptions=True)

    def _release(self, *, is_polite: bool = False) -> None:
        """Hears no more of the connection: a close that is not answered may take its time."""
        if self._timer:
            self._timer.cancel()
        task, self._task = self._task, None
        websocket, self.websocket = self.websocket, None
        self._is_stale = self._is_held = False
        self._outgoing = asyncio.Queue()
        if task is not None:
            task.cancel()
        if websocket is None:
            return
        if is_polite:
            ending = asyncio.get_running_loop().create_task(websocket.close(1000))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        else:
            websocket.transport.abort()

    async def _live(self) -> None:
        settings, loop = self._settings, asyncio.get_running_loop()
        try:
            websocket = await connect(
                settings.uri,
                open_timeout=settings.connect_timeout,
                close_timeout=1,
                max_size=MAX_MESSAGE_BYTES,
                # The heartbeat below sees what pings see, and an exchange that hangs as well.
                ping_interval=None,
            )
        except (OSError, WebSocketException, TimeoutError, asyncio.TimeoutError) as error:
            is_late = isinstance(error, (TimeoutError, asyncio.TimeoutError))
            self.drop("CONNECT_TIMEOUT" if is_late else "CLOSED_1006")
            return
        self.websocket = websocket
        self._opened_at = self._frame_at = loop.time()
        writer = loop.create_task(self._write(websocket, self._outgoing))
        self._beat()
        self._events.on_open()
        try:
            async for text in websocket:
                self._frame_at = loop.time()
                if self._is_stale:
                    self._is_stale = False
                    self._events.on_link_state("fresh", None, None)
                if isinstance(text, str):
                    self._events.on_text(text)
                # What that led to comes first; and a connection that was let go ends here.
                await asyncio.sleep(0)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
        if self.websocket is websocket:
            self.drop(f"CLOSED_{websocket.close_code or 1006}")

    @staticmethod
    async def _write(websocket: ClientConnection, outgoing: asyncio.Queue[str]) -> None:
        try:
            while True:
                await websocket.send(await outgoing.get())
        except ConnectionClosed:
            # The reader sees it too.
            pass

    def _beat(self) -> None:
        """Asks for a sign of life, and counts how long there was none."""
        settings, loop = self._settings, asyncio.get_running_loop()
        quiet = loop.time() - self._frame_at
        if self._is_stale and quiet >= settings.stale_after + settings.heartbeat:
            self.drop("STALE")
            return
        if not self._is_stale and quiet >= settings.stale_after:
            self._is_stale = True
            self._events.on_link_state("stale", "NO_FRAMES", None)
        self.send({"type": "ping", "requestId": f"p{int(loop.time() * 1_000_000)}"})
        self._timer = loop.call_later(settings.heartbeat, self._beat)


def read(text: str) -> Message | None:
    """A message, or nothing where it is none."""
    try:
        message: Any = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None
