//! Margin through the whole exchange.
