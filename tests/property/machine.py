"""A company, its target and the daemon between them, as a hypothesis state machine without rules: how it begins, how a
cycle is run and judged, what must be true after each step, and what must be true at the end."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from connectors.sandbox.scim.control import ScimControl
from syncd.approval import NothingToApprove, Outdated, approve
from syncd.config import load
from syncd.core.change import Action
from syncd.core.model import Kind
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.property.guarded import the_guard_holds
from tests.property.turns import Event, happen
from tests.property.wished import wished
from tests.system.company import GraphCompany
from tests.system.conftest import sync_once
from tests.system.house import TARGET_TOKEN, House, house
from tests.system.recorder import body_of

LIMIT = 1
#: of each pair the configuration has one
CHOICES = (
    ('scope = "assigned"', 'scope = "all"'),
    ('drift = "repair"', 'drift = "report"'),
    ("nested_groups = false", "nested_groups = true"),
    ('out_of_scope = "deactivate"', 'out_of_scope = "ignore"'),
    ('operator = "NOT EQUALS", value = "Head of legal"', 'operator = "NOT EQUALS", value = "Head of sales"'),
    ("max_active_users = 50", "max_active_users = 4"),
    ("minimum = 100 }", 'minimum = 100, window = "24h" }'),
)
KINDS: tuple[Kind, ...] = ("user", "group")
STATISTICS: Counter[str] = Counter()
#: each state that a machine was in after a step, and each way from one to the next
STATES: set[tuple[object, ...]] = set()
WAYS: set[tuple[object, ...]] = set()


class Life(RuleBasedStateMachine):
    """One company, one target, and no more removed in a cycle than LIMIT lets."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.begun = False
        self.held = 0  #: rows that the guard held in the last cycle
        self.by_hand: set[tuple[str, str]] = set()  #: group and member whom somebody joined at the target
        self.last = "begin"
        self.state: tuple[object, ...] = ()

    @initialize()
    def begin(self) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        scope, drift, nested, leaving, title, seats, minimum = (one for one, _ in CHOICES)
        users = f"[jobs.job.users]\n{leaving}\nfilters = [[{{ attribute = 'jobTitle', {title} }}]]"
        guards = f"[jobs.job.guards]\n{seats}\ndeletions = {{ count = {LIMIT}, percent = 100, {minimum}"
        job, more = "\n".join((scope, drift, nested)), f"{users}\n{guards}"
        self.here: House = self.stack.enter_context(
            house("graph", folder, people=6, job=job, more=more, begun=False)
        )  # fmt: skip
        company = self.here.company
        assert isinstance(company, GraphCompany)
        self.company: GraphCompany = company
        control = self.here.service.control
        assert isinstance(control, ScimControl)
        strangers = {
            str(control.mutate("create", {"kind": kind, "resource": resource})["id"])
            for kind, resource in (
                ("user", {"userName": "stranger@elsewhere.example", "active": True}),
                ("user", {"userName": f"{company.login('ada')}.old", "active": False}),
                ("group", {"displayName": "Strangers"}),
            )
        }
        self.theirs = {id_: state for id_, state in self.here.state().items() if id_ in strangers}
        self.seen = self.here.service.journal.total
        self.begun = True
        self.cycled()

    # --- verbs --------------------------------------------------------------------------------------------------------

    def did(self, what: str) -> None:
        STATISTICS[f"rule {what}"] += 1
        self.last = what

    def day(self, some: list[Event]) -> None:
        for one in some:
            happen(self.company, one)
            STATISTICS[f"event {one[0]}"] += 1

    @property
    def text(self) -> str:
        return self.here.config.read_text(encoding="utf-8")

    def configure(self, old: str, new: str) -> None:
        self.here.config.write_text(self.text.replace(old, new), encoding="utf-8")
        self.reopened()

    def reopened(self) -> None:
        before = self.here.runtime
        before.close()
        self.here.runtime = Runtime.open(load(self.here.config), clock=before.clock)

    def run(self, **wish: Any) -> JobResult:
        self.here.time.advance(timedelta(minutes=1))
        self.here._seen = self.here.service.journal.total
        return sync_once(self.here.runtime, "job", **wish)

    def cycled(self, *, full: bool = False) -> JobResult:
        journal = self.here.runtime.store.journal
        approved = journal.approved("job", now=self.here.time.now() + timedelta(minutes=1))
        result = self.run(full=full)
        rows = list(result.rows(self.here.runtime.store))
        the_guard_holds(rows, approved, limit=LIMIT)
        self.held = sum(row.status == "held" and row.guarded for row in rows)
        STATISTICS[f"cycle {result.cycle}"] += 1
        STATISTICS["cycles with holds"] += self.held > 0
        STATISTICS["cycles that failed or read in part"] += result.error is not None or not result.complete
        STATISTICS["approved rows that went"] += sum(row.key in approved and row.status == "done" for row in rows)
        STATISTICS["rows of drift"] += len(result.drift)
        for word, count in result.counts.items():
            STATISTICS[f"rows {word}"] += count
        return result

    def approved(self) -> None:
        newest = self.here.runtime.store.journal.newest("job")
        assert newest is not None
        try:
            STATISTICS["rows approved"] += approve(self.here.runtime, "job", newest[1])
            STATISTICS["approvals"] += 1
        except (NothingToApprove, Outdated):
            STATISTICS["nothing to approve"] += 1

    # --- the promises -------------------------------------------------------------------------------------------------

    @invariant()
    def a_state_is_reached(self) -> None:
        if not self.begun:
            return
        store = self.here.runtime.store
        memory = store.jobs.get("job")
        state = (
            tuple(one in self.text for one, _ in CHOICES),
            tuple(store.pending.count("job", reason) > 0 for reason in ("held", "failed", "reference", "grace")),
            bool(store.journal.approved("job", now=self.here.time.now())),
            (memory.last or {}).get("result"),
            memory.restart,
            memory.quarantine is not None,
        )
        STATES.add(state)
        WAYS.add((self.state, self.last, state))
        self.state = state

    @invariant()
    def nothing_that_is_not_ours_is_touched(self) -> None:
        if self.begun:
            assert {id_: state for id_, state in self.here.state().items() if id_ in self.theirs} == self.theirs

    @invariant()
    def nobody_has_two_accounts(self) -> None:
        if not self.begun:
            return
        for kind in KINDS:
            everyone = self.here.target.users() if kind == "user" else self.here.target.groups()
            links = self.here.runtime.store.links.owners("product", kind, [one.id for one in everyone])
            assert len({link.source_id for link in links.values()}) == len(links)
            names = Counter(one.name.casefold() for one in everyone)
            assert max(names.values(), default=1) == 1

    @invariant()
    def no_secret_is_anywhere(self) -> None:
        if not self.begun:
            return
        for entry in self.here.service.journal.since(self.seen):
            assert TARGET_TOKEN not in f"{entry.path}?{entry.query} {body_of(entry)}"
        self.seen = self.here.service.journal.total
        database = self.here.config.parent / "state.db"
        for file in (database, database.with_name("state.db-wal")):
            if file.exists():
                assert TARGET_TOKEN.encode() not in file.read_bytes()

    # --- the end ------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if self.begun:
                self.converges()
        finally:
            if self.begun:
                self.here.runtime.close()
            self.stack.close()

    def converges(self) -> None:
        """Faults are over, drift is repaired: after a few approved cycles nothing is left to do, and all is as wished."""
        self.here.all_well()
        self.configure(CHOICES[1][1], CHOICES[1][0])
        for _ in range(8):
            result = self.cycled(full=True)
            if not self.here.written and not result.counts["held"] and not result.counts["failed"]:
                break
            if result.counts["held"]:
                self.approved()
        last = self.cycled(full=True)
        assert self.here.written == []
        left = [row.change for row in last.rows(self.here.runtime.store) if row.change.action is not Action.ADOPT]
        assert left == []
        self.everything_is_as_wished()
        STATISTICS["histories"] += 1

    def everything_is_as_wished(self) -> None:
        here, links = self.here, self.here.runtime.store.links
        refused = "Head of legal" if CHOICES[4][0] in self.text else "Head of sales"
        wish = wished(self.company, everybody=CHOICES[0][1] in self.text, refused_title=refused)
        users = {one.id: one.name for one in here.target.users()}
        ours = {users[id_] for id_ in links.owners("product", "user", users)}
        assert wish.logins <= here.active()
        if CHOICES[3][0] in self.text:
            assert here.active() & ours == wish.logins
        groups = links.of("job", "group", wish.members)
        assert groups.keys() == wish.members.keys()
        for team, logins in wish.members.items():
            group = here.target.get("group", groups[team].target_id)
            assert group is not None
            joined = {users[user_id] for group_id, user_id in self.by_hand if group_id == group.id and user_id in users}
            inside = {users[id_] for id_ in group.members.ids} & here.active() & ours
            assert logins <= inside <= logins | joined
