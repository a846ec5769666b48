"""A second job of some histories: the same source and target as the first one, and a scope of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.simulation.titles import TITLES, Titles

OTHER = "other"
#: of a quarter of the histories
SHARE = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondJob:
    """How it is configured."""

    titles: str  #: of titles.TITLES
    precedence: int  #: the first job's is 0
    groups: bool
    deletes: bool  #: whom it lets go; else they are deactivated

    @property
    def has(self) -> Titles:
        return TITLES[self.titles]

    def config(self, attribute: str, full_every: str) -> str:
        """Its tables in config.toml; `attribute`: the title's at the source."""
        clause = self.has.clause(attribute)
        return f"""
[jobs.{OTHER}]
source = "company"
target = "product"
schedule = "1m"
full_every = "{full_every}"
drift = "repair"
precedence = {self.precedence}
[jobs.{OTHER}.guards]
deletions = {{ count = 500, percent = 100, minimum = 100 }}
[jobs.{OTHER}.users]
out_of_scope = "{"delete" if self.deletes else "deactivate"}"
filters = [{f"[{clause}]" if clause else ""}]
[jobs.{OTHER}.groups]
enabled = {str(self.groups).lower()}
"""


def drawn(draw: random.Random) -> SecondJob:
    """One at random."""
    return SecondJob(
        titles=draw.choice(tuple(TITLES)),
        precedence=draw.choice((0, 0, 1, -1)),
        groups=draw.random() < 0.3,
        deletes=draw.random() < 0.25,
    )
