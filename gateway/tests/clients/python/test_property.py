"""Promise: over cuts in the middle of frames, crashes and restarts of the exchange, what a client
folded is what the exchange says: nothing missed, nothing twice, no order doubled."""

from __future__ import annotations

import asyncio
import os
import random
import unittest
from dataclasses import replace
from typing import Any

from exchange import PAIR, ByteProxy, Exchange, event, soon, until
from nexvestxr import NexVestXRError, NexVestXRWebSocket, decimals

CHANNELS = [
    {"type": "orders"},
    {"type": "positions"},
    {"type": "portfolio"},
    {"type": "trades", "pair": PAIR},
    {"type": "orderbook", "pair": PAIR, "depth": 50},
]
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "1").split()]
ROUNDS = 9
STEPS = 12
# What may become of a request when the connection is cut under it, or the market moved on.
EXPECTED = {"ORDER_FAILED", "ORDER_NOT_FOUND", "INSUFFICIENT_BALANCE", "CONNECTION_LOST", "TIMEOUT"}


class Trader:
    """A user with all that was told of it."""

    def __init__(self, user: str, uri: str, token: str, seed: int) -> None:
        self.user = user
        self.chance = random.Random(seed)
        self.fills: list[Any] = []
        self.trades: list[Any] = []
        self.updates: list[Any] = []
        self.placed: dict[str, str | None] = {}
        self.client = NexVestXRWebSocket(
            lambda: token, uri, backoff_min=0.01, backoff_max=0.2, random=self.chance.random
        )
        self.client.on("fill", self.fills.append)
        self.client.on("trade", lambda message: self.trades.append(message["data"]))
        self.client.on("order_update", lambda message: self.updates.append(message["data"]))

    async def step(self, number: int) -> None:
        """One request, and whatever comes of it."""
        chance, client = self.chance, self.client
        price, amount = (
            f"{units // 100}.{units % 100:02}"
            for units in (chance.randrange(99_950, 100_050), chance.randrange(1, 301))
        )
        some = chance.choice([*client.orders] or [""])
        side, name, what = chance.choice(["buy", "sell"]), f"{self.user}-{number}", chance.randrange(10)
        try:
            if what == 0 and some:
                await client.cancel_order(some)
            elif what == 1 and some:
                await client.amend_order(some, price=price)
            elif what == 2 and some:
                await client.amend_order(some, amount=amount)
            else:
                data = {"pair": PAIR, "side": side, "amount": amount, "selfTradePrevention": "cancel_maker"}
                if what != 3:
                    data["price"] = price
                if chance.randrange(5) == 0:
                    data["leverage"] = "3"
                self.placed[name] = None
                kind = "market" if what == 3 else "limit"
                answer = await client.place_order(kind, data, client_order_id=name)
                self.placed[name] = answer["result"]["orderId"]
        except NexVestXRError as error:
            assert error.code in EXPECTED, error
            if error.reason != "OUTCOME_UNKNOWN":
                self.placed.pop(name, None)

    async def pages(self, ask: Any, key: str, **query: Any) -> list[Any]:
        page = await ask(**query)
        found: list[Any] = page[key]
        while page["nextAfter"] is not None:
            page = await ask(after=page["nextAfter"], **query)
            found += page[key]
        return found


def without(rows: Any, *fields: str) -> list[Any]:
    return [{key: value for key, value in row.items() if key not in fields} for row in rows]


