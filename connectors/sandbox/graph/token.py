"""Tokens in nextLinks and deltaLinks: opaque to clients, signed, and full of characters that tempt to re-encode."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from dataclasses import dataclass, replace

import orjson

from connectors.sandbox.graph.fault import bad_request


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """Where a round of delta stands."""

    stream: str
    select: tuple[str, ...] | None  #: as the first request gave it
    ids: tuple[str, ...] | None  #: the id filter
    phase: str  #: "initial" or "later"
    after: int  #: sequence number that the round starts behind
    last: int  #: sequence number that it ends with; the next round starts there
    end: int = 0  #: initial: how many objects the frozen list has
    position: tuple[int, ...] = (0, 0)  #: object, and member within it
    page: int = 0
    blank: bool = False  #: the page before this one was empty on purpose
    generation: int = 0
    issued: float = 0.0
    delta: bool = False  #: a deltaLink's token, which starts a round

    def moved(self, *position: int) -> Token:
        """The token of the next page."""
        return replace(self, position=position, page=self.page + 1, blank=False)


def written(token: Token, key: bytes, *, awkward: bool = False) -> str:
    """The token as it stands in a URL."""
    fields = [
        token.stream,
        token.select,
        token.ids,
        token.phase,
        token.after,
        token.last,
        token.end,
        token.position,
        token.page,
        token.blank,
        token.generation,
        token.issued,
        token.delta,
    ]
    payload = base64.urlsafe_b64encode(zlib.compress(orjson.dumps(fields), 1)).rstrip(b"=").decode()
    text = f"{payload}.{_signature(payload, key)}~_-"
    return text + "%2B%2F%3D" if awkward else text


def read(text: str, key: bytes) -> Token:
    """The token that was written; `text` is percent-decoded. Raises GraphError 400 for anything else."""
    body = text.removesuffix("+/=")
    payload, _, signature = body.removesuffix("~_-").rpartition(".")
    if not body.endswith("~_-") or not hmac.compare_digest(signature, _signature(payload, key)):
        raise bad_request("The token is not valid.")
    fields = orjson.loads(zlib.decompress(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
    stream, select, ids, phase, after, last, end, position, page, blank, generation, issued, delta = fields
    return Token(
        stream=stream,
        select=None if select is None else tuple(select),
        ids=None if ids is None else tuple(ids),
        phase=phase,
        after=after,
        last=last,
        end=end,
        position=tuple(position),
        page=page,
        blank=blank,
        generation=generation,
        issued=issued,
        delta=delta,
    )


def _signature(payload: str, key: bytes) -> str:
    return hashlib.blake2b(payload.encode(), key=key, digest_size=9).hexdigest()
