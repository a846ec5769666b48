"""The page on one product: a hand-written head, then what its profile says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from connectors.scim.profile import ErrorWords, KindProfile, Profile
from syncd.core.attributes import parse_path
from syncd.core.mapping import MappingSpec
from syncd.core.model import Kind
from syncd.core.vocabulary import SourceKind
from syncd.mapping_rows import default_rows

_DELETION = {
    "deletes": "`DELETE` removes it",
    "deactivates": "`DELETE` is accepted, and only deactivates it",
    "unsupported": "there is no deletion: it is deactivated and stays",
}
_PAGING = {"index": "go on by `startIndex`", "cursor": "go on by `nextCursor` (RFC 9865)"}
_SOURCES = {"graph": "Microsoft Graph", "okta": "Okta"}


def target(profile: Profile, head: str) -> str:
    """The page of one profile."""
    lines = [f"# {profile.title}", "", head.strip(), "", "## What the profile knows", ""]
    lines += [f'`profile = "{profile.name}"`', "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in _facts(profile)]
    for kind in get_args(Kind):
        lines += _kind(profile, kind)
    return "\n".join([*lines, *_errors(profile.errors)]) + "\n"


def _facts(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "tenant URL", f"`{profile.url}`" if profile.url else "the product shows yours"
    flag = "`rfc7644`, or as the flag in the tenant URL says"
    yield "dialect", f"`{profile.dialect}`, whatever flag the tenant URL has" if profile.dialect else flag
    yield "discovery", "asked" if profile.discovery else "not asked: the product has none worth asking"
    yield "members", f"at most {profile.member_chunk} in one request"
    if profile.paging is not None:
        yield "lists", _PAGING[profile.paging]
    if not profile.members_shown:
        yield "members of a group", "never shown: additions and removals alone are sent, and no group is replaced"
    if profile.traits:
        yield "wording of requests", ", ".join(f"{name} = {value}" for name, value in sorted(profile.traits.items()))


def _kind(profile: Profile, kind: Kind) -> Iterator[str]:
    product = profile.kind(kind)
    yield from ("", f"## {kind.capitalize()}s", "")
    if not product.supported:
        yield f"The product takes no {kind}s: none are sent, whatever `{kind}s.enabled` says."
        return
    yield from ("| | |", "|---|---|")
    yield from (f"| {name} | {value} |" for name, value in _product(product))
    for source in get_args(SourceKind):
        rows = [row for row in default_rows(kind, source, profile) if product.stores(row.target)]
        yield from ("", f"### Default mapping of {kind}s from {_SOURCES[source]}", "")
        yield from ("| target | value | |", "|---|---|---|")
        yield from (_row(row, product) for row in rows)


def _product(product: KindProfile) -> Iterator[tuple[str, str]]:
    if product.match:
        yield "matched by", _paths(product.match)
    if product.filterable:
        yield "can be looked up by", f"{_paths(sorted(product.filterable))} alone"
    elif product.filterable is not None:
        yield "can be looked up by", "nothing: they are listed and compared"
    if product.required:
        yield "required", f"{_paths(product.required)}: none is created without a value for each"
    if product.accepts is not None:
        yield "stored", f"{_paths(sorted(product.accepts))}; what is mapped to anything else is not sent"
    for path, why in product.immutable.items():
        yield f"`{path}` never changes", why
    if product.on_create:
        yield "written on creation only", _paths(sorted(product.on_create))
    if product.updatable is not None:
        yield "an update may change", f"{_paths(sorted(product.updatable))} alone"
    if product.optional:
        yield "may be refused", f"{_paths(sorted(product.optional))}: a note, not a failure"
    yield "deletion", _DELETION[product.delete]
    if not product.rename:
        yield "rename", "not accepted"


def _row(row: MappingSpec, product: KindProfile) -> str:
    if row.expression is not None:
        value = f"`{row.expression}`"
    else:
        value = f"`[{row.source}]`" if row.source is not None else f"constant `{row.constant}`"
    path = str(parse_path(row.target))
    notes = []
    if row.apply == "on-create" or path in product.on_create:
        notes.append("on creation")
    if row.default is not None:
        notes.append(f"default `{row.default}`")
    if row.when_empty == "keep":
        notes.append("kept where the source has none")
    if row.allowed is not None:
        notes.append(f"one of {_paths(map(str, row.allowed))}")
    return f"| `{path}` | {value.replace('|', chr(92) + '|')} | {', '.join(notes)} |"


def _errors(errors: Iterable[ErrorWords]) -> Iterator[str]:
    rows = list(errors)
    if not rows:
        return
    yield from ("", "## Answers, and what to do", "", "| answer | about | what to do | |", "|---|---|---|---|")
    for each in rows:
        said = [str(each.status)] if each.status is not None else []
        said += [f"with “{each.contains}” in it"] if each.contains is not None else []
        notes = ["not tried again until something changes"] if each.permanent else []
        notes += ["as the answer to a look-up: no account here"] if each.absent else []
        about = f"{each.kind}s" if each.kind else "anything"
        yield f"| {' '.join(said)} | {about} | {each.remedy} | {'; '.join(notes)} |"


def _paths(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)
