"""What the client is made of, without a connection."""

from __future__ import annotations

import asyncio
import unittest

from nexvestxr import OrderBook, checksum, decimals
from nexvestxr.requests import Requests
from nexvestxr.view import View


def levels(text: str) -> tuple:
    return tuple({"price": it.split(":")[0], "amount": it.split(":")[1], "total": "1.00"} for it in text.split())


class Decimals(unittest.TestCase):
    def test_every_digit_is_kept(self) -> None:
        for made, expected in [
            (decimals.compare("1.0", "1.00"), 0),
            (decimals.compare("9", "10"), -1),
            (decimals.compare("+5000.00", "4999.999999"), 1),
            (decimals.add("0.1", "0.2"), "0.3"),
            (decimals.add("99999999999999999999.99", "0.01"), "100000000000000000000.00"),
            (decimals.add("1" * 40, "0.1"), "1" * 40 + ".1"),
            (decimals.subtract("1", "1.001"), "-0.001"),
            (decimals.multiply("995.00", "100.00"), "99500.0000"),
            (decimals.multiply("-1.5", "0.02"), "-0.030"),
            (decimals.multiply("0.0000001", "0.1"), "0.00000001"),
            (decimals.to_scale("1", 2), "1.00"),
            (decimals.to_scale("0.125", 2), "0.12"),
            (decimals.to_scale("0.135", 2), "0.14"),
            (decimals.to_scale("0.129", 2, decimals.ROUND_DOWN), "0.12"),
            (decimals.to_scale("-0.121", 2, decimals.ROUND_UP), "-0.13"),
            (decimals.is_multiple_of("995.01", "0.01"), True),
            (decimals.is_multiple_of("995.001", "0.01"), False),
            (decimals.sign("-0.01"), -1),
            (decimals.sign("0.00"), 0),
            (decimals.is_decimal("1."), False),
            (decimals.is_decimal("٣"), False),
        ]:
            self.assertEqual(made, expected)
        for text in ("1e3", "", "NaN", "Infinity", "1_0", " 1"):
            self.assertRaises(ValueError, decimals.parse, text)
        self.assertRaises(ValueError, decimals.is_multiple_of, "1", "0")
        self.assertRaises(ValueError, decimals.to_scale, "1", -1)


class Books(unittest.TestCase):
    def test_checksums_are_those_of_the_protocol(self) -> None:
        self.assertEqual(checksum((), ()), 0)
        both = levels("1000.00:500.00 999.50:300.00"), levels("1000.50:200.00 1001.00:400.00")
        self.assertEqual(checksum(*both), 3274522511)
        eleven = " ".join(f"999.{99 - index}:{index + 1}.00" for index in range(11))
        self.assertEqual(checksum(levels(eleven), ()), 1608996763)

    def test_a_book_follows_its_deltas_and_nothing_else(self) -> None:
        book = OrderBook("A/B")

        def say(kind: str, sequence: int, previous: int | None, bids: str, asks: str, right: str) -> str:
            whole = right.split("|")
            data = {"pair": "A/B", "kind": kind, "sequence": sequence, "spread": None, "previousSequence": previous}
            sums = checksum(levels(whole[0]), levels(whole[1]))
            return book.apply({**data, "bids": list(levels(bids)), "asks": list(levels(asks)), "checksum": sums})

        self.assertEqual(say("delta", 2, 1, "", "", "|"), "ignored")
        self.assertEqual(say("snapshot", 5, None, "10.00:1.00 9.00:1.00", "11.00:1.00", "10.00:1.00 9.00:1.00|11.00:1.00"), "applied")
        before = book.view
        self.assertEqual(say("delta", 7, 5, "9.50:2.00 9.00:0.00", "10.50:1.00", "10.00:1.00 9.50:2.00|10.50:1.00 11.00:1.00"), "applied")
        self.assertEqual([it["price"] for it in before.bids], ["10.00", "9.00"])
        self.assertEqual(say("delta", 9, 7, "10.00:5.00 1.00:0.00", "", "10.00:5.00 9.50:2.00|10.50:1.00 11.00:1.00"), "applied")
        self.assertEqual(say("full", 10, 9, "8.00:1.00", "", "8.00:1.00|"), "applied")
        self.assertEqual(say("delta", 13, 11, "7.00:1.00", "", "7.00:1.00|"), "sequence")
        self.assertTrue(book.view.stale)
        self.assertEqual(say("snapshot", 14, None, "7.00:1.00", "", "7.00:1.00|"), "applied")
        self.assertEqual(say("delta", 15, 14, "7.00:2.00", "", "7.00:3.00|"), "checksum")
        self.assertEqual((book.view.stale, book.view.checksum_ok), (True, False))


