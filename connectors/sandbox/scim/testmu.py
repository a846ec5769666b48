"""TestMu AI (formerly LambdaTest): its extensions and its ways, after its public SCIM documentation."""

from __future__ import annotations

from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.schema import Attribute, Schema

TESTMU_USER = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"
TESTMU_GROUP = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:Group"

#: highest first: with several groups the highest role wins
TESTMU_ROLES = ("Admin", "User", "Guest")

_USER = Schema(
    id=TESTMU_USER,
    name="LambdaTestUser",
    extends="user",
    attributes=(
        Attribute(name="OrganizationRole", canonical_values=TESTMU_ROLES, closed=True),
        Attribute(name="LambdatestGroup", description="Name of an existing concurrency group"),
    ),
)
_GROUP = Schema(
    id=TESTMU_GROUP,
    name="LambdaTestGroup",
    extends="group",
    attributes=(Attribute(name="LambdatestRoles", multi_valued=True, canonical_values=TESTMU_ROLES, closed=True),),
)

#: Group provisioning is off until the product's support enables it: `groups="on"` does that.
TESTMU = Quirks(
    extensions=(_USER, _GROUP),
    required=("active", "name.givenName", "name.familyName"),
    unique=("group.displayName",),
    groups="forbidden",
    ids="number",
    email_user_names=True,
    group_roles_win=True,
    discovery=False,
    announces_bulk=False,
    filter="eq",
    filter_attributes=("user.userName", "group.displayName"),
    page_size=20,
    immutable=("user.userName",),
    fixed=("user.name",),
    put_is_partial=True,
    user_patch_paths=("active", f"{TESTMU_USER}:OrganizationRole", f"{TESTMU_USER}:LambdatestGroup"),
    group_patch_paths=("members", "displayName", f"{TESTMU_GROUP}:LambdatestRoles"),
    pathless="refused",
    delete_user="deactivated",
    delete_group="soft",
    etag="absent",
)
