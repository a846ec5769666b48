"""What is wrong with a configuration file, one line each, and the error that carries it all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath

from syncd.core.errors import SyncdError
from syncd.core.model import Json

CORRECT = "Correct it, then run: syncd check"
ADD = "Add it, then run: syncd check"
#: No file of sane size has more; a flood would hide the first line.
MOST_SHOWN = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault. `str()` is its line: file, key, what was found, what is right, what to do."""

    file: str
    key: str  #: jobs.testmu.users.mappings[3].expression (counted from 0); empty: the file as a whole
    found: str
    right: str
    remedy: str = CORRECT

    @property
    def where(self) -> str:
        return one_line(f"{self.file}: {self.key}" if self.key else self.file)

    @property
    def message(self) -> str:
        return one_line(f"{self.found}; {self.right}" if self.right else self.found)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}. {one_line(self.remedy)}"


@dataclass(kw_only=True, eq=False)
class ConfigError(SyncdError):
    """The configuration is not usable: exit code 64. `str()` gives a line for each fault found."""

    faults: Sequence[Fault]

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults[:MOST_SHOWN]]
        if more := len(self.faults) - len(lines):
            lines.append(f"and {more} more. {CORRECT}")
        return "\n".join(lines)

    @property
    def where(self) -> str:
        """File and key of the first fault."""
        return self.faults[0].where

    @property
    def message(self) -> str:
        """The first fault without its place and remedy; every line where there are several."""
        return self.faults[0].message if len(self.faults) == 1 else str(self)

    @property
    def remedy(self) -> str:
        """What to do about the first fault."""
        return self.faults[0].remedy


#: What `syncd init` leaves to be filled in: <tenant id>.
_PLACEHOLDER = re.compile(r"<[^<>]{1,80}>")


def has_placeholder(text: str) -> bool:
    """Whether a value still has a placeholder that `syncd init` printed."""
    return _PLACEHOLDER.search(text) is not None


def one_line(text: str) -> str:
    """The text with everything that is no visible character escaped, as a terminal or a log may show it."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def key_path(location: Iterable[str | int]) -> str:
    """The dotted path of a key, list positions in brackets, odd names in quotes as TOML has them."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            bare = part.isascii() and part.replace("-", "").replace("_", "").isalnum()
            name = part if bare else json.dumps(shortened(part), ensure_ascii=False)
            path += f".{name}" if path else name
    return path


def shortened(text: str, limit: int = 60) -> str:
    """The beginning of a text; the rest is an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown(value: Json) -> str:
    """A value as a message may show it. Never call it for what could be a secret."""
    if isinstance(value, PurePath):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, str):
        return json.dumps(shortened(value), ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return shortened(str(value)) if isinstance(value, int | float) else kind_of(value)


def kind_of(value: Json) -> str:
    """What a TOML value is, without showing it."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant; letter case, spaces and underscores aside."""
    folded = {_fold(name): name for name in known}
    near = get_close_matches(_fold(word), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def nearest_of(word: str, known: Sequence[str], what: str) -> str:
    """Half a sentence: the nearest known word, or all of them."""
    if not known:
        return f"the file has no {what}"
    near = nearest(word, known)
    return f"the nearest {what} is {near}" if near else f"known: {', '.join(known)}"


def _fold(word: str) -> str:
    return word.lower().replace("_", " ").replace("-", " ").strip()
