"""Frames, written down one a line as the exchange heard and said them, for the test that runs this to
hold against `asyncapi.yaml`. A proxy of the tests is no client: what it passes on has been written down
at the client that sent it, and at the proxy's own connection that received it."""

from __future__ import annotations

import json
import os
from typing import Any, Callable

from websockets.asyncio.client import ClientConnection

FRAMES = os.environ.get("FRAMES")
#: Ports behind which messages are changed or lost on their way.
relays: set[int] = set()
#: What is expected of messages that are sent badly on purpose.
_bad: list[Callable[[dict[str, Any]], bool]] = []


def sends_bad(is_this: Callable[[dict[str, Any]], bool]) -> None:
    """The next message that is sent and is this one is bad: the document must not allow it."""
    _bad.append(is_this)


def _is_bad(text: str) -> bool:
    found = next((it for it in _bad if it(json.loads(text))), None)
    if found is not None:
        _bad.remove(found)
    return found is not None


def _record(way: str, text: str) -> None:
    """As it stood on the wire, so that digits and doubled members are kept."""
    if FRAMES:
        mark = ',"bad":true' if way == "sent" and _is_bad(text) else ""
        with open(FRAMES, "a", encoding="utf-8") as file:
            file.write(f'{{"{way}":{text}{mark}}}\n')


_recv, _send = ClientConnection.recv, ClientConnection.send


async def _recording_recv(self: ClientConnection, *rest: Any, **named: Any) -> Any:
    text = await _recv(self, *rest, **named)
    if self.remote_address[1] not in relays:
        _record("received", text)
    return text


async def _recording_send(self: ClientConnection, message: Any, *rest: Any, **named: Any) -> None:
    if not getattr(self, "is_relay", False):
        _record("sent", message)
    await _send(self, message, *rest, **named)


ClientConnection.recv, ClientConnection.send = _recording_recv, _recording_send  # type: ignore[method-assign]
