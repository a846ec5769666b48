"""What can go wrong with one request to Graph, before it is put into the words of connectors/errors.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

#: Codes with which Graph asks for a new full round (Microsoft Graph documentation, "Use delta query").
RESYNC = frozenset({"syncstatenotfound", "resyncrequired", "resyncapplydifferences", "resyncuploaddifferences"})

_TOKEN = re.compile(r"((?:skip|delta)token=)[^&\s\"']+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One HTTP answer, read to its end and decompressed."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    body: bytes


class Interrupted(Exception):
    """No whole answer came: refused, reset, timed out, cut off. May be tried again."""


class SignInRefused(Exception):
    """No token was given; trying again does not help."""


@dataclass(frozen=True, kw_only=True)
class Fault(Exception):
    """An answer that says no, and that trying again will not change."""

    status: int
    code: str = ""  #: error.code of the body (Microsoft Graph documentation, "Error responses")
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def resync(self) -> bool:
        """The token is no longer known: only a full round helps."""
        return self.status == 410 or (self.status in (400, 404) and self.code.lower() in RESYNC)

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status), self.code, self.message) if part)


def fault(answer: Answer) -> Fault:
    """Reads the error in an answer; a body that is no Graph error, such as HTML, gives the status alone."""
    try:
        error = orjson.loads(answer.body)["error"]
        code, message = str(error["code"]), str(error.get("message") or "")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        code, message = "", ""
    return Fault(status=answer.status, code=printable(code, 80), message=printable(message), headers=answer.headers)


def printable(text: str, size: int = 300) -> str:
    """A service's words on one line, bounded, without the tokens of links."""
    line = " ".join(_TOKEN.sub(r"\1***", text).split())
    return line if len(line) <= size else line[: size - 1] + "…"
