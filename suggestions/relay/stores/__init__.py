"""Stores: where a relay keeps an answer that outlives the connection of its browser.

`MemoryStore` is for one process, `RedisStore` for any number of them. To write another one, make a
class with the members of `Store`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._util.lazy import names
from .memory import MemoryStore
from .stored_answer import Endings, Store, StoredAnswer, StoreError

if TYPE_CHECKING:
    from .redis_store import RedisStore as RedisStore

__all__ = ["Endings", "MemoryStore", "RedisStore", "Store", "StoreError", "StoredAnswer"]

__getattr__, __dir__ = names(__name__, {"RedisStore": "redis_store"})
