"""What the messages come to: each is applied once, whatever was told twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .book import OrderBook
from .errors import Message

#: How many trades of a pair are kept, and how many a snapshot has.
MAX_TRADES = 500
SNAPSHOT_TRADES = 50
#: A number that has not come yet: only the snapshot comes, and where it ends.
NOTHING_YET = 2**53 - 1

_IS_OVER = frozenset(("filled", "cancelled", "expired", "rejected"))
_OF_ORDERS = ("tradeId", "orderId", "clientOrderId", "pair", "side", "liquidity", "fee", "feeAsset", "userSequence")

#: What listeners are told: a type, and the message or whatever goes with it.
Said = tuple[str, Any]


@dataclass
class View:
    books: dict[str, OrderBook] = field(default_factory=dict)
    trades: dict[str, list[Message]] = field(default_factory=dict)
    prices: dict[str, Message] = field(default_factory=dict)
    opportunities: dict[str, Message] = field(default_factory=dict)
    alerts: dict[str, Message] = field(default_factory=dict)
    orders: dict[str, Message] = field(default_factory=dict)
    positions: dict[str, Message] = field(default_factory=dict)
    margin_calls: dict[str, Message] = field(default_factory=dict)
    balances: dict[str, Message] = field(default_factory=dict)
    portfolio: Message | None = None
    #: The last ``userSequence`` that is in each of the two streams; none before the first snapshot.
    applied: dict[str, int] = field(default_factory=dict)
    #: The streams that have had their snapshot since they were asked for: from there on they have
    #: no gap.
    live: set[str] = field(default_factory=set)
    #: Something is missing: nothing of the two counts until they begin anew.
    is_broken: bool = False
    #: Positions of the snapshot that is coming.
    listed: set[str] = field(default_factory=set)

    def forget_user(self) -> None:
        """Another user is here."""
        for table in (self.orders, self.positions, self.margin_calls, self.balances, self.applied):
            table.clear()
        self.portfolio = None

    def lose(self) -> None:
        """The connection is gone: what is here was right."""
        for book in self.books.values():
            book.lose()
        self.live.clear()

    def book(self, pair: str) -> OrderBook:
        return self.books.setdefault(pair, OrderBook(pair))

    def asked(self, channel: Message) -> Message:
        """A channel as it is asked for: what it brings follows what is here."""
        if channel.get("type") not in ("orders", "positions"):
            return channel
        return {**channel, "since": self.applied.get(channel["type"], NOTHING_YET)}

    def begin(self, channels: list[Message]) -> None:
        """These channels are held now; their snapshots come next."""
        for kind in (channel.get("type") for channel in channels):
            if kind in ("orders", "positions"):
                self.live.discard(kind)
                self.is_broken = False
            if kind == "positions":
                self.listed.clear()
            elif kind == "margin_calls":
                self.margin_calls.clear()
            elif kind == "arbitrage":
                self.opportunities.clear()
            elif kind == "risk_alerts":
                self.alerts.clear()

    def take(self, message: Message) -> list[Said]:
        """What is new in it; nothing where all of it is here."""
        kind, data = message["type"], message.get("data")
        handler = getattr(self, f"_on_{kind}", None)
        said: list[Said] | None = handler(message, data) if handler else None
        return [(kind, message)] if said is None else said

    def _on_orderbook_update(self, message: Message, data: Message) -> list[Said]:
        pair = data["pair"]
        came = self.book(pair).apply(data)
        said: list[Said] = [("orderbook_update", message)]
        if came in ("sequence", "checksum"):
            gap = {"channel": "orderbook", "pair": pair, "reason": came, "received": data["sequence"]}
            said.append(("gap", gap))
        if came != "ignored":
            said.append(("book", {"pair": pair}))
        return said

    def _on_trades_snapshot(self, message: Message, data: Message) -> list[Said]:
        """What happened while nobody listened is told as trades; more than a snapshot has is a gap."""
        pair, trades = data["pair"], data["trades"]
        said: list[Said] = [("trades_snapshot", message)]
        known = self.trades.get(pair)
        last = known[-1]["sequence"] if known else -1
        missed = [trade for trade in trades if trade["sequence"] > last]
        self._add_trades(pair, missed)
        if known is None:
            return said
        if len(missed) >= max(len(trades), SNAPSHOT_TRADES):
            gap = {"channel": "trades", "pair": pair, "reason": "sequence", "received": missed[0]["sequence"]}
            said.append(("gap", gap))
        head = {"type": "trade", "channel": message["channel"], "timestamp": message["timestamp"]}
        return said + [("trade", {**head, "data": trade}) for trade in missed]

    def _on_trade(self, message: Message, data: Message) -> None:
        self._add_trades(data["pair"], [data])

    def _add_trades(self, pair: str, more: list[Message]) -> None:
        self.trades[pair] = (self.trades.get(pair, []) + more)[-MAX_TRADES:]

    def _on_price_update(self, message: Message, data: Message) -> None:
        self.prices[data["symbol"]] = data

    def _on_orders_snapshot(self, message: Message, data: Message) -> list[Said]:
        said: list[Said] = [("orders_snapshot", message)]
        if self.is_broken:
            return said
        up_to: int = data["userSequence"]
        after = self.applied.get("orders", up_to)
        self.orders.clear()
        self.orders.update({order["orderId"]: order for order in data["orders"]})
        self.applied["orders"] = up_to
        self.live.add("orders")
        if not data.get("resumed") and up_to > after:
            said.append(("missed", {"after": after, "up_to": up_to}))
        return said + [("orders", None)]

    def _on_order_update(self, message: Message, data: Message) -> list[Said]:
        came = self._count("orders", data["userSequence"])
        if came is not None:
            return came
        if data["status"] in _IS_OVER:
            self.orders.pop(data["orderId"], None)
        else:
            self.orders[data["orderId"]] = data
        said: list[Said] = [("order_update", message)]
        if "tradeId" in data:
            fill = {key: data[key] for key in _OF_ORDERS if key in data}
            fill.update(price=data["lastFillPrice"], amount=data["lastFillAmount"], timestamp=message["timestamp"])
            said.append(("fill", fill))
        return said

    def _on_position_update(self, message: Message, data: Message) -> list[Said] | None:
        position = data["positionId"]
        if "reason" in data:
            came = self._count("positions", data["userSequence"])
            if came is not None:
                return came
        else:
            # At a new mark price, and from before a change that is here already.
            if self.is_broken or data["userSequence"] < self.applied.get("positions", 0):
                return []
            self.listed.add(position)
        if data["size"].strip("0.") == "":
            self.positions.pop(position, None)
            self.listed.discard(position)
        else:
            self.positions[position] = data
        return None

    def _on_positions_snapshot(self, message: Message, data: Message) -> None:
        if self.is_broken:
            return
        for position in self.positions.keys() - self.listed:
            del self.positions[position]
        self.applied["positions"] = data["userSequence"]
        self.live.add("positions")

    def _count(self, stream: str, sequence: int) -> list[Said] | None:
        """Counts a change in; gives what to say instead where it does not follow what is here.

        Orders and positions have one counter, so that both together have no gap.
        """
        if self.is_broken or sequence <= self.applied.get(stream, 0):
            return []
        if len(self.live) == 2 and sequence != max(self.applied.values()) + 1:
            self.is_broken = True
            return [("gap", {"channel": "orders", "reason": "sequence", "received": sequence})]
        self.applied[stream] = sequence
        return None

    def _on_margin_call(self, message: Message, data: Message) -> None:
        self.margin_calls[data["positionId"]] = data

    def _on_margin_call_cleared(self, message: Message, data: Message) -> None:
        self.margin_calls.pop(data["positionId"], None)

    def _on_portfolio_update(self, message: Message, data: Message) -> None:
        self.portfolio = data
        for asset in self.balances:
            self.balances[asset] = {"asset": asset, "available": "0", "held": "0", "total": "0"}
        for it in data["positions"]:
            asset, total = it["symbol"], it["balance"]
            self.balances[asset] = {"asset": asset, "available": it["available"], "held": it["held"], "total": total}

    def _on_get_balances(self, message: Message, data: None) -> None:
        self.balances.clear()
        self.balances.update({it["asset"]: it for it in message["result"]["balances"]})

    def _on_arbitrage_opportunity(self, message: Message, data: Message) -> None:
        self.opportunities[data["opportunityId"]] = data

    def _on_arbitrage_closed(self, message: Message, data: Message) -> None:
        self.opportunities.pop(data["opportunityId"], None)

    def _on_risk_alert(self, message: Message, data: Message) -> None:
        if data.get("inForce") is False:
            self.alerts.pop(data["alertId"], None)
        else:
            self.alerts[data["alertId"]] = data
