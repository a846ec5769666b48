"""A group that passes from one job to another: with the members that the first one wrote, and in spite of lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.system.house import House, house
from tests.system.test_group_taken_over import KEEPS_TWINS, members, once

#: people who make products are of `job`, engineers of `other`; so are the teams that are called otherwise by now
TWO = {
    "job": """
[jobs.job.users]
filters = [[ { attribute = "jobTitle", operator = "NOT EQUALS", value = "Director" } ]]
[jobs.job.groups]
filters = [[ { attribute = "displayName", operator = "NOT REGEX MATCH", value = "Other.*" } ]]
""",
    "more": """
[jobs.other]
source = "company"
target = "product"
[jobs.other.users]
filters = [[ { attribute = "jobTitle", operator = "EQUALS", value = "Director" } ]]
[jobs.other.groups]
filters = [[ { attribute = "displayName", operator = "REGEX MATCH", value = "Other.*" } ]]
""",
}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path, people=4, quirks=KEEPS_TWINS, begun=False, **TWO) as made:
        made.company.set_title("ada", "Director")
        made.sync()
        made.sync(job="other")
        yield made


def test_a_group_that_passes_on_loses_the_members_that_its_former_job_wrote(here: House) -> None:
    assert members(here, "support") == once(here, "dea")
    before = here.target.group(here.company.team_name("support"))
    assert before is not None
    here.company.rename_team("support", "others")
    told = here.sync(code=3)
    assert ["job other claims this account" in row["held"] for row in told["changes"] if row["held"]] == [True]
    assert here.written == []
    here.sync(job="other")
    assert members(here, "others") == once(here, "ada")
    after = here.target.group(here.company.team_name("others"))
    assert after is not None
    assert after.id == before.id
    for job in ("job", "other"):
        here.sync(job=job, full=True)
        assert here.written == []

    here.company.rename_team("support", "support")
    here.sync()
    assert members(here, "support") == once(here, "dea")
    for job in ("job", "other"):
        here.sync(job=job, full=True)
        assert here.written == []


def test_a_group_and_its_member_that_pass_on_together_are_kept_as_they_are(here: House) -> None:
    here.company.set_title("dea", "Director")
    here.company.rename_team("support", "others")
    here.at_target({"drop": "answer"}, method="PATCH", path="/Groups/", times=1)
    here.at_target({"replace": 0}, method="GET", path="/Groups/")
    here.sync(code=None, job="other")
    here.all_well()
    here.time.advance(timedelta(minutes=5))
    for job in ("other", "job"):
        here.sync(job=job)
    assert members(here, "others") == once(here, "ada", "dea")
    for job in ("job", "other"):
        here.sync(job=job, full=True)
        assert here.written == []