class Folding(unittest.TestCase):
    def setUp(self) -> None:
        self.view = View()
        self.begin()
        self.snapshots(10, False)

    def begin(self) -> None:
        self.view.begin([{"type": "orders"}, {"type": "positions"}])

    def say(self, kind: str, **data: object) -> list[str]:
        said = self.view.take({"type": kind, "data": data, "timestamp": 0})
        return [it for it, _ in said]

    def order(self, sequence: int, **more: object) -> list[str]:
        return self.say("order_update", **{"orderId": "order_1", "status": "open", "userSequence": sequence, **more})

    def position(self, sequence: int, size: str, **more: object) -> list[str]:
        return self.say("position_update", positionId="pos_1", size=size, userSequence=sequence, **more)

    def snapshots(self, sequence: int, resumed: bool) -> None:
        self.say("orders_snapshot", orders=[], userSequence=sequence, resumed=resumed)
        self.say("positions_snapshot", count=0, userSequence=sequence, resumed=resumed)

    def test_own_updates_count_once_and_none_is_left_out(self) -> None:
        fill = {"tradeId": "trade_1", "lastFillPrice": "1.00", "lastFillAmount": "1.00"}
        self.assertEqual(self.order(10), [])
        self.assertEqual(self.order(11, **fill), ["order_update", "fill"])
        self.assertEqual(self.order(11, **fill), [])
        self.assertEqual(self.position(12, "1.00", reason="OPENED"), ["position_update"])
        # At a new mark price: not from before the change.
        self.assertEqual(self.position(11, "9.00"), [])
        self.assertEqual(self.order(14), ["gap"])
        self.assertEqual(self.order(15), [])
        self.snapshots(16, True)
        self.assertEqual(list(self.view.positions), ["pos_1"])
        asked = [self.view.asked({"type": it})["since"] for it in ("orders", "positions")]
        self.assertEqual(asked, [11, 12])
        self.begin()
        told = [self.order(it) for it in (13, 14, 15)] + [self.position(16, "0.00", reason="CLOSED")]
        self.assertEqual(told, [["order_update"]] * 3 + [["position_update"]])
        self.snapshots(16, True)
        self.assertEqual(self.order(17, status="filled"), ["order_update"])
        self.assertEqual((self.view.orders, self.view.positions), ({}, {}))

    def test_what_a_new_snapshot_does_not_have_is_over(self) -> None:
        self.position(11, "1.00", reason="OPENED")
        self.view.lose()
        self.begin()
        missed = self.say("orders_snapshot", orders=[], userSequence=50, resumed=False)
        self.assertIn("missed", missed)
        self.say("positions_snapshot", count=0, userSequence=50, resumed=False)
        self.assertEqual(self.view.positions, {})


class Lists(unittest.IsolatedAsyncioTestCase):
    async def test_a_list_that_is_sent_again_is_answered_anew(self) -> None:
        sent: list[dict] = []

        class Rim:
            timeout = 10.0

            def send(self, message: dict) -> bool:
                sent.append(message)
                return True

            def is_ready(self) -> bool:
                return True

            def messages_per_second(self) -> int:
                return 50

            def can_authenticate(self) -> bool:
                return False

        requests = Requests(Rim())
        orders = [{"orderType": "market", "orderData": {"clientOrderId": name}} for name in "ab"]
        asked = asyncio.ensure_future(requests.ask(lambda: {"type": "place_orders", "orders": orders}))
        await asyncio.sleep(0)

        def answer(index: int, result: str) -> None:
            head = {"type": "order_placed", "requestId": sent[-1]["requestId"]}
            requests.answer({**head, "index": index, "result": result})

        answer(0, "first")
        requests.lost()
        requests.pump()
        self.assertEqual(sent[0], sent[1])
        answer(1, "second")
        await asyncio.sleep(0)
        self.assertFalse(asked.done())
        answer(0, "first again")
        self.assertEqual([it["result"] for it in await asked], ["first again", "second"])
        # One that nobody waits for any more is not sent.
        given_up = asyncio.ensure_future(requests.ask(lambda: {"type": "get_time"}))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        requests.lost()
        requests.pump()
        self.assertEqual([it["type"] for it in sent], ["place_orders", "place_orders", "get_time"])


if __name__ == "__main__":
    unittest.main()
