"""A machine tries what nobody thinks of: source changes, target faults, edits at the target, other configurations, on
demand, approvals, restarts, in any order. After each step the promises hold; at the end everything is as wished.

SYNCD_TEST_MACHINE_EXAMPLES and SYNCD_TEST_MACHINE_STEPS make a run long, and then it says what it went through.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Literal

import uvloop
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from syncd.control import restart, retry
from syncd.provision import NobodyFound, provision
from tests.property.machine import CHOICES, STATES, STATISTICS, WAYS, Life
from tests.property.turns import STAFF, TEAMS, Event, events

LONG = "SYNCD_TEST_MACHINE_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("SYNCD_TEST_MACHINE_EXAMPLES", "2"))
STEPS = int(os.environ.get("SYNCD_TEST_MACHINE_STEPS", "6"))
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 400},
    {"status": 500},
    {"status": 500, "applied": True},
    {"drop": "before"},
    {"drop": "answer"},
    {"drop": "body", "reset": True},
    {"html": 502},
)
#: what may befall many at once
MASS = ("leave", "disable", "recycle", "purge", "retitle")
Then = Literal["cycle", "approve", "full", "nothing"]
thens = st.sampled_from(("cycle", "approve", "full", "nothing"))
few = st.lists(events, max_size=3)


class Machine(Life):
    """The steps. Most of them end with a cycle, so that there is something to be wrong."""

    def then(self, then: Then) -> None:
        if then != "nothing":
            self.cycled(full=then == "full")
        if then == "approve" and self.held:
            self.approved()
            self.cycled()

    @rule(some=st.lists(events, min_size=1, max_size=5), then=thens)
    def a_day(self, some: list[Event], then: Then) -> None:
        self.did("a day")
        self.day(some)
        self.then(then)

    @rule(
        what=st.sampled_from(MASS),
        names=st.sets(st.sampled_from(STAFF[:6]), min_size=2),
        team=st.sampled_from(TEAMS),
        then=thens,
    )
    def many_go(self, what: str, names: set[str], team: str, then: Then) -> None:
        """In one day, as far as the guard lets them."""
        self.did("many go")
        self.day([(what, name, team) for name in sorted(names)])
        self.then(then)

    @rule(
        at=st.sampled_from(FAULTS),
        nth=st.integers(1, 4),
        method=st.sampled_from(("POST", "PATCH", "DELETE")),
        some=few,
        then=thens,
    )
    def break_the_target(self, at: dict[str, Any], nth: int, method: str, some: list[Event], then: Then) -> None:
        self.did("break the target")
        self.here.at_target(at, times=2, method=method, nth=nth)
        self.day(some)
        self.then(then)

    @rule(path=st.sampled_from(("users/delta", "groups/delta", "appRoleAssignedTo")), some=few, then=thens)
    def break_the_source(self, path: str, some: list[Event], then: Then) -> None:
        self.did("break the source")
        self.here.at_source({"status": 403}, times=1, path=path)
        self.day(some)
        self.then(then)

    @rule(name=st.sampled_from(STAFF), what=st.sampled_from(("title", "active", "delete")), then=thens)
    def an_account_by_hand(self, name: str, what: str, then: Then) -> None:
        """Past us, at an account of ours."""
        stored = self.here.target.user(self.company.login(name))
        if stored is None:
            return
        self.did(f"account by hand: {what}")
        if what == "delete":
            self.here.target.remove(stored)
        else:
            value = {"title": "Pirate"} if what == "title" else {"active": stored.attributes.get("active") is False}
            self.here.target.change(stored, {**stored.attributes, **value}, stored.members)
        self.then(then)

    @rule(
        team=st.sampled_from(TEAMS),
        name=st.sampled_from(STAFF),
        what=st.sampled_from(("join", "leave", "delete")),
        then=thens,
    )
    def a_group_by_hand(self, team: str, name: str, what: str, then: Then) -> None:
        """Past us, at a group of ours."""
        group = self.here.target.group(self.company.team_name(team))
        account = self.here.target.user(self.company.login(name))
        if group is None or (account is None and what != "delete"):
            return
        self.did(f"group by hand: {what}")
        if what == "delete":
            self.here.target.remove(group)
        elif account is not None:
            members = group.members.copy()
            if what == "leave":
                members.discard(account.id)
            elif account.id not in members:
                members.add({"value": account.id})
                self.by_hand.add((group.id, account.id))
            self.here.target.change(group, group.attributes, members)
        self.then(then)

    @rule(choice=st.sampled_from(CHOICES), then=thens)
    def another_configuration(self, choice: tuple[str, str], then: Then) -> None:
        self.did("another configuration")
        one, other = choice
        self.configure(one, other) if one in self.text else self.configure(other, one)
        self.then(then)

    @rule(some=few, then=thens)
    def another_process(self, some: list[Event], then: Then) -> None:
        self.did("another process")
        self.day(some)
        self.reopened()
        self.then(then)

    @rule(days=st.sampled_from((0.1, 1.1, 8)), then=thens)
    def time_goes_by(self, days: float, then: Then) -> None:
        self.did("time goes by")
        self.here.time.advance(timedelta(days=days))
        self.then(then)

    @rule(some=few, then=thens)
    def look_first(self, some: list[Event], then: Then) -> None:
        self.did("dry run")
        self.day(some)
        before = self.here.state()
        self.run(dry=True)
        assert self.here.state() == before
        self.then(then)

    @rule(name=st.sampled_from(STAFF), some=few)
    def on_demand(self, name: str, some: list[Event]) -> None:
        self.did("on demand")
        self.day(some)
        who = self.company.ids.get(name, self.company.login(name))
        try:
            uvloop.run(provision(self.here.runtime, who, ["job"]))
        except NobodyFound:
            STATISTICS["nobody found"] += 1

    @precondition(lambda self: self.held > 0)
    @rule(some=few, then=thens)
    def let_go(self, some: list[Event], then: Then) -> None:
        """What is held, while something else happens."""
        self.did("let go")
        self.approved()
        self.day(some)
        self.then(then)

    @rule(links=st.booleans(), then=thens)
    def start_afresh(self, links: bool, then: Then) -> None:
        self.did("restart --links" if links else "restart")
        restart(self.here.runtime, "job", links=links)
        self.then(then)

    @rule(then=thens)
    def try_again(self, then: Then) -> None:
        self.did("retry")
        retry(self.here.runtime, "job")
        self.then(then)


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
    if LONG:
        STATISTICS["steps"] = sum(count for word, count in STATISTICS.items() if word.startswith("rule "))
        STATISTICS["states"], STATISTICS["ways from state to state"] = len(STATES), len(WAYS)
        for word, count in sorted(STATISTICS.items()):
            print(f"{count:8,} {word}")
        assert STATISTICS["cycles with holds"] > 0
        assert STATISTICS["approved rows that went"] > 0