class Folded(unittest.IsolatedAsyncioTestCase):
    maxDiff = None

    async def test_a_view_is_the_exchange_s_whatever_happens_between(self) -> None:
        for seed in SEEDS:
            with self.subTest(seed=seed):
                await self.run_seed(seed)

    async def run_seed(self, seed: int) -> None:
        exchange = await Exchange.start()
        chance = random.Random(seed)
        proxy = await ByteProxy.start(lambda: exchange.port)
        proxy.delay = lambda: chance.randrange(20) / 1000 if chance.randrange(8) == 0 else 0.0
        users = ("alice", "bob", "carol")
        traders = [Trader(user, proxy.uri, exchange.token(user), seed * 10 + at) for at, user in enumerate(users)]
        try:
            for trader in traders:
                await trader.client.connect()
                await trader.client.subscribe(CHANNELS)
            number = 0
            for turn in range(ROUNDS):
                steps = []
                for _ in range(STEPS):
                    number += 1
                    steps.append(soon(chance.choice(traders).step(number)))
                    if chance.randrange(6) == 0:
                        # Somewhere in what comes next.
                        proxy.left = chance.randrange(3000)
                    if chance.randrange(3) == 0:
                        await steps[-1]
                if turn % 3 == 2:
                    await exchange.kill()
                    await exchange.begin()
                elif chance.randrange(2) == 0:
                    proxy.cut()
                await asyncio.gather(*steps)
            proxy.left = float("inf")
            proxy.delay = lambda: 0.0
            for trader in traders:
                await until(trader.client, "state", lambda: trader.client.state == "ready")
            # Each has asked once more: what the others did before is here.
            for trader in traders:
                await trader.client.get_time()
            for trader in traders:
                await self.check(trader)
            await self.check_books(exchange, traders)
            fills = sum(len(trader.fills) for trader in traders)
            cuts = sum(trader.client.stats.reconnects for trader in traders)
            print(f"seed {seed}: {number} requests, {fills} fills, {cuts} reconnects")
            self.assertGreater(fills, 20)
            self.assertGreater(cuts, 10)
        finally:
            for trader in traders:
                await trader.client.close()
            proxy.close()
            await exchange.remove()

    async def check(self, trader: Trader) -> None:
        client = trader.client
        told = ("userSequence", "timestamp")
        opened = await trader.pages(client.get_orders, "orders")
        orders = sorted(client.orders.values(), key=lambda it: int(it["orderId"][6:]))
        self.assertEqual(without(orders, *told), without(opened, *told))
        fills = await trader.pages(client.get_fills, "fills")
        self.assertEqual(without(trader.fills, *told), without(fills, *told))
        ended = await trader.pages(client.get_orders, "orders", status="finished")
        names = [it["clientOrderId"] for it in opened + ended]
        self.assertEqual(len(set(names)), len(names), "no order is doubled")
        ids = {it["orderId"] for it in opened + ended}
        self.assertLessEqual({it for it in trader.placed.values() if it}, ids, "what was placed is there")
        self.assertLessEqual(set(names), set(trader.placed), "what was refused was not placed")
        sequences = [it["userSequence"] for it in trader.updates]
        self.assertEqual(sequences, sorted(set(sequences)))

        def sizes(rows: Any) -> list[Any]:
            return [[it[key] for key in ("positionId", "side", "size", "margin")] for it in rows]

        self.assertEqual(sizes(client.positions.values()), sizes(await client.get_positions()))
        balances = {it["asset"]: it for it in await client.get_balances()}

        def is_told() -> bool:
            return client.portfolio is not None and all(
                decimals.compare(it[key], balances[it["symbol"]][key]) == 0
                for it in client.portfolio["positions"]
                for key in ("available", "held")
            )

        # The portfolio is told at most once a second.
        await until(client, "portfolio_update", is_told)

    async def check_books(self, exchange: Exchange, traders: list[Trader]) -> None:
        async with NexVestXRWebSocket(None, exchange.uri) as fresh:
            await fresh.subscribe([{"type": "orderbook", "pair": PAIR, "depth": 50}])
            await until(fresh, "book", lambda: not fresh.book(PAIR).stale)
            for trader in traders:
                await self.check_book(trader.client, fresh)
                told = [it["sequence"] for it in trader.trades]
                self.assertEqual(told, sorted(set(told)))

    async def check_book(self, client: NexVestXRWebSocket, fresh: NexVestXRWebSocket) -> None:
        def is_equal() -> bool:
            # An event that leaves the levels as they were has a sequence, but no message.
            book = fresh.book(PAIR)
            return replace(client.book(PAIR), sequence=book.sequence) == book

        # Each is told of the last tenth of a second at a moment of its own, the newcomer too.
        waits = [asyncio.ensure_future(until(it, "book", is_equal)) for it in (client, fresh)]
        done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for it in others:
            it.cancel()
        try:
            for it in done:
                await it
        except asyncio.TimeoutError:
            self.assertEqual((client.state, client.book(PAIR)), ("ready", fresh.book(PAIR)))
        self.assertLessEqual(client.book(PAIR).sequence, fresh.book(PAIR).sequence)

    async def test_fills_that_the_exchange_does_not_replay_any_more_are_fetched(self) -> None:
        exchange = await Exchange.start(replay_events=5)
        proxy = await ByteProxy.start(lambda: exchange.port)
        alice = NexVestXRWebSocket(exchange.token("alice"), proxy.uri, backoff_min=0.01)
        bob = NexVestXRWebSocket(exchange.token("bob"), exchange.uri)
        fills: list[str] = []
        alice.on("fill", lambda fill: fills.append(fill["amount"]))
        async with alice, bob:
            await alice.subscribe([{"type": "orders"}])
            await alice.place_order("limit", {"pair": PAIR, "side": "buy", "price": "1000.00", "amount": "10.00"})
            # Away while it is filled forty times.
            proxy.port = lambda: 1
            gone = soon(event(alice, "state", lambda it: it["state"] == "waiting"))
            await asyncio.sleep(0)
            proxy.cut()
            await gone
            amounts = [f"0.{number:02}" for number in range(1, 41)]
            for amount in amounts:
                await bob.place_order("market", {"pair": PAIR, "side": "sell", "amount": amount})
            proxy.port = lambda: exchange.port
            snapshot = await event(alice, "orders_snapshot")
            self.assertIs(snapshot["data"]["resumed"], False)
            await until(alice, "fill", lambda: len(fills) >= len(amounts))
            await alice.get_time()
            self.assertEqual(fills, amounts)
        proxy.close()
        await exchange.remove()


if __name__ == "__main__":
    unittest.main()
