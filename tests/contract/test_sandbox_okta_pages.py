"""The sandbox's Okta: links, cursors and limits of its pages."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.contract.okta_org import TOKEN, Org, org


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org() as one:
        yield one


async def raw_head(acme: Org, path: str) -> list[str]:
    """The header lines of one answer as they are on the wire."""

    def ask() -> bytes:
        host, _, port = acme.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: SSWS {TOKEN}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            received = b""
            while part := connection.recv(65_536):
                received += part
        return received

    return (await asyncio.to_thread(ask)).split(b"\r\n\r\n")[0].decode().split("\r\n")


async def test_links_are_two_lines_with_self_first(acme: Org) -> None:
    acme.people(3)
    lines = [line for line in await raw_head(acme, "/api/v1/users?limit=2") if line.startswith("link: ")]
    assert lines[0] == f'link: <{acme.url}/api/v1/users?limit=2>; rel="self"'
    assert lines[1].startswith(f"link: <{acme.url}/api/v1/users?limit=2&after=200")
    assert lines[1].endswith('>; rel="next"')
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("next-first", lambda lines, _: 'rel="next"' in lines[0] and 'rel="self"' in lines[1]),
        ("joined", lambda lines, _: len(lines) == 1 and lines[0].count("rel=") == 2 and '>; rel="self", <' in lines[0]),
        ("unquoted", lambda lines, _: lines[1].endswith("; rel=next")),
        ("comma-in-url", lambda lines, _: "fields=id,status," in lines[1]),
        ("other-host", lambda lines, _: "<http://id.acme.example:" in lines[1]),
        ("base64-cursor", lambda lines, _: all(code in lines[1] for code in ("%2B", "%2F", "%3D"))),
        ("with-prev", lambda _, second: any('rel="prev"' in line for line in second)),
        ("capital", lambda lines, _: len(lines) == 2),
    ],
)
async def test_link_forms_look_as_live_ones_do(acme: Org, form: str, expected: Any) -> None:
    acme.people(5)
    acme.directory.set_options({"link_form": form})
    name = "Link: " if form == "capital" else "link: "
    first = [line for line in await raw_head(acme, "/api/v1/users?limit=2") if line.startswith(name)]
    following = (await acme.get("/api/v1/users?limit=2")).links["next"].partition("/api/")[2]
    second = [line for line in await raw_head(acme, f"/api/{following}") if line.startswith(name)]
    assert expected(first, second), (first, second)


async def test_last_page_has_no_next_and_exact_multiples_give_no_empty_page(acme: Org) -> None:
    acme.people(6)
    pages = await acme.pages("/api/v1/users", limit="3")
    assert [len(page.json) for page in pages] == [3, 3]
    assert set(pages[-1].links) == {"self"}


async def test_rows_added_behind_the_cursor_appear_and_removed_ones_do_not_shift_the_rest(acme: Org) -> None:
    made = acme.people(6)
    first = await acme.get("/api/v1/users?limit=2")
    acme.directory.set_status(made[0].id, "DEPROVISIONED")
    acme.directory.set_status(made[3].id, "DEPROVISIONED")
    new = acme.directory.create_user({"login": "new@acme.example", "firstName": "N", "lastName": "E"})
    rest = await acme.get(first.links["next"].replace("limit=2", "limit=50"))
    assert rest.ids == [made[2].id, made[4].id, made[5].id, new.id]


async def test_shifting_pages_lose_a_row_when_an_earlier_one_goes(acme: Org) -> None:
    made = acme.people(6)
    acme.directory.set_options({"shifting_pages": True})
    first = await acme.get("/api/v1/users?limit=2")
    acme.directory.set_status(made[0].id, "DEPROVISIONED")
    rest = await acme.get(first.links["next"])
    assert rest.ids == [made[3].id, made[4].id]


async def test_short_and_empty_pages_still_have_next(acme: Org) -> None:
    made = acme.people(7)
    acme.directory.set_options({"page_size": 2, "empty_pages": True})
    pages = await acme.pages("/api/v1/users", limit="200")
    assert [len(page.json) for page in pages] == [2, 0, 2, 0, 2, 0, 1]
    assert [found for page in pages for found in page.ids] == [user.id for user in made]


async def test_cursor_of_another_endpoint_other_parameters_or_past_its_time_is_refused(acme: Org) -> None:
    acme.people(5)
    after = (await acme.get("/api/v1/users?limit=2")).links["next"].partition("after=")[2]
    for path in (
        f"/api/v1/groups?after={after}",
        f"/api/v1/users?after={after}&filter=status%20eq%20%22ACTIVE%22",
        "/api/v1/users?after=nonsense",
        "/api/v1/users?after=200AAAA",
    ):
        refused = await acme.get(path)
        assert (refused.status, refused.code) == (400, "E0000029"), path
    assert (await acme.get(f"/api/v1/users?after={after}&limit=1")).status == 200
    acme.clock.advance(acme.directory.options.cursor_lifetime_s + 1)
    assert (await acme.get(f"/api/v1/users?after={after}")).code == "E0000029"


async def test_expired_cursors_are_refused_and_a_new_scan_goes_through(acme: Org) -> None:
    made = acme.people(5)
    first = await acme.get("/api/v1/users?limit=2")
    await acme.control("mutate", {"op": "expire_cursors"})
    assert (await acme.get(first.links["next"])).code == "E0000029"
    assert await acme.all_ids("/api/v1/users", limit="2") == [user.id for user in made]


async def test_limit_is_bounded_and_clamped_or_refused_by_option(acme: Org) -> None:
    acme.people(205)
    assert len((await acme.get("/api/v1/users")).json) == 200
    assert len((await acme.get("/api/v1/users?limit=1000")).json) == 200
    for wrong in ("0", "-1", "x"):
        assert (await acme.get(f"/api/v1/users?limit={wrong}")).code == "E0000001"
    acme.directory.set_options({"over_limit": "refuse"})
    assert (await acme.get("/api/v1/users?limit=201")).code == "E0000001"


async def test_groups_of_a_user_are_paged_by_two_hundred(acme: Org) -> None:
    user = acme.people(1)[0]
    for number in range(450):
        acme.directory.add_member(acme.directory.create_group(f"Team {number:03}").id, user.id)
    pages = await acme.pages(f"/api/v1/users/{user.id}/groups")
    assert [len(page.json) for page in pages] == [200, 200, 51]  # Everyone is one of them
    assert len({found for page in pages for found in page.ids}) == 451
