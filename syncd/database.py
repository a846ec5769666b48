"""`syncd db`: the state DB's schema, made or checked."""

from __future__ import annotations

from syncd.config import Settings
from syncd.runtime import open_store


def upgrade(settings: Settings) -> str:
    """Make the state DB, or bring it to the newest schema. Returns what was done, in words. Raises StateError."""
    store = open_store(settings, upgrade=False)
    try:
        done = store.upgrade()
        return f"The state DB has schema {store.revisions()[1]}" + ("." if done else " already.")
    finally:
        store.close()


def check(settings: Settings) -> tuple[bool, str]:
    """Whether the schema is the newest, and what is wrong otherwise; changes nothing. Raises StateError."""
    store = open_store(settings, upgrade=False)
    try:
        current, head = store.revisions()
        if current is None:
            return False, "The state DB is empty. To make it: syncd db upgrade"
        if current != head:
            return False, f"The state DB has schema {current}, this syncd wants {head}. To upgrade: syncd db upgrade"
        wrong = store.differences()
        if wrong:
            return False, f"The state DB has schema {head} by name, but differs: {'; '.join(wrong[:3])}"
        return True, f"The state DB has schema {head}, as it should."
    finally:
        store.close()
