"""One history: what happens to a company and to syncd from a seed on, and at its end a quiet time that must put all right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from syncd.cycle import Wish
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.simulation import invariants
from tests.simulation.edit import edit
from tests.simulation.faults import bad_disk, death
from tests.simulation.ground import JOB, VARIANTS, Ground
from tests.simulation.invariants import Violation
from tests.simulation.loop import Hang
from tests.simulation.moves import move
from tests.simulation.removals import Removals
from tests.simulation.second_job import OTHER, drawn
from tests.simulation.verbs import approve_held, provision_one, restart_job, sync_jobs
from tests.simulation.world import Ended, Surprise, World

_QUIET_CYCLES = 8
_DAY = 86_400


@dataclass(kw_only=True)
class Told:
    """What a history was made of."""

    seed: int
    lines: list[str] = field(default_factory=list)
    kills: int = 0
    faults: int = 0
    cycles: int = 0
    removals: int = 0
    stale: int = 0
    passed: int = 0  #: accounts and groups, from one job to the other
    violation: str | None = None


def live(under: Ground, seed: int, *, two: bool | None = None) -> Told:
    """Live through the history of this seed. What is wrong is in `violation`. `two`: with two jobs; None: as it falls."""
    told = Told(seed=seed)
    try:
        history = History(World(under, seed, two=two), told)
        history.run()
    except (Violation, Surprise, Hang) as wrong:
        told.violation = f"{type(wrong).__name__}: {wrong}"
    return told


class History:
    """The steps of one history."""

    def __init__(self, world: World, told: Told) -> None:
        self.world, self.told, self.draw = world, told, world.draw
        self._removals = Removals(world)
        self._approved = False
        self._edited = False  #: by hand, at the target
        self._owners: dict[str, str] = {}  #: jobs by the ids of what they have at the target
        self._say(f"{world.company.kind}, {self._quirks()}, {world.variant}, {world.second or 'one job'}")

    def _quirks(self) -> str:
        plain = type(self.world.quirks)().data
        return str({key: value for key, value in self.world.quirks.data.items() if plain[key] != value})

    def _say(self, text: str) -> None:
        self.told.lines.append(f"{self.world.clock.seconds:>12.3f} {text}")

    def run(self) -> None:
        draw = self.draw
        steps: dict[Callable[[], None], int] = {
            self.tick: 10,
            self.full: 2,
            self.dry: 2,
            self.on_demand: 2,
            self.two_at_once: 3,
            self.reconfigure: 2,
            self.approve: 2,
            self.restart: 2,
            self.by_hand: 2,
            self.jump: 1,
        }
        for _ in range(draw.randint(2, 5) + (1 if self.world.second else 0)):
            for _ in range(draw.randint(0, 3)):
                self._say(self.world.company.change())
                self._removals.doubt()
            if self.world.second is not None:
                self._pass_on()
            self.world.clock.advance(draw.choice((1, 60, 600, 7200, _DAY)))
            (step,) = draw.choices(list(steps), list(steps.values()))
            step()
            invariants.nothing_of_others_is_touched(self.world)
        self.quiet()

    # --- steps ------------------------------------------------------------------------------------------------------

    def _struck(self, *verbs: Callable[[Runtime], Awaitable[Any]], mild: bool = False) -> list[Ended]:
        """Run in bad weather, and with what may befall a process. `mild`: nothing does, in good weather."""
        draw, world = self.draw, self.world
        severity = 0 if mild else draw.choice((0, 0, 0.03, 0.1, 0.3, 0.7))
        where = draw.choice(("source", "target", "both"))
        world.at_source.chance = severity if where != "target" else 0
        world.at_target.chance = severity if where != "source" else 0
        stale = 0 if mild else draw.choice((0, 0, 0, 0.1, 0.5))
        world.stale_source.chance = stale if where != "target" else 0
        world.stale_target.chance = stale if where != "source" else 0
        fate = 1 if mild else draw.random()
        dies = death(draw, turns=world.turns, commits=world.commits) if fate < 0.4 else None
        disk = bad_disk(draw, statements=world.statements) if 0.4 <= fate < 0.55 else None
        before, old = world.at_source.struck + world.at_target.struck, self._stale()
        try:
            ended = world.run(*verbs, death=dies, disk=disk)
        finally:
            for weather in (world.at_source, world.at_target, world.stale_source, world.stale_target):
                weather.chance = 0
        faults = world.at_source.struck + world.at_target.struck - before
        self.told.faults += faults
        self._note_owners()
        self.told.stale += (old := self._stale() - old)
        self.told.kills += sum(one.killed for one in ended)
        for one in ended:
            how = "killed" if one.killed else one.error or _short(one.value)
            self._say(f"  weather {severity} at {where}: {faults} faults, {old} stale; {dies or disk or ''}; {how}")
        invariants.no_secret_is_told(world, ended)
        return ended

    def _jobs(self) -> tuple[str, ...]:
        """Those that a process is told of, in the order in which it takes them."""
        if self.world.second is None:
            return (JOB,)
        jobs: tuple[str, ...] = self.world.dice.choice(((JOB, OTHER), (OTHER, JOB), (JOB,), (OTHER,)))
        self._say(f"  jobs {' '.join(jobs)}")
        return jobs

    def _sync(self, wish: Wish) -> Callable[[Runtime], Awaitable[Any]]:
        return partial(sync_jobs, jobs=self._jobs(), wish=wish)

    def _note_owners(self) -> None:
        """Whose what is now, and what has passed from one job to the other."""
        for link in invariants.links(self.world) if self.world.second else ():
            if self._owners.get(link.target_id, link.job) != link.job:
                self.told.passed += 1
                self.world.passed.add(link.target_id)
            self._owners[link.target_id] = link.job

    def _cycle(self, wish: Wish, *, times: int = 1, mild: bool = False) -> None:
        before, lagged = self._removals.before(), self.world.stale_source.told
        ended = self._struck(*(self._sync(wish) for _ in range(times)), mild=mild)
        self.told.cycles += times
        limited = times == 1 and not (self._approved or self._edited)
        self.told.removals += self._removals.judge(before, limited=limited)
        for one in ended:
            for result in one.value or ():
                if result.complete and result.error is None and self.world.stale_source.told == lagged:
                    self._removals.believed()

    def _stale(self) -> int:
        return self.world.stale_source.told + self.world.stale_target.told

    def _pass_on(self) -> None:
        """Some move from one job to the other, and these look at it soon after."""
        dice = self.world.dice
        for _ in range(dice.randint(1, 4)):
            self._say(f"move {move(self.world)}")
        if self.world.second is not None and self.world.second.groups != "off" and dice.random() < 0.3:
            self._say(f"rename_team {self.world.company.rename_team()}")
        self._removals.doubt()
        self.world.clock.advance(dice.choice((1, 60)))
        self.tick(mild=dice.random() < 0.5)

    def tick(self, *, mild: bool = False) -> None:
        self._say("tick")
        self._cycle(Wish(failed_now=False), mild=mild)

    def full(self) -> None:
        self._say("full cycle")
        self._cycle(Wish(full=True))

    def two_at_once(self) -> None:
        self._say("two daemons at once")
        self._cycle(Wish(failed_now=False), times=2)

    def dry(self) -> None:
        self._say("dry run")
        writes = self._writes()
        self._struck(self._sync(Wish(dry=True, full=self.draw.random() < 0.3)))
        if self._writes() != writes:
            raise Violation("a dry run wrote")

    def _writes(self) -> int:
        return sum(self.world.target.writes.values())

    def on_demand(self) -> None:
        person = self.draw.choice(sorted(self.world.company.people.values(), key=lambda one: one.login))
        self._say(f"on demand: {person.login}")
        verbs: list[Callable[[Runtime], Awaitable[Any]]] = [
            partial(provision_one, jobs=self._jobs(), name=person.login)
        ]
        if self.draw.random() < 0.4:
            verbs.insert(self.draw.randint(0, 1), self._sync(Wish(failed_now=False)))
        before = self._removals.before()
        self._struck(*verbs)
        self.told.removals += self._removals.judge(before, limited=False)

    def reconfigure(self) -> None:
        self.world.variant = self.draw.choice(VARIANTS)
        if self.world.second is not None:
            self.world.second = self.world.dice.choice((self.world.second, drawn(self.world.dice, self.world.second)))
        self._removals.doubt()
        self._say(f"configuration: {self.world.variant}, {self.world.second or 'one job'}")
        self.tick()

    def approve(self) -> None:
        self._say("approve what is held")
        (ended,) = self.world.run(approve_held)
        self._approved = self._approved or bool(ended.value)  # it lasts for a day, and days are short here
        self.tick()

    def restart(self) -> None:
        links = self.draw.random() < 0.5
        job = self._jobs()[0]
        self._say(f"restart {job}{', links forgotten' if links else ''}")
        self.world.run(partial(restart_job, job=job, links=links))
        if links:
            self.world.forgotten = True
            self.world.stale_target.catch_up()  # nothing is known by now but what it shows
            # who is not wanted there stays: nobody knows him any more
            self.world.by_hand |= {one.id for one in (*self.world.target.users(), *self.world.target.groups())}
        self.tick()

    def by_hand(self) -> None:
        self._edited = True
        if (said := edit(self.world)) is not None:
            self._say(f"by hand: {said}")
        self.tick()

    def jump(self) -> None:
        self.world.skew += self.draw.choice((-7200, -60, -5, 5, 60, 7200, _DAY))
        self._say(f"the clock jumps, now {self.world.skew} s ahead")
        self.tick()

    # --- the end ----------------------------------------------------------------------------------------------------

    def quiet(self) -> None:
        """No more faults: in a few full cycles, with everything approved, all is as it should be, and stays so."""
        world = self.world
        world.skew = 0
        world.clock.advance(10_000)
        self._say("quiet, by increments")
        self._rest(Wish(), needed=not self._edited)
        if not self._edited:  # what comes by increments alone must do
            invariants.the_target_is_as_wished(world)
        self._say("quiet, with everything read")
        world.clock.advance(2 * _DAY)
        self._rest(Wish(full=True))
        invariants.the_target_is_as_wished(world)
        invariants.nothing_is_doubled(world)
        invariants.nothing_of_others_is_touched(world)
        invariants.nobody_else_is_asked(world)
        invariants.every_object_has_its_link(world)

    def _rest(self, wish: Wish, *, needed: bool = True) -> None:
        """Cycles, and approvals of what they hold, until there is nothing left to do; after edits by hand not `needed`."""
        world, last, judged = self.world, [], needed or wish.full
        for _ in range(_QUIET_CYCLES):
            writes, left = self._writes(), invariants.open_rows(world)
            before = self._removals.before()
            (ended,) = world.run(partial(sync_jobs, jobs=tuple(world.titles), wish=wish))
            self._note_owners()
            self._say(f"  {ended.error or _short(ended.value)}")
            if ended.error is not None:
                raise Violation(f"a quiet cycle ended with: {ended.error}")
            self._removals.judge(before, limited=False)
            last = ended.value
            ended_well = all(one.exit_code == 0 or _conflicts_alone(one) for one in last)
            # An account that passes on without a request is news for the job that had it, and so is the end of a request
            # that an earlier process left.
            if ended_well and self._writes() == writes and not left and not any(one.counts["adopt"] for one in last):
                needed = False
                break
            if any(one.exit_code == 3 for one in last):
                world.run(approve_held)
        invariants.nothing_is_put_off(world)
        if needed:
            raise Violation(f"not at rest after {_QUIET_CYCLES} quiet cycles: {_short(last)}")
        if judged:  # that an account was deleted by hand, and another one is free for it, shows in a full cycle
            invariants.only_what_both_claim_is_held(world)


def _conflicts_alone(result: JobResult) -> bool:
    """Whether nothing is left but what no approval frees."""
    return result.exit_code == 3 and not result.approvable and not result.counts["failed"] and not result.waiting


def _short(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return "; ".join(
        f"exit {one.exit_code} { ({k: n for k, n in one.counts.items() if n and k != 'skip'}) } {one.error or ''}"
        for one in value
        if isinstance(one, JobResult)
    )
