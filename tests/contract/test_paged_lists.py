"""Each service that is read in pages gives every record once, whatever happens to a page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.sandbox.scim import Quirks, ScimDirectory, scim_app
from connectors.sandbox.scim.members import Members
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import open_target
from syncd.core.model import SourceUser
from syncd.core.secret import Secret
from tests.contract.graph_world import tenant
from tests.contract.okta_world import TOKEN, organisation
from tests.contract.quick_time import QuickTime
from tests.contract.source_contract import RECORDS, Listing, SourceContract

PAGE = 5


class TestGraphUsers(SourceContract):
    """users/delta. Graph announces no total, and repeats an object with its newer version."""

    unknown_here = frozenset({SourceContract.wrong_total})

    @pytest.fixture
    async def listing(self) -> AsyncIterator[Listing]:
        with tenant(users=0, groups=0) as world:
            ids = [world.directory.create_user(userPrincipalName=f"u{n}@contoso.example") for n in range(RECORDS)]
            world.quirks.set({"users_page": PAGE, "removed_in_initial": False})
            source = world.source()

            async def read() -> AsyncIterator[str]:
                # A repeated object is its newer version, so it is the mirror that has each one once.
                await world.mirror.read(source, "users")
                for id_ in world.mirror.users:
                    yield id_

            def switch(name: str) -> None:
                world.quirks.set({name: True})

            yield Listing(
                expected=ids,
                read=read,
                pages=lambda: len(world.requests("users/delta")),
                misbehave={
                    self.empty_page: lambda: switch("empty_pages"),
                    self.repeated: lambda: switch("duplicates"),
                    self.reordered: lambda: switch("random_order"),
                },
            )
            await source.close()


class TestOktaUsers(SourceContract):
    """The application's users. Okta announces no total."""

    unknown_here = frozenset({SourceContract.wrong_total})

    @pytest.fixture
    async def listing(self) -> AsyncIterator[Listing]:
        with organisation() as world:
            people = world.people(RECORDS)
            world.options(page_size=PAGE)
            source = world.source()

            async def read() -> AsyncIterator[str]:
                # A repeated record is merged into what is there already, as the mirror does it.
                seen: dict[str, None] = {}
                async for page in source.read("users", None):
                    seen |= dict.fromkeys(record.id for record in page.records if isinstance(record, SourceUser))
                for id_ in seen:
                    yield id_

            def repeat() -> None:
                """The second page begins with the last record of the first."""
                with httpx.Client(headers={"authorization": f"SSWS {TOKEN}"}, trust_env=False) as client:
                    first = client.get(f"{world.url}/api/v1/apps/{world.app.id}/users")
                    second = client.get(first.links["next"]["url"])
                world.forget()
                link = f'<{second.links["next"]["url"]}>; rel="next"'
                answer = {"replace": [first.json()[-1], *second.json()], "headers": {"link": link}}
                world.fault(answer, path="/users", nth=2)

            yield Listing(
                expected=[user.id for user in people],
                read=read,
                pages=lambda: len(world.requests("/users?")),
                misbehave={
                    self.empty_page: lambda: world.options(empty_pages=True),
                    self.repeated: repeat,
                    self.reordered: lambda: world.options(link_form="next-first"),
                },
            )
            await world.close()


class TestScimAccounts(SourceContract):
    """The list of a target's accounts. Its pages are by position: one that is empty amid others has left out what it
    should have given, and nobody can know whom. So that list is refused, and nobody counts as gone."""

    refused = frozenset({SourceContract.empty_page})

    @pytest.fixture
    async def listing(self) -> AsyncIterator[Listing]:
        store = ScimDirectory()
        app = scim_app(store, quirks=Quirks(max_page=PAGE, page_size=PAGE), token="listing")
        ids = [
            store.add("user", f"account-{n:02}", {"userName": f"u{n:02}@contoso.example"}, Members()).id
            for n in range(RECORDS)
        ]
        with serve({"scim": app}) as served:
            settings = ScimSettings(name="t", url=f"{served['scim']}/scim", auth=BearerToken(token=Secret("listing")))
            target = open_target(settings, None, write=False, timing=QuickTime().timing)

            async def read() -> AsyncIterator[str]:
                async for observed in target.list("user"):
                    yield observed.id

            def pages() -> int:
                return sum("/Users" in entry.path for entry in app.journal)

            def repeat() -> None:
                records = [{"id": id_, "userName": id_} for id_ in ids[PAGE - 1 : 2 * PAGE - 1]]
                body = {"totalResults": RECORDS, "startIndex": PAGE + 1, "itemsPerPage": PAGE, "Resources": records}
                app.faults.add({"match": {"path": "Users", "nth": 2}, "action": {"replace": body}})

            def lose() -> None:
                empty = {"edit": {"set": {"Resources": []}}}
                app.faults.add({"match": {"path": "Users", "nth": 2}, "action": empty})

            yield Listing(
                expected=ids,
                read=read,
                pages=pages,
                misbehave={
                    self.empty_page: lose,
                    self.repeated: repeat,
                    self.reordered: lambda: app.control.quirks({"unstable_order": True}),
                    self.wrong_total: lambda: app.control.quirks({"total_results_off": -3}),
                },
            )
            await target.close()
