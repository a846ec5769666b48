"""sqlite statistics, by which it finds rows by what tells them apart

Without any it takes each column of an index for equally telling, and goes by the source or the job alone where an index
would lead it to the few rows that are meant: right for ten rows, a walk over the whole directory for each object of a
large one. These numbers say what a large state DB looks like; ANALYZE replaces them by those of the file.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: table, index, how many rows there are, and with the same first column, first two columns, …
_STATISTICS = (
    ("users", "sqlite_autoindex_users_1", "1000000 500000 1"),
    ("users", "ix_users_seq", "1000000 500000 500"),
    ("groups", "sqlite_autoindex_groups_1", "50000 25000 1"),
    ("groups", "ix_groups_seq", "50000 25000 200"),
    ("members", "sqlite_autoindex_members_1", "5000000 2500000 100 1"),
    ("members", "ix_members_member", "5000000 2500000 5"),
    ("assignments", "sqlite_autoindex_assignments_1", "100000 50000 1"),
    ("assignments", "ix_assignments_principal", "100000 50000 2"),
    ("links", "sqlite_autoindex_links_1", "1000000 500000 250000 1"),
    ("links", "ix_links_target", "1000000 500000 250000 1"),
    ("links", "ix_links_job_kind_active", "1000000 500000 250000 125000"),
    ("link_members", "sqlite_autoindex_link_members_1", "5000000 2500000 100 1"),
    ("link_members", "ix_link_members_member", "5000000 2500000 5"),
    ("changes", "sqlite_autoindex_changes_1", "1000000 50000 1"),
    ("changes", "ix_changes_order", "1000000 50000 10000 1 1"),
    ("changes", "ix_changes_object", "1000000 50000 25000 2"),
    ("changes", "ix_changes_status", "1000000 50000 20000"),
    ("worklist", "sqlite_autoindex_worklist_1", "100000 10000 5000 1"),
    ("pending", "sqlite_autoindex_pending_1", "20000 10000 5000 1 1"),
    ("pending", "ix_pending_due", "20000 10000 10"),
    ("pending", "ix_pending_wants", "20000 10000 5"),
)


def upgrade() -> None:
    op.create_index("ix_links_job_kind_active", "links", ["job", "kind", "active"])
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":  # PostgreSQL looks for itself
        return
    connection.execute(sa.text("ANALYZE meta"))  # makes the table of statistics, which nothing else can
    insert = sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
    for table, index, stat in _STATISTICS:
        connection.execute(sa.text("DELETE FROM sqlite_stat1 WHERE idx = :idx"), {"idx": index})
        connection.execute(insert, {"tbl": table, "idx": index, "stat": stat})
    connection.execute(sa.text("ANALYZE sqlite_schema"))  # reads them
