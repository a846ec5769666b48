"""How often Python looks for garbage: while modules load there is hardly any, and looking costs a short command much."""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()


def look_rarely() -> None:
    """While modules load."""
    gc.set_threshold(1_000_000, *_USUAL[1:])


def look_as_usual() -> None:
    """For work that lasts. What is loaded by now stays, and is not looked through again."""
    gc.freeze()
    gc.set_threshold(*_USUAL)


def look_no_more() -> None:
    """The process ends: what it loaded need not be looked through once more."""
    gc.freeze()
