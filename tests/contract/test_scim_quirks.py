"""The SCIM target against the sandbox, playing every odd server that was seen, one oddity at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from connectors.sandbox.scim import Quirks, scim_app
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from syncd.core.secret import Secret
from tests.contract.target_contract import DEPARTMENT, MOBILE, WORK, TargetContract

TOKEN = "sandbox-token"


@dataclass(frozen=True, kw_only=True)
class Odd:
    """One oddity: the switches, and what such a server does not keep, so that nobody could see it."""

    quirks: Quirks = field(default_factory=Quirks)
    lost: frozenset[str] = frozenset()
    dialect: str | None = None


ODD = {
    "plain": Odd(),
    "filter-ignored": Odd(quirks=Quirks(filter="ignored")),
    "filter-refused": Odd(quirks=Quirks(filter="refused", announces_filter=False)),
    "filter-compares-the-email": Odd(quirks=Quirks(filter="email")),
    "filter-minds-letter-case": Odd(quirks=Quirks(case_sensitive_user_name=True)),
    "no-discovery": Odd(quirks=Quirks(discovery=False)),
    "bare-arrays": Odd(quirks=Quirks(bare_arrays=True)),
    "any-path-lists-groups": Odd(quirks=Quirks(discovery=False, unknown_path="groups")),
    "denies-patch": Odd(quirks=Quirks(announces_patch=False)),
    "patch-501": Odd(quirks=Quirks(user_patch_paths=(), group_patch_paths=(), patch_refusal=501)),
    "patch-405": Odd(quirks=Quirks(user_patch_paths=(), group_patch_paths=(), patch_refusal=405)),
    "user-patch-501": Odd(quirks=Quirks(user_patch_paths=("active",), patch_refusal=501)),
    "patch-204": Odd(quirks=Quirks(patch_answer=204)),
    "no-bodies": Odd(quirks=Quirks(answers_without_body=True)),
    "applied-although-500": Odd(quirks=Quirks(applied_although_500=("PATCH", "PUT", "DELETE"))),
    "pathless-ignored": Odd(quirks=Quirks(pathless="ignored", pathless_dotted="ignored"), dialect="entra-2020"),
    "pathless-refused": Odd(quirks=Quirks(pathless="refused"), dialect="entra-2020"),
    "dotted-keys-refused": Odd(quirks=Quirks(pathless_dotted="refused"), dialect="entra-2020"),
    "dotted-keys-ignored": Odd(quirks=Quirks(pathless_dotted="ignored"), dialect="entra-2020"),
    "absent-element-refused": Odd(quirks=Quirks(absent_element="refused")),
    "absent-removal-refused": Odd(quirks=Quirks(absent_removal="refused")),
    "remove-by-filter-501": Odd(quirks=Quirks(remove_by_filter=501)),
    "remove-by-filter-500": Odd(quirks=Quirks(remove_by_filter=500)),
    "remove-by-filter-ignored": Odd(quirks=Quirks(remove_by_filter="ignored")),
    "remove-by-value-400": Odd(quirks=Quirks(remove_by_value=400)),
    "remove-by-value-ignored-and-filter-501": Odd(quirks=Quirks(remove_by_value="ignored", remove_by_filter=501)),
    "remove-by-value-removes-all": Odd(quirks=Quirks(remove_by_value="all", remove_by_filter=501)),
    "members-stored-twice": Odd(quirks=Quirks(duplicate_members=True)),
    "replace-adds": Odd(quirks=Quirks(members_replace="adds")),
    "extension-unknown": Odd(
        quirks=Quirks(unsupported=("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",)),
        lost=frozenset({DEPARTMENT}),
    ),
    "keeps-four-attributes": Odd(
        quirks=Quirks(keeps_only=("userName", "displayName", "externalId", "active", "name")),
        lost=frozenset({DEPARTMENT, MOBILE, WORK, "title"}),
    ),
    "numbers-as-ids": Odd(quirks=Quirks(ids="number")),
    "names-as-ids": Odd(quirks=Quirks(ids="name")),
    "delete-200": Odd(quirks=Quirks(delete_answer=200)),
    "second-delete-500": Odd(quirks=Quirks(second_delete=500)),
    "page-of-20": Odd(quirks=Quirks(page_size=20, max_page=20)),
    "past-the-end-first": Odd(quirks=Quirks(past_the_end="first")),
    "past-the-end-first-in-pages-of-20": Odd(quirks=Quirks(past_the_end="first", max_page=20)),
    "ignores-start-index": Odd(quirks=Quirks(ignores_start_index=True, ignores_count=True)),
    "count-is-500": Odd(quirks=Quirks(count_status=500)),
    "count-over-10-refused": Odd(quirks=Quirks(max_page=10, over_max_page="refused")),
    "unstable-order": Odd(quirks=Quirks(unstable_order=True)),
    "total-too-small": Odd(quirks=Quirks(total_results_off=-30, max_page=20)),
    "total-too-large": Odd(quirks=Quirks(total_results_off=3)),
    "no-etag": Odd(quirks=Quirks(etag="absent")),
    "etag-ignored": Odd(quirks=Quirks(etag="shown")),
    "integer-status": Odd(quirks=Quirks(error_style="integer")),
    "detail-422": Odd(quirks=Quirks(error_style="detail")),
    "html-errors": Odd(quirks=Quirks(error_style="html")),
    "errors-without-status": Odd(quirks=Quirks(error_style="no-status")),
    "wrong-scim-type": Odd(quirks=Quirks(scim_type="tooMany")),
    "entra-understood": Odd(
        quirks=Quirks(
            string_booleans="accepted",
            manager_forms=("string",),
            absent_element="created",
            pathless_dotted="applied",
        ),
        dialect="entra",
    ),
    "entra-2020-understood": Odd(
        quirks=Quirks(manager_forms=("string",), absent_element="created", pathless_dotted="applied"),
        dialect="entra-2020",
    ),
    "entra-dialect-at-a-strict-server": Odd(dialect="entra"),
    "entra-2020-dialect-at-a-strict-server": Odd(dialect="entra-2020"),
    "okta-put": Odd(dialect="okta-put"),
    "okta-patch": Odd(dialect="okta-patch"),
}


@pytest.fixture(scope="module", params=ODD)
def odd(request: pytest.FixtureRequest) -> Iterator[tuple[Odd, str]]:
    odd = ODD[request.param]
    with serve({"scim": scim_app(quirks=odd.quirks, token=TOKEN)}) as served:
        yield odd, f"{served['scim']}/scim"


class TestOddServers(TargetContract):
    @pytest.fixture
    def settings(self, odd: tuple[Odd, str], monkeypatch: pytest.MonkeyPatch) -> ScimSettings:
        monkeypatch.setattr(type(self), "lost", odd[0].lost)
        return ScimSettings(
            name="odd",
            url=odd[1],
            auth=BearerToken(token=Secret(TOKEN)),
            dialect=odd[0].dialect,  # type: ignore[arg-type]
        )
