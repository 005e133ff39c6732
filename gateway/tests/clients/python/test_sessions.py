"""Against the gateway: the reference's example, sessions, tokens, retries, gaps, silence, slow readers."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

import frames
from exchange import PAIR, ByteProxy, Change, Exchange, MessageProxy, event, soon, until
from nexvestxr import NexVestXRError, NexVestXRWebSocket


def limit(side: str, price: str, amount: str = "1.00") -> tuple[str, dict[str, str]]:
    return "limit", {"pair": PAIR, "side": side, "amount": amount, "price": price}


class Sessions(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.exchange = await Exchange.start()
        self.clients: list[NexVestXRWebSocket] = []
        self.proxies: list[Any] = []

    async def asyncTearDown(self) -> None:
        for client in self.clients:
            await client.close()
        for proxy in self.proxies:
            proxy.close()
        await self.exchange.remove()

    def client(self, user: str | None, uri: str | None = None, **settings: Any) -> NexVestXRWebSocket:
        token = settings.pop("token", None) or (self.exchange.token(user) if user else None)
        client = NexVestXRWebSocket(token, uri or self.exchange.uri, backoff_min=0.02, **settings)
        self.clients.append(client)
        return client

    async def connected(self, user: str | None, uri: str | None = None, **settings: Any) -> NexVestXRWebSocket:
        client = self.client(user, uri, **settings)
        await client.connect()
        return client

    async def messages(self) -> MessageProxy:
        proxy = await MessageProxy.start(self.exchange)
        self.proxies.append(proxy)
        return proxy

    async def refused(self, work: Any) -> NexVestXRError:
        with self.assertRaises(NexVestXRError) as caught:
            await work
        return caught.exception

    async def test_the_example_of_the_reference(self) -> None:
        # Its class, methods and arguments; the address is the only thing that is ours.
        ws = self.client("alice")
        seen: list[str] = []
        whole = asyncio.Event()

        async def message_handler(data: dict[str, Any]) -> None:
            seen.append(data["type"])
            if {"authenticated", "subscribed", "orderbook_update", "portfolio_update", "order_placed"} <= set(seen):
                whole.set()

        await ws.connect()
        await ws.subscribe([{"type": "orderbook", "pair": PAIR}, {"type": "portfolio"}])
        await ws.place_order(*limit("buy", "995.00", "100.00"))
        listening = soon(ws.listen(message_handler))
        await asyncio.wait_for(whole.wait(), 20)
        self.assertEqual([it["type"] for it in ws.subscriptions], ["orderbook", "portfolio"])
        self.assertIsNotNone(ws.websocket)
        self.assertLess(seen.index("authenticated"), seen.index("subscribed"))
        await ws.close()
        await asyncio.wait_for(listening, 20)

    async def test_requests_are_answered_each_by_its_own_answer(self) -> None:
        async with self.client("alice") as client:
            time, instruments, balances, placed = await asyncio.gather(
                client.get_time(),
                client.get_instruments(),
                client.get_balances(),
                client.place_order(*limit("buy", "900.00")),
            )
            self.assertGreater(time, 0)
            self.assertEqual(instruments[0]["tickSize"], "0.01")
            self.assertEqual(balances[0]["total"], "1000000.00")
            order = placed["result"]["orderId"]
            self.assertEqual((await client.get_order(order))["orderId"], order)
            self.assertEqual((await client.amend_order(order, amount="0.50"))["result"]["remaining"], "0.50")
            name = placed["result"]["clientOrderId"]
            self.assertEqual((await client.cancel_order({"clientOrderId": name}))["orderId"], order)
            self.assertTrue(client.stats.compressed)
            error = await self.refused(client.place_order(*limit("buy", "900.001")))
            self.assertEqual((error.code, error.reason), ("ORDER_FAILED", "PRICE_NOT_ON_TICK"))
            low, good = await client.place_orders([limit("buy", "0.01"), limit("buy", "900.00")])
            self.assertEqual(low.reason, "PRICE_OUTSIDE_BAND")
            ended = await client.cancel_orders([good["result"]["orderId"], "order_999999999"])
            self.assertEqual([ended[0]["type"], ended[1].code], ["order_cancelled", "ORDER_NOT_FOUND"])
            frames.sends_bad(lambda it: {"type": "nonsense"} in it.get("channels", []))
            held = await client.subscribe([{"type": "orders"}, {"type": "nonsense"}])
            self.assertEqual([it.reason for it in held["errors"]], ["UNKNOWN_CHANNEL"])
            self.assertEqual(client.subscriptions, [{"type": "orders"}])
            self.assertEqual((await client.cancel_all(pair=PAIR))["result"]["count"], 0)
        error = await self.refused(client.get_time())
        self.assertEqual((error.code, error.reason), ("CLOSED", "NOT_SENT"))

    async def test_a_bad_token_is_raised(self) -> None:
        client = self.client(None, token="no token")
        error = await self.refused(client.connect())
        self.assertEqual((error.code, error.reason), ("AUTH_FAILED", "TOKEN_INVALID"))
        client.set_token(self.exchange.token("bob"))
        await client.connect()
        self.assertEqual(client.session["userId"], "bob")

    async def test_a_token_that_ended_is_replaced_and_private_channels_go_on(self) -> None:
        other = await self.connected("bob")
        late = asyncio.Event()
        asked: list[str] = []

        async def token() -> str:
            if asked:
                await late.wait()
            asked.append(self.exchange.token("alice", "1h" if asked else "2s"))
            return asked[-1]

        client = await self.connected(None, token=token)
        fills: list[Any] = []
        client.on("fill", fills.append)
        expired = soon(event(client, "error", lambda it: it.reason == "TOKEN_EXPIRED"))
        await client.subscribe([{"type": "orders"}])
        placed = await client.place_order(*limit("buy", "950.00"))
        await expired
        # Filled while nobody is signed in, on a connection that stays.
        await other.place_order(*limit("sell", "950.00"))
        order = soon(client.get_order(placed["result"]["orderId"]))
        late.set()
        await until(client, "fill", lambda: len(fills) > 0)
        self.assertEqual((await order)["status"], "filled")
        self.assertEqual((len(fills), client.stats.reconnects, len(asked)), (1, 0, 2))

    async def test_nobody_is_there_and_then_somebody_is(self) -> None:
        await self.exchange.kill()
        port = self.exchange.port
        proxy = await ByteProxy.start(lambda: port)
        self.proxies.append(proxy)
        client = self.client("alice", proxy.uri)
        waiting = soon(event(client, "state", lambda it: it["state"] == "waiting"))
        await asyncio.sleep(0)
        connecting = soon(client.connect())
        self.assertEqual((await waiting)["reason"], "CLOSED_1006")
        await self.exchange.begin()
        port = self.exchange.port
        await asyncio.wait_for(connecting, 20)
        stopping = soon(event(client, "state", lambda it: it["state"] == "waiting"))
        notice = soon(event(client, "notice"))
        await asyncio.sleep(0)
        self.exchange.process.terminate()
        self.assertEqual((await notice)["data"]["category"], "maintenance")
        self.assertEqual((await stopping)["reason"], "CLOSED_1012")

    async def test_one_connection_too_many_waits_until_there_is_room(self) -> None:
        first = [await self.connected("carol") for _ in range(20)]
        last = self.client("carol")
        waiting = soon(event(last, "state", lambda it: it["state"] == "waiting"))
        connecting = soon(last.connect())
        self.assertEqual((await waiting)["reason"], "CONNECTION_LIMIT")
        for client in first:
            await client.close()
        await asyncio.wait_for(connecting, 20)

    async def test_an_order_whose_answer_is_lost_is_placed_once(self) -> None:
        proxy = await self.messages()
        client = await self.connected("alice", proxy.uri)
        for lost in ("order_placed", "place_order"):
            is_lost = False

            def cut(message: Any) -> Any:
                nonlocal is_lost
                if is_lost or message["type"] != lost:
                    return message
                is_lost = True
                proxy.cut()
                return None

            proxy.up = proxy.down = cut
            placed = await client.place_order(*limit("buy", "700.00"), client_order_id=lost)
            self.assertTrue(is_lost)
            self.assertEqual(placed["result"].get("duplicate", False), lost == "order_placed")
            orders = (await client.get_orders())["orders"]
            self.assertEqual(sum(it["clientOrderId"] == lost for it in orders), 1)
        unknown = soon(client.cancel_all())
        proxy.up = lambda message: proxy.cut() if message["type"] == "cancel_all" else message
        error = await self.refused(unknown)
        self.assertEqual((error.code, error.reason), ("CONNECTION_LOST", "OUTCOME_UNKNOWN"))

    async def test_an_answer_that_does_not_come(self) -> None:
        proxy = await self.messages()
        client = await self.connected("alice", proxy.uri, request_timeout=0.3)
        lost = {"order_placed": 2, "order_amended": 1, "get_time": 9}

        def drop(message: Any) -> Any:
            left = lost.get(message["type"], 0)
            lost[message["type"]] = left - 1
            return None if left > 0 else message

        proxy.down = drop
        placed = await client.place_order(*limit("buy", "700.00"))
        self.assertTrue(placed["result"]["duplicate"])
        for work in (client.amend_order(placed["result"]["orderId"], amount="0.50"), client.get_time()):
            error = await self.refused(work)
            self.assertEqual((error.code, error.reason), ("TIMEOUT", "OUTCOME_UNKNOWN"))
        self.assertEqual(lost["get_time"], 6)

    async def test_a_delta_that_is_missing_is_seen(self) -> None:
        await self.see_gap(lambda _: None, "sequence")

    async def test_a_delta_that_is_another_is_seen(self) -> None:
        await self.see_gap(self.altered, "checksum")

    async def see_gap(self, change: Change, reason: str) -> None:
        other = await self.connected("bob")
        proxy = await self.messages()
        client = await self.connected("alice", proxy.uri)
        await client.subscribe([{"type": "orderbook", "pair": PAIR, "depth": 5}])
        await until(client, "book", lambda: not client.book(PAIR).stale)
        changed = asyncio.Event()

        def once(message: Any) -> Any:
            if changed.is_set() or message.get("data", {}).get("kind") != "delta":
                return message
            changed.set()
            return change(message)

        proxy.down = once
        gap = soon(event(client, "gap"))
        await other.place_order(*limit("buy", "701.00"))
        await asyncio.wait_for(changed.wait(), 20)
        if reason == "sequence":
            await other.place_order(*limit("buy", "702.00"))
        self.assertEqual((await gap)["reason"], reason)
        await until(client, "book", lambda: not client.book(PAIR).stale)
        self.assertIn("701.00", [it["price"] for it in client.book(PAIR).bids])
        self.assertEqual(client.stats.sequence_gaps, 1)

    @staticmethod
    def altered(message: Any) -> Any:
        level = {"price": "999.99", "amount": "7.00", "total": "1.00"}
        return {**message, "data": {**message["data"], "bids": [level]}}

    async def test_a_silent_connection_is_stale_and_then_another_one_is_opened(self) -> None:
        proxy = await ByteProxy.start(lambda: self.exchange.port)
        self.proxies.append(proxy)
        client = await self.connected("alice", proxy.uri, heartbeat=0.1, stale_after=0.4)
        await client.subscribe([{"type": "orderbook", "pair": PAIR}])
        await until(client, "book", lambda: not client.book(PAIR).stale)
        waiting = soon(event(client, "state", lambda it: it["state"] == "waiting"))
        proxy.is_silent = True
        await until(client, "state", lambda: client.state == "stale")
        self.assertEqual((await waiting)["reason"], "STALE")
        self.assertTrue(client.book(PAIR).stale)
        proxy.is_silent = False
        await until(client, "book", lambda: not client.book(PAIR).stale)

    async def test_a_reader_that_takes_its_time_loses_nothing(self) -> None:
        client, hand = await self.connected("alice"), await self.connected("alice")
        updates, books = client.stream("order_update", limit=10), client.stream("book")
        await client.subscribe([{"type": "orders"}, {"type": "orderbook", "pair": PAIR}])
        held = soon(event(client, "state", lambda it: it["reason"] == "SLOW_CONSUMER"))
        names = [f"slow {index}" for index in range(60)]
        for name in names:
            await hand.place_order(*limit("buy", "600.00", "0.01"), client_order_id=name)
        await held
        self.assertEqual(client.state, "waiting")
        self.assertLessEqual((len(updates), len(books)), (12, 1))
        seen = [(await updates.__anext__())["data"]["clientOrderId"] for _ in names]
        self.assertEqual(seen, names)
        await until(client, "state", lambda: client.state == "ready")


if __name__ == "__main__":
    unittest.main()
