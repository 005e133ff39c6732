"""The gateway as a process of its own, and what stands between a client and it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Awaitable, Callable

import frames
import websockets
from nexvestxr import NexVestXRWebSocket

PAIR = "LUXURY001/XRP"
GATEWAY = os.environ["GATEWAY"]
SCRATCH = Path(os.environ["SCRATCH"])
#: The configuration that the tests in JavaScript run with, too.
CONFIG = Path(os.environ["CONFIG"]).read_text()


class Exchange:
    """Started, killed and started again over one folder."""

    @staticmethod
    async def start(*, is_demo: bool = False, **limits: int) -> Exchange:
        SCRATCH.mkdir(parents=True, exist_ok=True)
        exchange = Exchange()
        exchange.is_demo = is_demo
        exchange.folder = Path(tempfile.mkdtemp(dir=SCRATCH))
        exchange.file = exchange.folder / "gateway.toml"
        lines = "\n".join(f"{key} = {value}" for key, value in limits.items())
        text = CONFIG.replace("DATA_DIR", str(exchange.folder / "data")).replace("# LIMITS", lines)
        exchange.file.write_text(text)
        await exchange.begin()
        return exchange

    async def begin(self) -> None:
        data = str(self.folder / "data")
        demo = ["demo", "--quiet-market", "--port", "0", "--admin-port", "0", "--data-dir", data]
        arguments = demo if self.is_demo else ["serve", "--config", str(self.file)]
        self.process = await asyncio.create_subprocess_exec(
            GATEWAY, *arguments, stdout=subprocess.PIPE, env={**os.environ, "RUST_LOG": "error"}
        )
        while True:
            line = (await self.process.stdout.readline()).decode()
            assert line, "the gateway ended"
            found = re.search(r"ws://[0-9.]+:([0-9]+)", line)
            if found:
                self.uri, self.port = found[0], int(found[1])
                return

    async def kill(self) -> None:
        """As a crash would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def token(self, user: str, ttl: str = "1h") -> str:
        whose = ["--demo"] if self.is_demo else ["--config", str(self.file)]
        command = [GATEWAY, "token", *whose, "--user", user, "--ttl", ttl]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    async def remove(self) -> None:
        await self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class ByteProxy:
    """Knows nothing of what it passes on; cuts it somewhere."""

    @staticmethod
    async def start(port: Callable[[], int]) -> ByteProxy:
        proxy = ByteProxy()
        proxy.port = port
        proxy.left = float("inf")
        proxy.is_silent = False
        #: How long the next bytes are held up, in seconds.
        proxy.delay: Callable[[], float] = lambda: 0.0
        proxy.writers: set[asyncio.StreamWriter] = set()
        proxy.server = await asyncio.start_server(proxy.lead, "127.0.0.1", 0)
        proxy.uri = f"ws://127.0.0.1:{proxy.server.sockets[0].getsockname()[1]}"
        return proxy

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.port())
        except OSError:
            writer.transport.abort()
            return
        both = {writer, server_writer}
        self.writers |= both
        ways = [self.pump(reader, server_writer, False), self.pump(server_reader, writer, True)]
        await asyncio.gather(*ways)
        self.writers -= both

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_down: bool) -> None:
        try:
            while chunk := await reader.read(65536):
                if self.is_silent:
                    continue
                if (wait := self.delay()) > 0:
                    await asyncio.sleep(wait)
                if is_down:
                    self.left -= len(chunk)
                    if self.left <= 0:
                        # In the middle of a frame, wherever that is.
                        writer.write(chunk[: int(len(chunk) + self.left)])
                        await writer.drain()
                        self.left = float("inf")
                        self.cut()
                        return
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()

    def cut(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()

    def close(self) -> None:
        self.cut()
        self.server.close()


Change = Callable[[dict[str, Any]], "dict[str, Any] | None"]


class MessageProxy:
    """Each message may be dropped or changed on its way."""

    @staticmethod
    async def start(exchange: Exchange) -> MessageProxy:
        proxy = MessageProxy()
        proxy.exchange = exchange
        proxy.up: Change = lambda message: message
        proxy.down: Change = lambda message: message
        proxy.server = await websockets.serve(proxy.lead, "127.0.0.1", 0)
        port = proxy.server.sockets[0].getsockname()[1]
        proxy.uri = f"ws://127.0.0.1:{port}"
        frames.relays.add(port)
        return proxy

    async def lead(self, client: Any) -> None:
        async with websockets.connect(self.exchange.uri) as server:
            server.is_relay = True

            async def pass_on(source: Any, sink: Any, change: Callable[[], Change]) -> None:
                try:
                    async for text in source:
                        message = change()(json.loads(text))
                        if message is not None:
                            await sink.send(json.dumps(message))
                except websockets.ConnectionClosed:
                    pass
                finally:
                    await sink.close(source.close_code if source.close_code in range(1000, 1005) else 1011)

            await asyncio.gather(
                pass_on(client, server, lambda: self.up), pass_on(server, client, lambda: self.down)
            )

    def cut(self) -> None:
        for client in self.server.connections:
            client.transport.abort()

    def close(self) -> None:
        self.cut()
        self.server.close()


async def event(
    client: NexVestXRWebSocket, kind: str, is_wanted: Callable[[Any], bool] = lambda _: True
) -> Any:
    """The first of a kind that is as wanted, from now on."""
    found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    end = client.on(kind, lambda it: found.set_result(it) if is_wanted(it) and not found.done() else None)
    try:
        return await asyncio.wait_for(found, 20)
    finally:
        end()


def soon(work: Awaitable[Any]) -> asyncio.Task[Any]:
    """Begun before what comes next."""
    return asyncio.ensure_future(work)


async def until(client: NexVestXRWebSocket, kinds: str, holds: Callable[[], bool]) -> None:
    """Until a condition holds that only events of these kinds can bring about."""
    if holds():
        return
    done = asyncio.Event()
    ends = [client.on(kind, lambda _: done.set() if holds() else None) for kind in kinds.split()]
    try:
        await asyncio.wait_for(done.wait(), 20)
    finally:
        for end in ends:
            end()
