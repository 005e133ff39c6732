"""What a request came to when it was not what was asked for."""

from __future__ import annotations

from typing import Any, Dict

#: One JSON object of the wire, as docs/protocol.md has it.
Message = Dict[str, Any]


class NexVestXRError(Exception):
    """``code`` says what to do, ``reason`` why: those of the exchange, and three of the client's own.

    ``TIMEOUT``, ``CONNECTION_LOST`` and ``CLOSED`` come with the reason ``NOT_SENT`` (nothing was
    done) or ``OUTCOME_UNKNOWN`` (it may have been done).
    """

    def __init__(self, error: Message) -> None:
        super().__init__(error.get("message") or error["code"])
        self.code: str = error["code"]
        self.reason: str = error["reason"] if "reason" in error else error["code"]
        self.details: str = error.get("details", "")
        self.params: Message = error.get("params", {})
        self.request_type: str | None = error.get("requestType")
        self.client_order_id: str | None = error.get("clientOrderId")

    @property
    def retry_after_ms(self) -> int | None:
        """How long to wait before asking again, where a rate was exceeded."""
        return self.params.get("retryAfterMs")

    def __str__(self) -> str:
        return f"{self.code} {self.reason}: {self.args[0]}"
