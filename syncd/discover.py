"""`syncd discover`: whose a target's accounts are, from one listing of it and the state DB alone.

linked: an account that a job manages · matched: some source user's, and not managed · local: nobody's at the sources.
(Microsoft Entra documentation, "Account discovery", names them assigned, unassigned and local.)
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from connectors import Target
from connectors.errors import TargetError
from syncd.core.attributes import parse_path, read
from syncd.core.change import Link, Observed
from syncd.core.errors import SyncdError
from syncd.core.expression import EvaluationContext, IgnoreObject
from syncd.core.mapping import MappingError
from syncd.core.model import Json
from syncd.core.scope import Scope
from syncd.evaluate import Evaluated, Evaluator
from syncd.job import Job
from syncd.matching import match_key
from syncd.runtime import Runtime

Standing = Literal["linked", "matched", "local"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)
_TOGETHER = 500


@dataclass(kw_only=True, eq=False)
class UnknownTarget(SyncdError):
    """There is no target {name} in config.toml; its targets are {targets}. To try them: syncd check"""

    name: str
    targets: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account of a target, and whose it is."""

    standing: Standing
    target_id: str
    name: str  #: its userName at the target
    active: bool | None  #: None where the target does not say
    job: str | None = None  #: that manages it, or whose source has its user
    source_id: str | None = None
    source_name: str | None = None  #: of a matched one: the user at the source
    by: str | None = None  #: of a matched one: the match attribute that found it
    why: str = ""  #: of a matched one: why no job manages it


@dataclass(kw_only=True, slots=True)
class Discovery:
    """The counts, complete once all accounts have been seen."""

    target: str
    counts: Counter[str] = field(default_factory=Counter)
    gone: int = 0  #: linked accounts that the target did not list
    unread: list[str] = field(default_factory=list)  #: sources that were never read: what they have matches nothing

    @property
    def data(self) -> dict[str, int]:
        return {standing: self.counts[standing] for standing in STANDINGS} | {"gone": self.gone}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """A user of a source whom no job has linked at this target."""

    job: str
    source_id: str
    name: str
    why: str


def discover(runtime: Runtime, discovery: Discovery) -> AsyncIterator[Account]:
    """Each account of a target once, in the order of its listing; `discovery` is filled on the way.

    Nothing is asked of the target but its list. Raises UnknownTarget at once; TargetError where the list breaks off.
    """
    target, settings = discovery.target, runtime.settings
    if target not in settings.targets:
        raise UnknownTarget(name=target, targets=", ".join(settings.targets))
    return _accounts(runtime, discovery, [runtime.job(name) for name, s in settings.jobs.items() if s.target == target])


async def _accounts(runtime: Runtime, discovery: Discovery, jobs: Sequence[Job]) -> AsyncIterator[Account]:
    target = discovery.target
    index = await asyncio.to_thread(_index, runtime, jobs, discovery)
    own = Counter({job.name: sum(n for (k, _), n in _counts(runtime, job) if k == "user") for job in jobs})
    async with runtime.target(target, write=False) as opened:
        async for accounts in _together(opened):
            owners = runtime.store.links.owners(target, "user", [account.id for account in accounts])
            for account in accounts:
                found = _judged(account, owners.get(account.id), index)
                discovery.counts[found.standing] += 1
                if found.job is not None and found.standing == "linked" and found.job in own:
                    own[found.job] -= 1
                yield found
    discovery.gone = max(0, own.total())


def _counts(runtime: Runtime, job: Job) -> Iterable[tuple[tuple[str, bool], int]]:
    return runtime.store.links.count(job.name).items()


async def _together(target: Target) -> AsyncIterator[list[Observed]]:
    """Some hundred accounts at a time, so that their links are one question to the state DB."""
    some: list[Observed] = []
    broken: TargetError | None = None
    try:
        async for account in target.list("user"):
            some.append(account)
            if len(some) == _TOGETHER:
                yield some
                some = []
    except TargetError as error:
        broken = error  # what was listed before is true all the same
    if some:
        yield some
    if broken is not None:
        raise broken


_Index = Mapping[str, Mapping[str, list[_Candidate]]]  #: match attribute → key of its value → users


def _index(runtime: Runtime, jobs: Iterable[Job], discovery: Discovery) -> _Index:
    """The mirror's users who are not linked, by what would match them: in scope or not."""
    index: dict[str, dict[str, list[_Candidate]]] = {}
    now = runtime.clock.now()
    for job in jobs:
        mirror = runtime.store.mirror
        if not mirror.complete(job.source).get("users") and job.source not in discovery.unread:
            discovery.unread.append(job.source)
        rules = job.kinds["user"]
        rows = {row.path: row for row in rules.mapping.rows if row.path in rules.mapping.match}
        for path in rules.mapping.match:
            index.setdefault(path, defaultdict(list))
        evaluator = Evaluator(job, runtime.store, now=now)
        context = EvaluationContext(now=lambda: now, default_domain=job.default_domain)
        for ids in _batches(mirror.live_ids(job.source, "user")):
            for one in evaluator.load("user", ids):
                if one.link is not None:
                    continue
                candidate = _Candidate(job=job.name, source_id=one.object.id, name=one.name, why=_why(one))
                for path, row in rows.items():
                    try:
                        value = row.evaluate(one.entry, context)
                    except (MappingError, IgnoreObject):
                        continue
                    if isinstance(value, (str, int)) and value != "":
                        index[path][match_key(path, value)].append(candidate)
    return index


def _batches(ids: Iterator[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for id_ in ids:
        some.append(id_)
        if len(some) == _TOGETHER:
            yield some
            some = []
    if some:
        yield some


def _why(one: Evaluated) -> str:
    if one.error is not None:
        return f"its mapping fails: {one.error}"
    if one.verdict.scope is not Scope.IN:
        return f"not in scope: {one.verdict.clause}"
    if one.missing:
        return f"it has no {' and no '.join(one.missing)}, which the target needs"
    if one.desired is not None and not one.desired.active:
        return "in scope, and inactive at the source: nothing is created or adopted for it"
    return f"in scope ({one.verdict.clause}): the next cycle adopts it"


def _judged(account: Observed, link: Link | None, index: _Index) -> Account:
    resource = account.resource
    active = read(resource, parse_path("active"))
    known = Account(
        standing="local",
        target_id=account.id,
        name=str(read(resource, parse_path("userName")) or account.id),
        active=active if isinstance(active, bool) else None,
    )
    if link is not None:
        return _as(known, standing="linked", job=link.job, source_id=link.source_id)
    for path, values in index.items():
        value = read(resource, parse_path(path))
        found = values.get(match_key(path, value)) if isinstance(value, (str, int)) and value != "" else None
        if found:
            first = found[0]
            why = first.why if len(found) == 1 else f"{len(found)} users have this {path}: held until one is left"
            return _as(
                known,
                standing="matched",
                job=first.job,
                source_id=first.source_id,
                source_name=first.name,
                by=path,
                why=why,
            )
    return known


def _as(account: Account, **more: Json) -> Account:
    return Account(target_id=account.target_id, name=account.name, active=account.active, **more)
