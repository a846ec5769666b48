"""A second job of some histories: the same source and target as the first one, and a scope of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.simulation.titles import TITLES, Titles

OTHER = "other"
#: of a quarter of the histories
SHARE = 0.25
RENAMED = "Other"  #: how teams are called by then


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondJob:
    """How it is configured."""

    titles: str  #: of titles.TITLES
    precedence: int  #: the first job's is 0
    groups: str  #: off, all, renamed (teams that were renamed), or split: those, which the first job leaves out then
    deletes: bool  #: whom it lets go; else they are deactivated

    @property
    def has(self) -> Titles:
        return TITLES[self.titles]

    def has_team(self, job: str, name: str) -> bool:
        """Whether that job brings a team of this display name."""
        renamed = name.startswith(RENAMED)
        if job != OTHER:
            return not renamed or self.groups != "split"
        return self.groups == "all" or (renamed and self.groups != "off")

    def config(self, title: str, team: str, full_every: str) -> str:
        """Its tables in config.toml; `title`, `team`: the attributes at the source."""
        only = f"{{ attribute = '{team}', operator = 'REGEX MATCH', value = '{RENAMED}.*' }}"
        others = only.replace("REGEX MATCH", "NOT REGEX MATCH") if self.groups == "split" else ""
        clause = self.has.clause(title)
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
enabled = {str(self.groups != "off").lower()}
filters = [{f"[{only}]" if self.groups in ("renamed", "split") else ""}]
[jobs.job.groups]
filters = [{f"[{others}]" if others else ""}]
"""


def drawn(draw: random.Random, before: SecondJob | None = None) -> SecondJob:
    """One at random; in the place of another one it has groups where that had some: who stops to bring any keeps them."""
    if before is not None:
        groups = "off" if before.groups == "off" else draw.choice(("all", "renamed", "split"))
        return replace(drawn(draw), groups=groups)
    return SecondJob(
        titles=draw.choice((*TITLES, "unlisted", "unlisted", "unlisted", "untitled")),
        precedence=draw.choice((0, 0, 1, -1)),
        groups=draw.choice(("off", "off", "all", "renamed", "split", "split")),
        deletes=draw.random() < 0.25,
    )
