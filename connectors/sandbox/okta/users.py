"""All users of an organisation: by id, by login, in key order, and as the search index lags behind them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.user import User


class Users:
    """The users' rows. Ids are given in rising order, so the order of creation is the order of paging."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[str, User] = {}
        self._logins: dict[str, str] = {}
        self._order: list[str] = []  # a deleted user's id stays: pages do not shift
        self._before: dict[str, list[tuple[float, User | None]]] = {}
        self.index_delay_s = 0.0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[User]:
        return self.after("")

    def get(self, id_or_login: str) -> User | None:
        """The user with this id or, whatever its letter case, this login."""
        row = self._rows.get(id_or_login)
        return row or self._rows.get(self._logins.get(id_or_login.lower(), ""))

    def put(self, user: User, login: str | None = None) -> None:
        """Add a user or take the new state of one. `login`: where the caller knows it, to save parsing."""
        old = self._rows.get(user.id)
        self._remember(user.id, old)
        if old is None:
            self._order.append(user.id)
        elif old.packed is not user.packed:
            self._logins.pop(old.login.lower(), None)
        if old is None or old.packed is not user.packed:
            self._logins[(login or user.login).lower()] = user.id
        self._rows[user.id] = user

    def remove(self, user: User) -> None:
        """The user is gone for good."""
        self._remember(user.id, user)
        del self._rows[user.id]
        self._logins.pop(user.login.lower(), None)

    def after(self, key: str) -> Iterator[User]:
        """Users whose id is behind `key`, in rising order of id."""
        for at in range(bisect_right(self._order, key), len(self._order)):
            user = self._rows.get(self._order[at])
            if user is not None:
                yield user

    def indexed(self, key: str = "") -> Iterator[User]:
        """Users behind `key` as the search index has them: `index_delay_s` ago."""
        since = self._clock.time() - self.index_delay_s
        for user_id, states in list(self._before.items()):
            left = [state for state in states if state[0] > since]
            if left:
                self._before[user_id] = left
            else:
                del self._before[user_id]
        if not self._before:
            yield from self.after(key)
            return
        for at in range(bisect_right(self._order, key), len(self._order)):
            user_id = self._order[at]
            known = self._before.get(user_id)
            user = known[0][1] if known else self._rows.get(user_id)
            if user is not None:
                yield user

    def _remember(self, user_id: str, old: User | None) -> None:
        if self.index_delay_s:
            self._before.setdefault(user_id, []).append((self._clock.time(), old))
