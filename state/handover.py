"""A link that passes from one job to another, with its account at the target, when the one lets go what the other claims."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from state.in_hand import in_hand
from state.pending import Wait, put_waits
from state.tables import claims, leases, link_members, links
from syncd.core.change import Link


def hand_over(c: sa.Connection, link: Link, *, job: str, source_id: str, now: datetime) -> bool:
    """Make this link that of `job` and its object, inside the transaction that marks the adoption as sent.

    False where it is another one by now, or where its job has a request for the object under way. What was written of an
    account's memberships stays with the job that wrote it, which takes it out of its groups: it looks at them again. What
    was written of a group's members passes with the group: nobody else could ever take them out.
    """
    theirs = links.c.job == link.job, links.c.kind == link.kind, links.c.source_id == link.source_id
    if not _free(c, link, now=now):
        return False
    same = links.c.target_id == link.target_id, links.c.rev == link.rev
    if c.execute(sa.select(links.c.job).where(*theirs, *same)).first() is None:
        return False
    _forget_gone(c, link, job=job, source_id=source_id)
    passed = links.update().where(*theirs, *same).values(job=job, source_id=source_id, out_since=None, rev=1)
    if not c.execute(passed).rowcount:
        return False
    if link.kind == "group":
        theirs_inside = link_members.c.job == link.job, link_members.c.group_id == link.source_id
        c.execute(link_members.update().where(*theirs_inside).values(job=job, group_id=source_id))
        return True
    written = (link_members.c.job == link.job) & (link_members.c.member_id == link.source_id)
    groups = list(c.scalars(sa.select(link_members.c.group_id).where(written)))
    put_waits(
        c,
        link.job,
        [Wait(kind="group", source_id=group, reason="again", since=now, due_at=now) for group in groups],
    )
    return True


def _forget_gone(c: sa.Connection, link: Link, *, job: str, source_id: str) -> None:
    """Forget a link of the new owner to an account that is gone. Where it had this account before, and has not taken it out of
    its groups yet, what was written of those stays."""
    of_object = links.c.job == job, links.c.kind == link.kind, links.c.source_id == source_id
    c.execute(links.delete().where(*of_object))
    mine = link_members.c.job == job
    if link.kind == "group":
        mine &= link_members.c.group_id == source_id
    else:
        mine &= (link_members.c.member_id == source_id) & (link_members.c.target_id != link.target_id)
    c.execute(link_members.delete().where(mine))


def _free(c: sa.Connection, link: Link, *, now: datetime) -> bool:
    """Whether nobody of the job that has the link works on its object: in a cycle, whose lease is locked while it marks
    requests as sent, or on demand."""
    of_job = leases.c.job == link.job
    locked = c.execute(sa.select(leases.c.job).where(of_job).with_for_update(skip_locked=True)).first()
    if locked is None and c.execute(sa.select(leases.c.job).where(of_job)).first() is not None:
        return False
    theirs = (claims.c.job == link.job) & (claims.c.kind == link.kind) & (claims.c.source_id == link.source_id)
    if c.execute(sa.select(claims.c.job).where(theirs, claims.c.until > now)).first() is not None:
        return False
    return not in_hand(c, link.job, link.kind, {link.source_id: link.target_id})
