"""[state]: a database that lasts, and no password in its URL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.core.secret import Secret

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
FORM = "write sqlite:////var/lib/syncd/state.db or postgresql+psycopg://user@host/database"
FORMS = '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("sqlite:////var/lib/syncd/state.db", "sqlite:////var/lib/syncd/state.db"),
        ("postgresql+psycopg://syncd@db.example:5433/syncd", "postgresql+psycopg://syncd@db.example:5433/syncd"),
        (
            "postgresql://syncd@db.example/syncd?sslmode=verify-full",
            "postgresql+psycopg://syncd@db.example/syncd?sslmode=verify-full",
        ),
        ("postgresql+psycopg:///syncd?host=/run/postgresql", "postgresql+psycopg:///syncd?host=/run/postgresql"),
        ("postgresql+psycopg://u@/syncd?passfile=/etc/pgpass", "postgresql+psycopg://u@/syncd?passfile=/etc/pgpass"),
    ],
)
def test_a_database_that_lasts_is_taken(workshop, url, kept):
    assert workshop.load(more=f'[state]\nurl = "{url}"\n').state.url == kept


def test_a_relative_file_starts_at_the_folder_of_the_configuration(workshop, tmp_path):
    assert workshop.load(more='[state]\nurl = "sqlite:///state.db"\n').state.url == f"sqlite:///{tmp_path}/state.db"


def test_a_password_is_given_by_reference(workshop):
    state = workshop.load(more='[state]\nurl = "postgresql+psycopg://u@h/d"\npassword = { env = "WIKI_TOKEN" }\n').state
    assert state.password == Secret("hunter2-wiki")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (
            "postgresql+psycopg://u:hunter2@h/d",
            (
                f"a password inside the URL (not shown here); the URL has none. Write password = {FORMS} beside it, then run: "
                "syncd check"
            ),
        ),
        (
            "postgresql+psycopg://u@h/d?password=hunter2",
            (
                f"a password inside the URL (not shown here); the URL has none. Write password = {FORMS} beside it, then run: "
                "syncd check"
            ),
        ),
        ("mysql://u@h/d", f'"mysql://…" is no state DB that syncd has; {FORM}. {END}'),
        ("/var/lib/state.db", f'"://…" is no state DB that syncd has; {FORM}. {END}'),
        ("postgresql+psycopg://h", f'"postgresql+psycopg://…" has no database name; {FORM}. {END}'),
        ("postgresql+psycopg://h:99999/d", f"no URL; {FORM}. {END}"),
        ("sqlite://", f'"sqlite://" names no file; the state has to last; {FORM}. {END}'),
        ("sqlite:///:memory:", f'"sqlite:///:memory:" names no file; the state has to last; {FORM}. {END}'),
        ("sqlite:///a\\u0000b", f"a URL with a control character; {FORM}. {END}"),
    ],
)
def test_a_database_that_cannot_be_is_refused(faults: Faults, url, text):
    assert faults(more=f'[state]\nurl = "{url}"\n') == [f"state.url: {text}"]


def test_a_password_for_sqlite_is_refused(faults: Faults):
    assert faults(more='[state]\npassword = { env = "WIKI_TOKEN" }\n') == [
        "state.password: a password for SQLite; a SQLite file has none. Remove it, then run: syncd check"
    ]
    assert faults(more='[state]\npassword = "hunter2"\nurl = "postgresql+psycopg://u@h/d"\n') == [
        (
            f"state.password: a secret in clear (text, not shown here); write {FORMS}. Move it to a file that only syncd "
            "can read and refer to that, then run: syncd check"
        )
    ]
