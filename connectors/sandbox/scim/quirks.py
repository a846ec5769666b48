"""The ways of a SCIM server that differ from RFC 7643 and 7644, as switches. All at their defaults: the plain RFC.

Each was seen on a server in use. Most hurt a client that takes an answer on trust. Connections that break, slow
answers and single failures are no quirks: the fault rules of the control API make them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Literal

from pydantic import TypeAdapter

from connectors.sandbox.scim.catalogue import Catalogue
from connectors.sandbox.scim.schema import Schema
from syncd.core.model import Json


@dataclass(frozen=True, kw_only=True)
class Quirks:
    """How this server behaves. Attribute names are written as the schema has them."""

    # What it has
    extensions: tuple[Schema, ...] = ()  #: beside the enterprise User
    unsupported: tuple[str, ...] = ()  #: attributes, or URNs of extensions, that it does not know at all
    required: tuple[str, ...] = ()  #: more than the schema says: "emails", "name.givenName"
    unique: tuple[str, ...] = ()  #: more than userName: "group.displayName", "user.externalId", "user.emails"
    groups: Literal["on", "forbidden", "absent"] = "on"  #: forbidden: 403; absent: 404
    ids: Literal["uuid", "number", "name"] = "uuid"  #: name: the userName or displayName is the id
    email_user_names: bool = False  #: userName must be an e-mail address
    other_organisation: tuple[str, ...] = ()  #: userNames that 400 says are in another organisation
    seats: int | None = None  #: active users that the licence allows
    member_limit: int | None = None  #: members of one group
    unknown_members: Literal["refused", "stored"] = "refused"
    group_roles_win: bool = False  #: TestMu: a group's LambdatestRoles decide its members' OrganizationRole

    # Discovery
    discovery: bool = True  #: False: 404
    bare_arrays: bool = False  #: /Schemas and /ResourceTypes answer [...] in place of a ListResponse
    announces_filter: bool = True  #: False: ServiceProviderConfig denies what works
    announces_patch: bool = True
    announces_bulk: bool = True
    bulk_operations: int = 1000  #: per request; more are 413
    unknown_path: Literal["404", "groups"] = "404"  #: groups: any path lists groups, a POST to it creates one

    # Search
    #: eq: no more than one comparison with eq; email: any eq compares the e-mail, whatever attribute it names
    filter: Literal["works", "eq", "ignored", "refused", "email"] = "works"
    filter_attributes: tuple[str, ...] | None = None  #: the only ones that a filter may name: "user.userName"
    case_sensitive_user_name: bool = False  #: in filters; uniqueness disregards letter case all the same
    page_size: int = 100  #: where no count was given
    max_page: int = 1000
    over_max_page: Literal["capped", "refused"] = "capped"  #: refused: 400
    past_the_end: Literal["empty", "first"] = "empty"  #: first: the first page once more
    ignores_count: bool = False
    ignores_start_index: bool = False
    count_status: int | None = None  #: answered to any request with a count
    unstable_order: bool = False
    cursor: bool = False  #: a list goes on by nextCursor (RFC 9865), and startIndex is ignored
    total_results_off: int = 0  #: added to totalResults
    hides_inactive: bool = False  #: searches and lists do not show users who are not active
    members_shown: bool = True  #: False: members is always [] on reading
    members_most: int | None = None  #: of a group's members no more than the first so many are shown on reading

    # POST, PUT and PATCH
    single_valued: tuple[
        str, ...
    ] = ()  #: multi-valued user attributes that take one value; an e-mail address has to be the primary
    keeps_only: tuple[str, ...] | None = None  #: user attributes that are stored; others are dropped, with a 2xx
    immutable: tuple[str, ...] = ()  #: "user.userName", "group.displayName": a change is 400 mutability
    fixed: tuple[str, ...] = ()  #: the same, but a change is dropped with a 2xx
    put_is_partial: bool = False  #: PUT leaves alone what it does not mention
    string_booleans: Literal["refused", "accepted", "truthy"] = "refused"  #: truthy: "False" means true
    manager_forms: tuple[Literal["string", "complex", "list"], ...] = ("complex",)
    refuses_empty: tuple[str, ...] = ()  #: attributes for which "" and null are 400
    refused_requests: tuple[str, ...] = ()  #: "DELETE /Users": 405 for all of them
    answers_without_body: bool = False  #: 201 and 200 with nothing in them
    applied_although_500: tuple[str, ...] = ()  #: methods that do their work and answer 500
    seconds_per_create: float = 0.0  #: of a user, one after the other: password hashing

    # PATCH
    user_patch_paths: tuple[str, ...] | None = None  #: the only ones; pathless operations count by their keys
    group_patch_paths: tuple[str, ...] | None = None
    patch_refusal: int = 400  #: the status for any other
    patch_answer: Literal[200, 204] = 200
    pathless: Literal["applied", "ignored", "refused"] = "applied"
    pathless_dotted: Literal["refused", "applied", "ignored"] = "refused"  #: {"name.givenName": …}
    unknown_attribute: Literal["refused", "ignored"] = "refused"  #: refused: 400 invalidPath for the whole PATCH
    urn_paths: Literal["resolved", "split"] = "resolved"  #: split: cut at the first dot, which ruins the record
    absent_element: Literal["rfc", "created", "refused"] = "rfc"  #: rfc: replace is 400 noTarget, add creates
    absent_removal: Literal["done", "refused"] = "done"  #: remove of an element that is not there
    member_changes: int | None = None  #: of a PATCH at most
    members_replace: Literal["replaces", "adds", "adds-pathless"] = "replaces"
    duplicate_members: bool = False  #: adding a member again stores it twice
    remove_by_filter: Literal["done", "ignored"] | int = "done"  #: members[value eq "…"]; a number is a status
    remove_by_value: Literal["listed", "all", "ignored"] | int = "listed"  #: path members and a value array
    remove_all: Literal["done", "ignored"] | int = "done"  #: path members and nothing else

    # DELETE
    delete_user: Literal["removed", "tombstone", "deactivated"] = "removed"  #: tombstone: readable, name taken
    delete_group: Literal["removed", "tombstone", "soft"] = "removed"  #: soft: a POST of the name revives it
    delete_answer: Literal[204, 200] = 204  #: 200: with a body
    second_delete: int = 404
    keeps_email: bool = False  #: the address of a deleted user is taken for ever: 409

    # HTTP
    etag: Literal["enforced", "shown", "absent"] = "enforced"
    #: integer: the status is a number; detail: {"detail": …}, and 422 for 400; html: a page
    error_style: Literal["scim", "integer", "no-status", "detail", "html"] = "scim"
    scim_type: str | None = None  #: in every error, right or wrong
    throttle_after: int | None = None  #: requests, then 429 until retry_after_s is over
    retry_after_s: int = 60

    @cached_property
    def catalogue(self) -> Catalogue:
        """The schemas that this server has."""
        return Catalogue(self.extensions, self.unsupported)

    def changed(self, switches: Mapping[str, Json]) -> Quirks:
        """With some switches set, given as JSON; `extensions` as /Schemas has them. Raises ValueError."""
        given = dict(switches)
        if "extensions" in given:
            given["extensions"] = tuple(
                each if isinstance(each, Schema) else Schema.parse(each) for each in given["extensions"]
            )
        unknown = given.keys() - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"no such quirk: {', '.join(sorted(unknown))}")
        extensions = given.pop("extensions", self.extensions)
        checked: Quirks = _ADAPTER.validate_python({**_plain(self), **given})
        return replace(checked, extensions=extensions)

    @property
    def data(self) -> dict[str, Json]:
        """Every switch as JSON."""
        return {**_plain(self), "extensions": [each.data for each in self.extensions]}


def _plain(quirks: Quirks) -> dict[str, Json]:
    return {each.name: getattr(quirks, each.name) for each in fields(quirks) if each.name != "extensions"}


_ADAPTER = TypeAdapter(Quirks)
