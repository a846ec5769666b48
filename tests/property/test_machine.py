"""A machine tries what nobody thinks of: source changes, target faults, other configurations, on demand, approvals,
restarts, in any order. After each step the promises hold; at the end everything is as wished.

SYNCD_TEST_MACHINE_EXAMPLES and SYNCD_TEST_MACHINE_STEPS make a run long.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connectors.sandbox.scim.control import ScimControl
from syncd.approval import NothingToApprove, Outdated, approve
from syncd.config import load
from syncd.control import restart, retry
from syncd.core.change import Action
from syncd.provision import NobodyFound, provision
from syncd.runtime import Runtime
from tests.property.turns import STAFF, Event, events, happen, user
from tests.system.company import GraphCompany
from tests.system.house import TARGET_TOKEN, House, house
from tests.system.recorder import body_of

EXAMPLES = int(os.environ.get("SYNCD_TEST_MACHINE_EXAMPLES", "2"))
STEPS = int(os.environ.get("SYNCD_TEST_MACHINE_STEPS", "10"))
LIMIT = 3
GUARDS = f"[jobs.job.guards]\ndeletions = {{ count = {LIMIT}, percent = 100, minimum = 100 }}"
#: of each pair the configuration has one
CHOICES = (
    ('scope = "assigned"', 'scope = "all"'),
    ('drift = "repair"', 'drift = "report"'),
    ("nested_groups = false", "nested_groups = true"),
    ('out_of_scope = "deactivate"', 'out_of_scope = "ignore"'),
    ('operator = "NOT EQUALS", value = "Head of legal"', 'operator = "NOT EQUALS", value = "Head of sales"'),
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 400},
    {"status": 500},
    {"status": 500, "applied": True},
    {"drop": "before"},
    {"drop": "answer"},
    {"drop": "body", "reset": True},
    {"html": 502},
)
STATISTICS: Counter[str] = Counter()


class Machine(RuleBasedStateMachine):
    """One company, one target, and whatever happens between them."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()

    @initialize()
    def begin(self) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        job = "\n".join(one for one, _ in CHOICES[:3])
        users = f"[jobs.job.users]\n{CHOICES[3][0]}\nfilters = [[{{ attribute = 'jobTitle', {CHOICES[4][0]} }}]]"
        self.here: House = self.stack.enter_context(
            house("graph", folder, people=6, job=job, more=f"{users}\n{GUARDS}", begun=False)
        )
        company = self.here.company
        assert isinstance(company, GraphCompany)
        self.company: GraphCompany = company
        for name in STAFF[:6]:
            company.set_title(name, "Engineer")
        control = self.here.service.control
        assert isinstance(control, ScimControl)
        self.strangers = {
            str(control.mutate("create", {"kind": kind, "resource": resource})["id"])
            for kind, resource in (
                ("user", {"userName": "stranger@elsewhere.example", "active": True}),
                ("user", {"userName": f"{company.login('ada')}.old", "active": False}),
                ("group", {"displayName": "Strangers"}),
            )
        }
        self.theirs = {id_: state for id_, state in self.here.state().items() if id_ in self.strangers}
        self.approved = 0
        self.seen = self.here.service.journal.total

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule(some=st.lists(events, min_size=1, max_size=5))
    def day(self, some: list[Event]) -> None:
        for event in some:
            happen(self.company, event)
            STATISTICS[f"event {event[0]}"] += 1

    @rule(
        at=st.integers(0, len(FAULTS) - 1), nth=st.integers(1, 4), method=st.sampled_from(("POST", "PATCH", "DELETE"))
    )
    def break_the_target(self, at: int, nth: int, method: str) -> None:
        self.here.at_target(FAULTS[at], times=2, method=method, nth=nth)

    @rule(path=st.sampled_from(("users/delta", "groups/delta", "appRoleAssignedTo")))
    def break_the_source(self, path: str) -> None:
        self.here.at_source({"status": 403}, times=1, path=path)

    @rule(name=st.sampled_from(STAFF), what=st.sampled_from(("title", "active", "delete")))
    def somebody_at_the_target(self, name: str, what: str) -> None:
        """Past us, at an account of ours."""
        stored = self.here.target.user(self.company.login(name))
        if stored is None:
            return
        if what == "delete":
            self.here.target.remove(stored)
        else:
            value = {"title": "Pirate"} if what == "title" else {"active": stored.attributes.get("active") is False}
            self.here.target.change(stored, {**stored.attributes, **value}, stored.members)

    @rule(which=st.integers(0, len(CHOICES) - 1))
    def change_the_configuration(self, which: int) -> None:
        text = self.here.config.read_text(encoding="utf-8")
        one, other = CHOICES[which]
        self.here.config.write_text(
            text.replace(one, other) if one in text else text.replace(other, one), encoding="utf-8"
        )
        self.reopen()

    @rule()
    def reopen(self) -> None:
        """Another process goes on."""
        before = self.here.runtime
        before.close()
        self.here.runtime = Runtime.open(load(self.here.config), clock=before.clock)

    @rule(days=st.sampled_from((0.1, 1.1, 8)))
    def time_goes_by(self, days: float) -> None:
        self.here.time.advance(timedelta(days=days))

    @rule(full=st.booleans())
    def cycle(self, full: bool) -> None:
        self.cycled(full=full)

    @rule()
    def look_first(self) -> None:
        before = self.here.state()
        dry = self.here.sync(code=None, dry=True)
        assert self.here.state() == before
        if dry["error"] is None:
            STATISTICS["dry run"] += 1

    @rule(name=st.sampled_from(STAFF))
    def on_demand(self, name: str) -> None:
        self.here._seen = self.here.service.journal.total
        who = self.company.ids.get(name, self.company.login(name))
        try:
            uvloop.run(provision(self.here.runtime, who, ["job"]))
        except NobodyFound:
            STATISTICS["nobody"] += 1

    @rule()
    def let_go(self) -> None:
        newest = self.here.runtime.store.journal.newest("job")
        if newest is None:
            return
        try:
            self.approved += approve(self.here.runtime, "job", newest[1])
            STATISTICS["approval"] += 1
        except (NothingToApprove, Outdated):
            STATISTICS["nothing to approve"] += 1

    @rule(links=st.booleans())
    def start_afresh(self, links: bool) -> None:
        restart(self.here.runtime, "job", links=links)

    @rule()
    def try_again(self) -> None:
        retry(self.here.runtime, "job")

    # --- cycles -------------------------------------------------------------------------------------------------------

    def cycled(self, *, full: bool = False) -> dict[str, Any]:
        told = self.here.sync(code=None, full=full)
        STATISTICS[f"cycle {told['cycle']}"] += 1
        for word, count in told["counts"].items():
            STATISTICS[f"rows {word}"] += count
        removals = [
            change for change in told["changes"]
            if change["kind"] == "user" and change["action"] in ("deactivate", "delete") and change["status"] == "done"
        ]  # fmt: skip
        assert len(removals) <= LIMIT + self.approved
        if told["error"] is not None or not told["complete"]:
            STATISTICS["incomplete"] += 1
        return told

    # --- the promises -------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_that_is_not_ours_is_touched(self) -> None:
        if not hasattr(self, "here"):
            return
        assert {id_: state for id_, state in self.here.state().items() if id_ in self.strangers} == self.theirs

    @invariant()
    def nobody_has_two_accounts(self) -> None:
        if not hasattr(self, "here"):
            return
        for kind in ("user", "group"):
            everyone = self.here.target.users() if kind == "user" else self.here.target.groups()
            links = self.here.runtime.store.links.owners("product", kind, [one.id for one in everyone])  # type: ignore[arg-type]
            assert len({link.source_id for link in links.values()}) == len(links)
            names = Counter(one.name.casefold() for one in everyone)
            assert max(names.values(), default=1) == 1

    @invariant()
    def no_secret_is_anywhere(self) -> None:
        if not hasattr(self, "here"):
            return
        for entry in self.here.service.journal.since(self.seen):
            assert TARGET_TOKEN not in f"{entry.path}?{entry.query} {body_of(entry)}"
        self.seen = self.here.service.journal.total
        database = self.here.config.parent / "state.db"
        for file in (database, database.with_name("state.db-wal")):
            if file.exists():
                assert TARGET_TOKEN.encode() not in file.read_bytes()

    def teardown(self) -> None:
        try:
            if hasattr(self, "here"):
                self.converges()
        finally:
            if hasattr(self, "here"):
                self.here.runtime.close()
            self.stack.close()

    def converges(self) -> None:
        """Faults are over: after a few approved cycles nothing is left to do, and the target is as the wish says."""
        here = self.here
        here.all_well()
        for _ in range(8):
            told = self.cycled(full=True)
            self.let_go()
            if not here.written and not told["counts"]["held"] and not told["counts"]["failed"]:
                break
        STATISTICS["histories"] += 1
        last = self.cycled(full=True)
        assert here.written == []
        assert [row for row in last["changes"] if row["action"] != Action.ADOPT.word] == []
        ignoring = 'out_of_scope = "ignore"' in here.config.read_text(encoding="utf-8")
        wished = self.wished()
        active = here.active() - {"stranger@elsewhere.example"}
        assert wished <= active
        if not ignoring:
            linked = here.runtime.store.links.owners("product", "user", [one.id for one in here.target.users()])
            ours = {one.name for one in here.target.users() if one.id in linked}
            assert active & ours == wished

    def wished(self) -> set[str]:
        """Who is to have an account that is active, by the directory and the configuration alone."""
        text = self.here.config.read_text(encoding="utf-8")
        refused = "Head of legal" if CHOICES[4][0] in text else "Head of sales"
        assigned = {row.principal.id for row in self.company.directory.assignments if row.ended is None}
        found = set()
        for name in STAFF:
            one = user(self.company, name)
            if one is None or not one.live or not one.values.get("accountEnabled"):
                continue
            if (title := one.values.get("jobTitle")) is None or title == refused:
                continue
            groups = [g for g in self.company.directory.groups if g.live and g.id in assigned]
            inside = any(one.id in {member.id for member in group.members()} for group in groups)
            if 'scope = "all"' in text or one.id in assigned or inside:
                found.add(str(one.values["userPrincipalName"]))
        return found


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_the_machine_did_something() -> None:
    """Runs after the machine: a machine whose steps all do nothing would prove nothing."""
    if STATISTICS["histories"]:
        assert STATISTICS["rows create"] > 0
    if os.environ.get("SYNCD_TEST_MACHINE_EXAMPLES"):
        for word, count in sorted(STATISTICS.items()):
            print(f"{count:8,} {word}")
