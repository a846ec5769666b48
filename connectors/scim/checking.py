"""What `syncd check` asks of a target: reads alone, each with what to do if it fails."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from connectors.errors import TargetError, Unauthorized
from connectors.scim.answer import NoAnswer
from connectors.scim.discovery import discover
from connectors.scim.errors import describe
from connectors.scim.finding import Finder
from connectors.scim.paging import first_page, page_from
from connectors.scim.service import Service, observed, resources, total_results
from syncd.core.attributes import parse_path, quote, read
from syncd.core.change import Observed, members_of
from syncd.core.model import Finding, Kind


async def findings(service: Service, finder: Finder) -> Sequence[Finding]:
    """Credentials, look-up, filter, paging, members, PATCH support. Never raises.

    What was learned of filters is tried anew; how a service wants its writes is learned from writes alone.
    """
    service.knowledge.doubt_filters()
    found: list[Finding] = []
    sample: Observed | None = None
    for kind in ("user", "group"):
        if not service.profile.kind(kind).supported:
            found.append(Finding(ok=True, what=f"{_label(service, kind)}: off for this product"))
            continue
        try:
            found.append(await _look_up(service, kind))
            sample, paging = await _list(service, kind)
            found.append(paging)
            if sample is not None:
                found.append(await _filter(service, finder, kind, sample))
                if kind == "group":
                    found.append(await _members(service, sample))
        except Unauthorized as error:
            found.append(
                Finding(
                    ok=False,
                    what=f"{_label(service, kind)}: refused",
                    detail=error.detail,
                    remedy="Renew the token in config.toml, or give it the right.",
                )
            )
            if kind == "user":
                return found
        except TargetError as error:
            found.append(
                Finding(
                    ok=False,
                    what=f"{_label(service, kind)}: no usable answer",
                    detail=error.detail,
                    remedy="Check the url in config.toml.",
                )
            )
            if kind == "user":
                return found
    found.append(await _support(service))
    return found


def _label(service: Service, kind: Kind) -> str:
    return f"{service.name}: {kind}s"


async def _look_up(service: Service, kind: Kind) -> Finding:
    """The connection test of the providers: a look-up of something that cannot exist."""
    path = (service.profile.kind(kind).match or (("userName",) if kind == "user" else ("displayName",)))[0]
    nobody = str(uuid.uuid4())
    query = [("filter", f"{path} eq {quote(nobody)}")]
    answer = await service.fetch(service.list_path(kind, query))
    page = resources(answer) if answer.ok else None
    if page is None and answer.status in (400, 422, 501):
        return Finding(
            ok=True,
            what=f"{_label(service, kind)}: a filter on {path} is refused",
            detail=f"{describe(answer)}; {kind}s are listed and compared instead",
        )
    if page is None and not (answer.status == 404 and answer.speaks_scim):
        service.refuse(answer, f"look-up by {path}", kind)
    if page:
        return Finding(
            ok=True,
            what=f"{_label(service, kind)}: can be read; a filter on {path} is ignored",
            detail=f"asked for nobody and got {len(page)}; {kind}s are listed and compared instead",
        )
    return Finding(ok=True, what=f"{_label(service, kind)}: can be looked up by {path}")


async def _list(service: Service, kind: Kind) -> tuple[Observed | None, Finding]:
    first = await _page(service, kind, 1)
    ones = [one for entry in first if (one := observed(entry)) is not None]
    if not ones:
        return None, Finding(ok=True, what=f"{_label(service, kind)}: none there yet")
    if service.knowledge.facts.cursor:
        return ones[0], Finding(ok=True, what=f"{_label(service, kind)}: listed by cursor")
    second = await _page(service, kind, 2)
    if second and (again := observed(second[0])) is not None and again.id == ones[0].id:
        return ones[0], Finding(
            ok=True,
            what=f"{_label(service, kind)}: listed",
            detail="startIndex is ignored: the list is read in one page",
        )
    return ones[0], Finding(ok=True, what=f"{_label(service, kind)}: listed in pages")


async def _page(service: Service, kind: Kind, start: int) -> list[dict[str, object]]:
    answer = await (first_page(service, kind, 1) if start == 1 else page_from(service, kind, start, 1))
    page = resources(answer) if answer.ok else None
    if page is None:
        if start > 1:
            return []
        service.refuse(answer, f"list of {kind}s", kind)
    return [dict(entry) for entry in page] if total_results(answer) != 0 else []


async def _filter(service: Service, finder: Finder, kind: Kind, sample: Observed) -> Finding:
    for path in service.profile.kind(kind).match:
        value = read(sample.resource, parse_path(path))
        if not isinstance(value, str) or not value:
            continue
        await finder.find(kind, {path: str(uuid.uuid4())})
        hits = await finder.find(kind, {path: value})
        ok = any(hit.id == sample.id for hit in hits)
        how = "listed" if path in service.knowledge.facts.unfilterable else "filtered"
        return Finding(
            ok=ok,
            what=f"{_label(service, kind)}: found by {path} ({how})"
            if ok
            else f"{_label(service, kind)}: not found by {path}",
            detail="" if ok else "an object that the list shows is not found by its own value",
            remedy="" if ok else "Match on another attribute.",
        )
    return Finding(ok=True, what=f"{_label(service, kind)}: none with a match attribute to try")


async def _members(service: Service, sample: Observed) -> Finding:
    """Whether a read of a group shows its members: where it does not, no PUT may replace them."""
    try:
        answer = await service.look("group", sample.id, members=True)
    except NoAnswer as broken:
        return Finding(ok=True, what=f"{service.name}: a group could not be read", detail=broken.detail)
    shown = members_of(answer.resource) if answer.ok and answer.resource is not None else None
    if shown:
        return Finding(ok=True, what=f"{service.name}: members of a group are shown", detail=f"{len(shown)} of one")
    return Finding(
        ok=True,
        what=f"{service.name}: no members are shown",
        detail="the group that was looked at has none, or the service never shows them; the first write will tell",
    )


async def _support(service: Service) -> Finding:
    try:
        service.knowledge.facts = await discover(service)
    except TargetError as error:
        return Finding(ok=True, what=f"{service.name}: no discovery", detail=error.detail)
    facts = service.knowledge.facts
    how = "PATCH" if facts.patch else "PUT"
    detail = f"dialect {service.dialect.name}, profile {service.profile.name}; " + "; ".join(facts.learned)
    return Finding(ok=True, what=f"{service.name}: updates by {how}", detail=detail.rstrip("; "))
