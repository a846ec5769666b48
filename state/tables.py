"""The state DB's tables. Statements live in the rooms beside this file, each table with its one owner.

Mirror (mirror.py): sources, streams, users, groups, members, assignments.
Jobs (jobs.py, leases.py): jobs, leases, claims. Links (links.py): links, link_members.
Plans (journal.py): plans, changes, approvals; worklist.py, pending.py, log.py. Others (store.py): targets, meta.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime as ISO 8601 text of fixed width: it sorts and compares alike on SQLite and PostgreSQL."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        return _written(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


@lru_cache(maxsize=64)  # hundreds of rows are written with the same time
def _written(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Words(sa.types.TypeDecorator[str]):
    """Text for people. PostgreSQL stores no NUL character, and one odd display name must not stop a plan."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _bytewise(length: int) -> sa.types.TypeEngine[str]:
    """Text in the order of its bytes, on PostgreSQL too: a plan's order, and so its checksum, hangs on no locale."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


NAME = _bytewise(255)  #: names from config.toml, and our own ids
ID = _bytewise(1024)  #: ids that a source or a target gave
KIND = _bytewise(16)  #: user, group, and the worklist's reference

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(none_as_null=True))


def _key(name: str, type_: sa.types.TypeEngine[str] = NAME) -> sa.Column[Any]:
    return sa.Column(name, type_, primary_key=True)


def _text(name: str, *, null: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=null)


sources = sa.Table(
    "sources",
    metadata,
    _key("name"),
    sa.Column("seq", sa.BigInteger, nullable=False),  # grows with each page that changed something
)
streams = sa.Table(
    "streams",
    metadata,
    _key("source"),
    _key("stream"),
    _text("watermark"),
    sa.Column("generation", sa.BigInteger, nullable=False),  # of the last full round that was begun
    sa.Column("complete", sa.Boolean, nullable=False),  # the last round came to its end
    sa.Column("completed_at", UtcDateTime),
)


def _mirror(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        _key("source"),
        _key("id", ID),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),  # live, soft, gone
        *columns,
        _json("attributes"),
        sa.Index(f"ix_{name}_seq", "source", "seq"),
    )


users = _mirror("users", sa.Column("enabled", sa.Boolean, nullable=False))
groups = _mirror("groups")
members = sa.Table(
    "members",
    metadata,
    _key("source"),
    _key("group_id", ID),
    _key("member_id", ID),
    sa.Column("kind", KIND, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Index("ix_members_member", "source", "member_id"),
)
assignments = sa.Table(
    "assignments",
    metadata,
    _key("source"),
    _key("id", ID),
    sa.Column("principal_id", ID, nullable=False),
    sa.Column("principal_kind", KIND, nullable=False),
    sa.Column("role", Words),
    sa.Column("through", Words),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    _json("attributes"),
    sa.Index("ix_assignments_principal", "source", "principal_id"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    _key("name"),
    sa.Column("seq", sa.BigInteger, nullable=False),  # of the source: what the last plan has taken in
    sa.Column("config", sa.String(64)),  # digest of what decides about scope and mapping
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("full_at", UtcDateTime),  # the last sweep that read everything on both sides
    sa.Column("steady_since", UtcDateTime),
    sa.Column("next_at", UtcDateTime),
    sa.Column("restart", sa.String(16)),  # full, links: asked for by `restart`
    _json("last"),  # the last cycle in numbers
    _json("quarantine"),
)
leases = sa.Table(
    "leases",
    metadata,
    _key("job"),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("host", sa.String(400), nullable=False),
    sa.Column("process", sa.String(64), nullable=False),  # pid and start time
    sa.Column("until", UtcDateTime, nullable=False),
)
claims = sa.Table(
    "claims",
    metadata,
    _key("job"),
    _key("kind", KIND),
    _key("source_id", ID),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("host", sa.String(400), nullable=False),
    sa.Column("process", sa.String(64), nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
)

links = sa.Table(
    "links",
    metadata,
    _key("job"),
    _key("kind", KIND),
    _key("source_id", ID),
    sa.Column("target", NAME, nullable=False),
    sa.Column("target_id", ID, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    _json("wrote"),
    sa.Column("out_since", UtcDateTime),
    sa.Column("rev", sa.BigInteger, nullable=False),
    sa.Index("ix_links_target", "target", "kind", "target_id", unique=True),
    sa.Index("ix_links_job_kind_active", "job", "kind", "active"),  # counts them without a look at the rows
)
link_members = sa.Table(
    "link_members",
    metadata,
    _key("job"),
    _key("group_id", ID),
    _key("member_id", ID),
    sa.Column("target_id", ID, nullable=False),
    sa.Index("ix_link_members_member", "job", "member_id"),
)

plans = sa.Table(
    "plans",
    metadata,
    _key("id"),
    sa.Column("job", NAME, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # making, dry, ready, applying, done, abandoned, unsettled
    sa.Column("checksum", sa.String(80)),
    sa.Column("seq", sa.BigInteger),  # NULL: on demand, the job's own number stays
    sa.Column("config", sa.String(64)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_plans_job", "job", "created_at"),
)
changes = sa.Table(
    "changes",
    metadata,
    _key("plan"),
    _key("key", _bytewise(32)),  # digest of what the row would do, for approvals
    sa.Column("stage", sa.Integer, nullable=False),  # action, users before groups: the order of apply
    sa.Column("action", sa.Integer, nullable=False),
    sa.Column("kind", KIND, nullable=False),
    sa.Column("source_id", ID, nullable=False),
    sa.Column("target_id", ID),
    sa.Column("name", Words, nullable=False),
    _json("before"),
    _json("after"),
    sa.Column("why", Words, nullable=False),
    sa.Column("held", Words),
    sa.Column("guarded", sa.Boolean, nullable=False),  # held by the guard, so that an approval lets it go
    sa.Column("skipped", Words),
    _json("redacted"),
    sa.Column("out", sa.Boolean, nullable=False),  # the object has left the scope
    sa.Column("rev", sa.BigInteger),  # of the link when this row was planned; NULL: there was none
    _json("requests"),  # what it will send, where a report asked for that
    sa.Column("status", sa.String(8), nullable=False),
    _json("error"),
    sa.Column("changed_at", UtcDateTime),
    sa.Index("ix_changes_order", "plan", "stage", "source_id", "key"),
    sa.Index("ix_changes_object", "plan", "kind", "source_id"),
    sa.Index("ix_changes_status", "plan", "status"),
)
worklist = sa.Table("worklist", metadata, _key("plan"), _key("kind", KIND), _key("source_id", ID))
pending = sa.Table(
    "pending",
    metadata,
    _key("job"),
    _key("kind", KIND),
    _key("source_id", ID),
    _key("reason"),  # failed, held, reference, grace, again, turn
    sa.Column("wants", ID),  # reference: the source id that must be linked first
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    _json("detail"),
    sa.Index("ix_pending_due", "job", "due_at"),
    sa.Index("ix_pending_wants", "job", "wants"),
)
approvals = sa.Table(
    "approvals",
    metadata,
    _key("job"),
    _key("key"),
    sa.Column("checksum", sa.String(80), nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
)

log = sa.Table(
    "log",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("time", UtcDateTime, nullable=False),
    sa.Column("job", NAME, nullable=False),
    sa.Column("cycle", sa.String(64), nullable=False),
    sa.Column("change", sa.String(96), nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("kind", KIND, nullable=False),
    sa.Column("source_id", ID, nullable=False),
    sa.Column("target_id", ID),
    sa.Column("name", Words, nullable=False),
    _json("steps"),
    _json("modified"),
    _json("error"),
    sa.Index("ix_log_time", "time"),
    sa.Index("ix_log_source_id", "source_id", "time"),
)
targets = sa.Table(
    "targets",
    metadata,
    _key("name"),
    _json("facts"),
    sa.Column("at", UtcDateTime, nullable=False),
)
meta = sa.Table("meta", metadata, _key("key"), _text("value", null=False))
