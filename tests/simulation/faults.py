"""Bad weather: what befalls requests to a source and to a target, drawn anew for each of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from connectors.sandbox.faults import Action, Faults
from syncd.core.model import Json
from tests.simulation.process import BadDisk, Death


def _actions(*given: Mapping[str, Json]) -> Sequence[Action]:
    return [Action.model_validate(one) for one in given]


#: to any request: lost before or after it was carried out, refused for now, cut off, late, garbled
_ANY = _actions(
    {"drop": "before"},
    {"drop": "before", "reset": True},
    {"drop": "answer"},
    {"drop": "answer", "reset": True},
    {"drop": "body"},
    {"status": 429, "retry_after": 2},
    {"status": 429, "retry_after": "date:5"},
    {"status": 429},
    {"status": 500},
    {"status": 500, "applied": True},
    {"status": 503, "retry_after": 3},
    {"status": 504, "applied": True},
    {"html": 502},
    {"truncate": 0.5, "length": "correct"},
    {"truncate": 0.5, "length": "wrong"},
    {"corrupt_gzip": True},
    {"delay_s": 8.0},
    {"delay_s": 45.0, "drop": "before"},
)
#: to reads: well-formed, and no answer to what was asked (an empty list would be one at Okta)
_READS = _actions({"replace": {}}, {"replace": None}, {"replace": 0}, {"html": 200})
#: to reads of a delta: the chain of pages breaks without a word
_BROKEN_CHAIN = _actions({"edit": {"remove": ["@odata.nextLink", "@odata.deltaLink"]}})
_REFUSED = _actions({"status": 401}, {"status": 403})


class Weather(Faults):
    """Each request goes wrong with the present chance."""

    def __init__(self, draw: random.Random, *, source: bool) -> None:
        super().__init__()
        self._draw, self._source = draw, source
        self.chance = 0.0
        self.struck = 0

    def meet(self, method: str, target: str, body: bytes, facts: Mapping[str, Json]) -> Action | None:
        if not self.chance or self._draw.random() >= self.chance:
            return None
        self.struck += 1
        kinds = [*_ANY]
        if method == "GET":
            kinds += _READS
        if self._source and "/delta" in target:
            kinds += [*_BROKEN_CHAIN] * 3
        if self._draw.random() < 0.02:
            kinds = [*_REFUSED]
        return self._draw.choice(kinds)


def death(draw: random.Random, *, turns: int, commits: int) -> Death:
    """At any moment of a run that is as long as the last one."""
    if draw.random() < 0.5:
        return Death(at="turn", number=draw.randint(1, max(50, turns)))
    return Death(at=draw.choice(("before commit", "after commit")), number=draw.randint(1, max(4, commits)))


def bad_disk(draw: random.Random, *, statements: int) -> BadDisk:
    """For one statement, for some, or for good."""
    return BadDisk(
        how=draw.choice(("full", "locked", "io")),
        number=draw.randint(1, max(4, statements)),
        lasting=draw.choice((1, 1, 5, 10_000)),
    )
