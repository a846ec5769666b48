"""What every SCIM target must do for us, whatever server is behind it. Inherited by one class a server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from connectors.errors import ReadOnly
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import ScimTarget, open_target
from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Change, Outcome
from syncd.core.secret import Secret
from tests.contract.quick_time import QuickTime

DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
WORK = 'emails[type eq "work"].value'
MOBILE = 'phoneNumbers[type eq "mobile"].value'


def change(
    action: Action,
    kind: str = "user",
    target_id: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **more: Any,
) -> Change:
    return Change(
        action=action,
        kind=kind,  # type: ignore[arg-type]
        source_id="s1",
        target_id=target_id,
        name="x",
        before=before or {},
        after=after or {},
        why="",
        **more,
    )


def person(**more: Any) -> dict[str, Any]:
    login = f"Jane.{uuid.uuid4().hex[:12]}@contoso.example"
    return {
        "userName": login,
        "externalId": uuid.uuid4().hex,
        "name.givenName": "Jane",
        "name.familyName": "Døe",
        "displayName": "Jane Døe",
        "active": True,
        WORK: login,
        **more,
    }


class TargetContract:
    """A subclass gives `settings` (a fixture) and says by the switches below what its server cannot do."""

    lost: frozenset[str] = frozenset()  #: paths that it accepts and does not keep

    @pytest.fixture
    def settings(self) -> ScimSettings:
        raise NotImplementedError

    @pytest.fixture
    async def target(self, settings: ScimSettings) -> AsyncIterator[ScimTarget]:
        target = open_target(settings, None, write=True, timing=QuickTime().timing)
        yield target
        await target.close()

    async def create(self, target: ScimTarget, kind: str, values: Mapping[str, Any]) -> str:
        outcome = await target.send(change(Action.CREATE, kind, after=values), {})
        assert outcome.status == "done", outcome
        assert outcome.target_id
        return outcome.target_id

    async def seen(self, target: ScimTarget, target_id: str, path: str, kind: str = "user") -> Any:
        one = await target.get(kind, target_id, members=True)  # type: ignore[arg-type]
        assert one is not None
        return read(one.resource, parse_path(path))

    async def members(self, target: ScimTarget, group_id: str) -> list[str]:
        one = await target.get("group", group_id, members=True)
        assert one is not None
        return sorted(member["value"] for member in one.resource.get("members") or ())

    async def update(
        self, target: ScimTarget, target_id: str, wrote: dict[str, Any], after: Mapping[str, Any], kind: str = "user"
    ) -> Outcome:
        before = {path: wrote.get(path) for path in after}
        return await target.send(change(Action.UPDATE, kind, target_id, before, after), wrote)

    async def test_a_created_user_is_found_by_its_login_and_nobody_else_is(self, target: ScimTarget) -> None:
        values = person()
        target_id = await self.create(target, "user", values)
        await self.create(target, "user", person())
        found = await target.find("user", {"userName": values["userName"]})
        assert [one.id for one in found] == [target_id]
        assert await target.find("user", {"userName": f"nobody-{uuid.uuid4().hex}@contoso.example"}) == ()

    async def test_letter_case_of_a_login_does_not_hide_an_account(self, target: ScimTarget) -> None:
        values = person(userName=f"case.{uuid.uuid4().hex}@contoso.example")
        target_id = await self.create(target, "user", values)
        found = await target.find("user", {"userName": values["userName"].upper()})
        assert [one.id for one in found] == [target_id]

    async def test_a_user_is_found_by_external_id(self, target: ScimTarget) -> None:
        if "externalId" in self.lost:
            pytest.skip("the server keeps no externalId")
        values = person()
        target_id = await self.create(target, "user", values)
        assert [one.id for one in await target.find("user", {"externalId": values["externalId"]})] == [target_id]

    async def test_characters_of_the_filter_grammar_are_only_characters(self, target: ScimTarget) -> None:
        for login in ('o"brien', "back\\slash", "a b&c=d", 'x" or userName pr', "jürgen", "o'neil"):
            values = person(userName=f"{login}.{uuid.uuid4().hex[:8]}@contoso.example")
            target_id = await self.create(target, "user", values)
            found = await target.find("user", {"userName": values["userName"]})
            assert [one.id for one in found] == [target_id], login

    async def test_differences_are_written_and_the_rest_stays(self, target: ScimTarget) -> None:
        wrote = person()
        target_id = await self.create(target, "user", wrote)
        after = {"displayName": "Jane Roe", "name.familyName": "Roe", WORK: "roe@contoso.example"}
        assert (await self.update(target, target_id, wrote, after)).status == "done"
        for path, value in {**wrote, **after}.items():
            if path not in self.lost:
                assert await self.seen(target, target_id, path) == value, path

    async def test_a_new_element_is_added_beside_the_others(self, target: ScimTarget) -> None:
        wrote = person()
        target_id = await self.create(target, "user", wrote)
        assert (await self.update(target, target_id, wrote, {MOBILE: "+4912345"})).status == "done"
        if MOBILE in self.lost:
            pytest.skip("the server keeps no phone numbers")
        assert await self.seen(target, target_id, MOBILE) == "+4912345"
        assert await self.seen(target, target_id, WORK) == wrote[WORK]
        wrote[MOBILE] = "+4912345"
        assert (await self.update(target, target_id, wrote, {MOBILE: "+4954321"})).status == "done"
        assert await self.seen(target, target_id, MOBILE) == "+4954321"

    async def test_a_cleared_value_goes(self, target: ScimTarget) -> None:
        wrote = person(title="Engineer", **{MOBILE: "+4912345"})
        target_id = await self.create(target, "user", wrote)
        outcome = await self.update(target, target_id, wrote, {"title": None, MOBILE: None})
        assert outcome.status == "done", outcome
        assert await self.seen(target, target_id, "title") in (None, "")
        assert await self.seen(target, target_id, MOBILE) is None
        if WORK not in self.lost:
            assert await self.seen(target, target_id, WORK) == wrote[WORK]

    async def test_an_extension_attribute_is_written_changed_and_cleared(self, target: ScimTarget) -> None:
        if DEPARTMENT in self.lost:
            pytest.skip("the server keeps no extensions")
        wrote = person()
        target_id = await self.create(target, "user", wrote)
        for value in ("Sales", "Legal", None):
            outcome = await self.update(target, target_id, wrote, {DEPARTMENT: value})
            assert outcome.status == "done", outcome
            assert await self.seen(target, target_id, DEPARTMENT) == value
            wrote[DEPARTMENT] = value

    async def test_an_account_is_deactivated_and_reactivated_under_its_id(self, target: ScimTarget) -> None:
        wrote = person()
        target_id = await self.create(target, "user", wrote)
        for action, active in ((Action.DEACTIVATE, False), (Action.REACTIVATE, True)):
            outcome = await target.send(
                change(action, "user", target_id, {"active": not active}, {"active": active}), wrote
            )
            assert outcome.status == "done", outcome
            assert await self.seen(target, target_id, "active") is active

    async def test_a_second_create_is_a_conflict_and_makes_no_second_account(self, target: ScimTarget) -> None:
        values = person()
        target_id = await self.create(target, "user", values)
        outcome = await target.send(change(Action.CREATE, after=values), {})
        assert (outcome.status, outcome.code) == ("failed", "Conflict")
        assert outcome.message
        assert [one.id for one in await target.find("user", {"userName": values["userName"]})] == [target_id]

    async def test_a_deleted_account_is_gone_and_deleting_it_again_is_done(self, target: ScimTarget) -> None:
        target_id = await self.create(target, "user", person())
        for _ in range(2):
            outcome = await target.send(change(Action.DELETE, target_id=target_id), {})
            assert outcome.status == "done", outcome
        assert await target.get("user", target_id) is None
        gone = await self.update(target, target_id, {}, {"displayName": "Nobody"})
        assert gone.status == "gone"

    async def test_members_are_added_and_removed_and_no_other_is_touched(self, target: ScimTarget) -> None:
        people = sorted([await self.create(target, "user", person()) for _ in range(5)])
        group_id = await self.create(target, "group", {"displayName": f"Sales {uuid.uuid4().hex}"})
        added = await target.send(change(Action.ADD_MEMBERS, "group", group_id, after={"members": people}), {})
        assert added.status == "done", added
        assert await self.members(target, group_id) == people
        for leaving, left in ((people[:2], people[2:]), (people[2:3], people[3:])):
            removal = change(Action.REMOVE_MEMBERS, "group", group_id, before={"members": leaving})
            outcome = await target.send(removal, {})
            assert outcome.status == "done", outcome
            assert await self.members(target, group_id) == left

    async def test_a_group_is_renamed_and_keeps_its_members(self, target: ScimTarget) -> None:
        member = await self.create(target, "user", person())
        wrote = {"displayName": f"Old {uuid.uuid4().hex}"}
        group_id = await self.create(target, "group", wrote)
        await target.send(change(Action.ADD_MEMBERS, "group", group_id, after={"members": [member]}), wrote)
        new = f"New {uuid.uuid4().hex}"
        outcome = await self.update(target, group_id, wrote, {"displayName": new}, "group")
        assert outcome.status == "done", outcome
        assert await self.seen(target, group_id, "displayName", "group") == new
        assert await self.members(target, group_id) == [member]

    async def test_the_list_has_everybody_once(self, target: ScimTarget) -> None:
        mine = set(await asyncio.gather(*(self.create(target, "user", person()) for _ in range(45))))
        listed = [one.id async for one in target.list("user")]
        assert len(listed) == len(set(listed))
        assert mine <= set(listed)

    async def test_the_preview_is_what_is_sent(self, target: ScimTarget) -> None:
        await target.discover()
        values = person()
        (request,) = target.preview(change(Action.CREATE, after=values), {})
        assert (request.method, request.path) == ("POST", "/Users")
        assert request.body["userName"] == values["userName"]

    async def test_opened_for_reading_it_cannot_write(self, settings: ScimSettings) -> None:
        target = open_target(settings, None, write=False, timing=QuickTime().timing)
        try:
            with pytest.raises(ReadOnly):
                await target.send(change(Action.CREATE, after=person()), {})
            assert target.requests == 0
            await target.find("user", {"userName": "nobody@contoso.example"})
        finally:
            await target.close()

    async def test_the_check_passes_and_a_wrong_token_is_named(
        self, settings: ScimSettings, target: ScimTarget
    ) -> None:
        await self.create(target, "user", person())
        findings = await target.check()
        assert findings
        assert all(finding.ok for finding in findings), findings
        other = open_target(
            ScimSettings(name="t", url=settings.url, auth=BearerToken(token=Secret("wrong"))), None, write=False
        )
        try:
            refused = await other.check()
        finally:
            await other.close()
        assert not refused[0].ok
        assert "token" in refused[0].remedy
        assert "wrong" not in repr(refused)
