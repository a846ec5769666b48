"""An exact dry run: what it plans is what the target then gets, request by request and stage by stage."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.change import NEW, Action
from tests.property.turns import STAFF, Event, events, happen
from tests.system.company import GraphCompany
from tests.system.house import House, house
from tests.system.recorder import body_of

GUARDS = "[jobs.job.guards]\ndeletions = { count = 2, percent = 100 }"
EXAMPLES = int(os.environ.get("SYNCD_TEST_DRY_RUNS", "2"))


def planned(here: House) -> tuple[int, str, list[dict[str, Any]]]:
    """(exit code, checksum, changes) of a dry run. It writes nothing."""
    before = here.state()
    told = here.sync(code=None, dry=True, previews=True)
    assert here.written == []
    assert here.state() == before
    assert told["error"] is None
    code = 3 if told["counts"]["held"] else 2 if told["changes"] else 0
    return code, told["checksum"], told["changes"]


def texts(here: House, requests: list[tuple[str, str, Any]]) -> list[str]:
    """Requests as text, the ids that were still to come in place."""
    found = []
    for method, path, body in requests:
        text = orjson.dumps({"method": method, "path": unquote(path), "body": body}).decode()
        for kind in ("user", "group"):
            ids = list(here.company.ids.values())
            for source_id, link in here.runtime.store.links.of("job", kind, ids).items():  # type: ignore[arg-type]
                text = text.replace(f"{NEW}company:{source_id}", link.target_id)
        found.append(orjson.dumps(as_sets(orjson.loads(text)), option=orjson.OPT_SORT_KEYS).decode())
    return found


def as_sets(value: Any) -> Any:
    """Members are a set: once their ids are known they may go in another order."""
    if isinstance(value, list):
        return sorted((as_sets(one) for one in value), key=orjson.dumps)
    return {key: as_sets(one) for key, one in value.items()} if isinstance(value, dict) else value


def stage(change: dict[str, Any]) -> int:
    """When a change is applied. A reference is an update that comes late."""
    if change["action"] == "update" and {row["attribute"].rpartition(":")[2] for row in change["modified"]} <= {
        "manager",
        "manager.value",
    }:
        return int(Action.REFERENCE)
    return int(Action[change["action"].upper()])


def agrees(here: House) -> int:
    """One dry run, and the cycle that follows. Gives the exit code of the dry run."""
    code, checksum, changes = planned(here)
    done = here.sync(code=None)
    assert done["checksum"] == checksum
    wanted: dict[int, list[str]] = {}
    for change in changes:
        if change["status"] == "planned":
            some = [(r["method"], r["path"].partition("?")[0], r["body"]) for r in change["requests"]]
            wanted.setdefault(stage(change), []).extend(texts(here, some))
    sent = texts(here, [(e.method, e.path.removeprefix("/scim"), body_of(e)) for e in here.written])
    assert Counter(sent) == Counter(text for some in wanted.values() for text in some)
    at = {text: number for number, some in wanted.items() for text in some}
    stages = [at[text] for text in sent]
    assert stages == sorted(stages)
    assert {0: {0}, 2: {0}, 3: {3}}[code] == {3 if done["counts"]["held"] else 0}
    return code


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(days=st.lists(st.lists(events, min_size=1, max_size=8), min_size=1, max_size=3))
def test_dry_run_and_apply_agree(tmp_path_factory: Any, days: list[list[Event]]) -> None:
    folder: Path = tmp_path_factory.mktemp("world")
    with house("graph", folder, people=len(STAFF), more=GUARDS, begun=False) as here:
        company = here.company
        assert isinstance(company, GraphCompany)
        assert agrees(here) == 2
        for day in days:
            for event in day:
                happen(company, event)
            agrees(here)
        assert agrees(here) in (0, 3)


def test_a_dry_run_ends_with_0_2_or_3_as_there_is_nothing_something_or_something_held(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=len(STAFF), more=GUARDS, begun=False) as here:
        assert [agrees(here), agrees(here)] == [2, 0]
        for name in ("ada", "cem", "eve"):
            here.company.disable(name)
        assert [agrees(here), agrees(here)] == [3, 3]
