"""Regular expressions in config.toml: whether they compile, and in bounded time and memory."""

from __future__ import annotations

import warnings

from syncd.config.faults import shown
from syncd.config.section import Wrong

LENGTH_LIMIT = 10_000


def pattern_fault(pattern: str, key: str | None = None) -> Wrong | None:
    """What is wrong with a regular expression; None where it compiles."""
    import regex  # noqa: PLC0415 - takes long to load, and is needed only where there is a pattern

    from syncd.core.expression.unrolled import UNROLLED_LIMIT, unrolled_size  # noqa: PLC0415 - likewise

    if len(pattern) > LENGTH_LIMIT:
        return Wrong(f"a pattern of {len(pattern)} characters", f"at most {LENGTH_LIMIT} are allowed", key=key)
    if unrolled_size(pattern) > UNROLLED_LIMIT:
        return Wrong(f"{shown(pattern)} repeats too much", f"at most {UNROLLED_LIMIT} characters written out", key=key)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regex.compile(pattern)
    except regex.error as error:
        place = f" at character {error.pos + 1}" if error.pos is not None else ""
        return Wrong(f"{shown(pattern)} is no regular expression", f"{error.msg}{place}", key=key)
    except (RecursionError, OverflowError, ValueError, MemoryError, IndexError, KeyError):
        return Wrong(f"{shown(pattern)} is no regular expression", "it is too deep or too large", key=key)
    return None
