"""Client of the NexVestXR exchange: see docs/clients.md."""

from . import decimals
from .book import BookView, Level, OrderBook, checksum
from .client import NexVestXRWebSocket, OrderReference, Stats, Token
from .errors import Message, NexVestXRError
from .stream import MessageStream

__version__ = "0.1.0"
__all__ = [
    "BookView",
    "Level",
    "Message",
    "MessageStream",
    "NexVestXRError",
    "NexVestXRWebSocket",
    "OrderBook",
    "OrderReference",
    "Stats",
    "Token",
    "checksum",
    "decimals",
]
