"""Stores: where a relay keeps an answer that outlives the connection of its browser.

`MemoryStore` is for one process. To write another one, make a class with the members of `Store`.
"""

from __future__ import annotations

from .memory import MemoryStore
from .stored_answer import Endings, Store, StoredAnswer, StoreError

__all__ = ["Endings", "MemoryStore", "Store", "StoreError", "StoredAnswer"]
