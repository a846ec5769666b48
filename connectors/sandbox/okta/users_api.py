"""`/api/v1/users`: list, one by id or login, the groups of one.

Source: Okta API documentation, "Users". A plain list omits DEPROVISIONED users; `filter` and `search` include them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import orjson

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import invalid, not_found
from connectors.sandbox.okta.exchange import Reply, Request, array
from connectors.sandbox.okta.listing import chosen, in_order, listed
from connectors.sandbox.okta.options import Options
from connectors.sandbox.okta.page import limit_of
from connectors.sandbox.okta.query import USER_FILTER, USER_SEARCH
from connectors.sandbox.okta.user import User
from syncd.core.model import Json

_OMIT = frozenset({"omitCredentials", "omitCredentialsLinks", "omitTransitioningToStatus"})
_Q_DEFAULT = 10


def list_users(directory: OktaDirectory, request: Request) -> Reply:
    """A page of users."""
    render = _renderer(request)
    if "q" in request.params:
        # Searches by q have no Link header: what is beyond the limit cannot be reached.
        limit = limit_of(request.params, default=_Q_DEFAULT, maximum=200, options=Options())
        return array([render(user) for user in islice(_starting(directory, request.params["q"]), limit)])
    predicate = chosen(request, search=USER_SEARCH, filter_=USER_FILTER)

    def matching(after: str) -> Iterator[User]:
        if predicate is None:
            return (user for user in directory.users.after(after) if user.status != "DEPROVISIONED")
        return (user for user in directory.users.indexed(after) if predicate(user.attribute))

    if "sortBy" in request.params and "search" in request.params:
        rows = in_order(matching(""), request, User.attribute, lambda user: user.id, USER_SEARCH)
    else:

        def rows(after: str) -> Iterator[tuple[str, User]]:
            return ((user.id, user) for user in matching(after))

    return listed(directory, request, rows, render, default=200, maximum=200)


def get_user(directory: OktaDirectory, request: Request, id_or_login: str) -> Reply:
    """One user, always fresh, deactivated ones too."""
    user = _found(directory, id_or_login)
    return Reply(body=user.json(request.origin, _omitted(request)))


def list_user_groups(directory: OktaDirectory, request: Request, id_or_login: str) -> Reply:
    """The groups of one user."""
    user = _found(directory, id_or_login)
    groups = [directory.groups[group_id] for group_id in directory.groups_of(user.id)]
    if directory.options.group_admin_only:
        groups = [group for group in groups if group.type != "BUILT_IN"]
    return listed(
        directory,
        request,
        lambda after: ((group.id, group) for group in groups if group.id > after),
        lambda group: orjson.dumps(group.json(request.origin)),
        default=200,
        maximum=200,
    )


def _found(directory: OktaDirectory, id_or_login: str) -> User:
    user = directory.users.get(id_or_login)
    if user is None:
        raise not_found(id_or_login, "User")
    return user


def _starting(directory: OktaDirectory, text: str) -> Iterator[User]:
    text = text.lower()
    for user in directory.users.indexed():
        profile = user.profile
        names = (profile.get("firstName"), profile.get("lastName"), profile.get("email"))
        if any(str(name or "").lower().startswith(text) for name in names):
            yield user


def _omitted(request: Request) -> frozenset[str]:
    """What the media type parameter okta-response leaves out: nothing unless all three values are there."""
    _, _, values = request.headers.get("content-type", "").partition("okta-response=")
    given = frozenset(value.strip().strip('"') for value in values.split(","))
    return _OMIT if given >= _OMIT else frozenset()


def _renderer(request: Request) -> Callable[[User], bytes]:
    omitted, fields = _omitted(request), request.params.get("fields")
    if fields is None:
        return lambda user: user.json(request.origin, omitted)
    wanted = _parsed(fields)
    return lambda user: orjson.dumps(_projected(orjson.loads(user.json(request.origin, omitted)), wanted))


def _parsed(fields: str) -> dict[str, frozenset[str]]:
    """`id,profile:(login,email)` as names with the names below them; none below means all of it."""
    wanted: dict[str, frozenset[str]] = {}
    rest = fields
    while rest:
        head, comma, tail = rest.partition(",")
        name, colon, _ = head.partition(":(")
        if colon:
            below, closed, tail = rest[len(name) + 2 :].partition(")")
            if not closed:
                raise invalid("fields", "a parenthesis is not closed")
            wanted[name.strip()] = frozenset(part.strip() for part in below.split(","))
            rest = tail.removeprefix(",")
        else:
            wanted[name.strip()] = frozenset()
            rest = tail if comma else ""
    return wanted


def _projected(user: dict[str, Json], wanted: dict[str, frozenset[str]]) -> dict[str, Json]:
    return {
        name: {key: part for key, part in value.items() if key in wanted[name]} if wanted[name] else value
        for name, value in user.items()
        if name in wanted
    }
