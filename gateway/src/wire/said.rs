//! What the gateway says: every `type` that its messages have.

use super::client::words;

words! {
    /// The `type` of a message of the gateway.
    MessageType {
        /// `authenticated`
        Authenticated = "authenticated",
        /// `subscribed`
        Subscribed = "subscribed",
        /// `unsubscribed`
        Unsubscribed = "unsubscribed",
        /// `pong`
        Pong = "pong",
        /// `connection_stats`
        ConnectionStats = "connection_stats",
        /// `order_placed`
        OrderPlaced = "order_placed",
        /// `order_cancelled`
        OrderCancelled = "order_cancelled",
        /// `order_amended`
        OrderAmended = "order_amended",
        /// `orders_cancelled`
        OrdersCancelled = "orders_cancelled",
        /// `cancel_all_after`
        CancelAllAfter = "cancel_all_after",
        /// `margin_adjusted`
        MarginAdjusted = "margin_adjusted",
        /// `get_positions`
        GetPositions = "get_positions",
        /// `get_orders`
        GetOrders = "get_orders",
        /// `get_order`
        GetOrder = "get_order",
        /// `get_fills`
        GetFills = "get_fills",
        /// `get_balances`
        GetBalances = "get_balances",
        /// `get_instruments`
        GetInstruments = "get_instruments",
        /// `get_time`
        GetTime = "get_time",
        /// `error`
        Error = "error",
        /// `notice`
        Notice = "notice",
        /// `orderbook_update`
        OrderbookUpdate = "orderbook_update",
        /// `trades_snapshot`
        TradesSnapshot = "trades_snapshot",
        /// `trade`
        Trade = "trade",
        /// `price_update`
        PriceUpdate = "price_update",
        /// `orders_snapshot`
        OrdersSnapshot = "orders_snapshot",
        /// `order_update`
        OrderUpdate = "order_update",
        /// `portfolio_update`
        PortfolioUpdate = "portfolio_update",
        /// `position_update`
        PositionUpdate = "position_update",
        /// `positions_snapshot`
        PositionsSnapshot = "positions_snapshot",
        /// `margin_call`
        MarginCall = "margin_call",
        /// `margin_call_cleared`
        MarginCallCleared = "margin_call_cleared",
        /// `arbitrage_opportunity`
        ArbitrageOpportunity = "arbitrage_opportunity",
        /// `arbitrage_closed`
        ArbitrageClosed = "arbitrage_closed",
        /// `risk_alert`
        RiskAlert = "risk_alert",
    }
}
