"""Functions of the application's roles. `appRoleAssignments` is a multi-valued attribute of role names."""

from __future__ import annotations

from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, listed, rendered

_TYPE = "WindowsAzureActiveDirectoryRole"


def _complex(assignments: Value) -> Value:
    names = [rendered(name) for name in listed(assignments)]
    return [{"primary": False, "type": _TYPE, "value": name, "display": name} for name in names] or None


@function("SingleAppRoleAssignment(appRoleAssignments)")
def single_app_role_assignment(app_role_assignments: Value) -> Value:
    """SingleAppRoleAssignment(appRoleAssignments): the name of the assigned role.

    Of several roles the first is taken; Entra leaves open which one, so assign one.

    Null: null (no role) gives null.
    Example: SingleAppRoleAssignment([appRoleAssignments]) with {"appRoleAssignments": ["Admin"]} → "Admin"
    """
    names = listed(app_role_assignments)
    return rendered(names[0]) if names else None


@function("AppRoleAssignmentsComplex(appRoleAssignments)")
def app_role_assignments_complex(app_role_assignments: Value) -> Value:
    """AppRoleAssignmentsComplex(appRoleAssignments): all assigned roles as values of a `roles` array.

    Each has `primary` false, `type` WindowsAzureActiveDirectoryRole, and the role's name as `value` and `display`.
    Entra only ever adds roles by it.

    Null: null (no role) gives null.
    Example: Count(AppRoleAssignmentsComplex([appRoleAssignments])) with {"appRoleAssignments": ["Admin", "User"]} → "2"
    """
    return _complex(app_role_assignments)


@function("AssertiveAppRoleAssignmentsComplex(appRoleAssignments)")
def assertive_app_role_assignments_complex(app_role_assignments: Value) -> Value:
    """AssertiveAppRoleAssignmentsComplex(appRoleAssignments): the same values, meant to replace the whole `roles` array.

    Roles that are no longer assigned go. Microsoft recommends this one.

    Null: null (no role) gives null.
    Example: Count(AssertiveAppRoleAssignmentsComplex([appRoleAssignments])) with {"appRoleAssignments": ["Admin"]} → "1"
    """
    return _complex(app_role_assignments)
