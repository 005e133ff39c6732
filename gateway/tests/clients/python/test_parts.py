"""What the client is made of, without a connection."""

from __future__ import annotations

import unittest

from nexvestxr import OrderBook, checksum, decimals


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


if __name__ == "__main__":
    unittest.main()
