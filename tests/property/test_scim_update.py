"""For any two states of an account, one update brings the target from the first to the second, in every dialect."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.sandbox.scim import Quirks, scim_app
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import open_target
from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Change
from syncd.core.secret import Secret

TOKEN = "property-token"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ENTRA = Quirks(
    string_booleans="accepted", manager_forms=("string",), absent_element="created", pathless_dotted="applied"
)
DIALECTS = {
    "rfc7644": Quirks(),
    "rfc7644 with refused elements": Quirks(absent_element="refused", absent_removal="refused"),
    "entra": ENTRA,
    "entra-2020": ENTRA,
    "entra-2020 with dotted keys ignored": Quirks(
        manager_forms=("string",), absent_element="created", pathless_dotted="ignored"
    ),
    "okta-put": Quirks(),
    "okta-patch": Quirks(),
}

texts = (
    st.none()
    | st.sampled_from(["Jane", "jane", "Ünïcode 名", 'with "quotes" and \\', " x "])
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
)
paths = st.sampled_from(
    [
        "displayName",
        "nickName",
        "title",
        "name.givenName",
        "name.familyName",
        'emails[type eq "work"].value',
        'emails[type eq "home"].value',
        'phoneNumbers[type eq "mobile"].value',
        'addresses[type eq "work"].locality',
        'addresses[type eq "work"].country',
        f"{ENTERPRISE}:department",
        f"{ENTERPRISE}:employeeNumber",
    ]
)
states = st.dictionaries(paths, texts, max_size=8)


@pytest.fixture(scope="module", params=DIALECTS)
def url(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    with serve({"scim": scim_app(quirks=DIALECTS[request.param], token=TOKEN)}) as served:
        yield f"{served['scim']}/scim", request.param.split()[0]


def change(action: Action, target_id: str | None, before: dict[str, Any], after: dict[str, Any]) -> Change:
    return Change(
        action=action, kind="user", source_id="s", target_id=target_id, name="n", before=before, after=after, why=""
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=states, second=states, active=st.booleans())
def test_one_update_leads_from_any_state_to_any_other(
    url: tuple[str, str], first: dict[str, Any], second: dict[str, Any], active: bool
) -> None:
    async def run() -> None:
        target = open_target(
            ScimSettings(
                name="t",
                url=url[0],
                auth=BearerToken(token=Secret(TOKEN)),
                dialect=url[1],  # type: ignore[arg-type]
            ),
            None,
            write=True,
        )
        try:
            wrote: dict[str, Any] = {"userName": f"{uuid.uuid4().hex}@contoso.example", "active": True, **first}
            made = await target.send(change(Action.CREATE, None, {}, wrote), {})
            assert made.status == "done", made
            wanted = {**wrote, **dict.fromkeys(first), **second, "active": active}
            after = {path: value for path, value in wanted.items() if value != wrote.get(path)}
            before = {path: wrote.get(path) for path in after}
            outcome = await target.send(change(Action.UPDATE, made.target_id, before, after), wrote)
            assert outcome.status == "done", outcome
            seen = await target.get("user", made.target_id or "")
            assert seen is not None
            for path, value in wanted.items():
                assert read(seen.resource, parse_path(path)) == value, path
        finally:
            await target.close()

    asyncio.run(run())
