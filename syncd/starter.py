"""`syncd init`: a commented config.toml for one source and one product, to be filled in.

What must be filled in stands in angle brackets, which `syncd check` refuses by name. A line that begins with # and no
blank is a setting that is not in force; prose has a blank behind the #.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.scim.profile import Profile
from connectors.scim.profiles import load_profile
from syncd.config.faults import one_line
from syncd.core.attributes import parse_path
from syncd.core.mapping import MappingSpec
from syncd.core.model import Json, Kind
from syncd.core.vocabulary import SourceKind
from syncd.entra_import import Imported, ImportedObjects
from syncd.mapping_rows import default_rows
from syncd.toml_text import toml

_TITLES: Mapping[SourceKind, str] = {"graph": "Microsoft Entra ID", "okta": "Okta"}
_NAMES: Mapping[SourceKind, str] = {"graph": "entra", "okta": "okta"}
_DEPARTMENT: Mapping[SourceKind, str] = {"graph": "department", "okta": "user.department"}

_HEAD = """\
# {source} → {target}: a configuration of syncd, to be filled in.
#
#   1. Replace each <…>, and put each secret where it is looked for.
#   2. syncd check        tests this file, the source and the target
#   3. syncd --dry-run    shows what would be done, and writes nothing
#   4. syncd sync         does it once; syncd run is the service
#
# A line that begins with # and no blank is a setting: take the # away to use it. Prose has a blank.
# A secret is {{ file = "PATH" }}, {{ env = "NAME" }} or {{ credential = "NAME" }} (systemd), never in clear.
# Every key: docs/configuration.md, or for an editor: syncd config schema.
"""
_STATE = """
[state]                         # mirror, links, plans and the provisioning log
url = "sqlite:////var/lib/syncd/state.db"
#url = "postgresql+psycopg://syncd@db.example.com/syncd"
#password = { file = "state.password" }
"""
_GRAPH = """
# An app registration with the application permissions User.Read.All, GroupMember.Read.All and Application.Read.All.
[sources.entra]
kind = "graph"
tenant_id = "<tenant id>"
client_id = "<application (client) id of the app registration>"
# How it signs in, one of the four; the last two need no tenant_id, and client_id only for a user-assigned identity:
client_secret = { file = "entra.secret" }
#certificate = { file = "entra.pem" }
#managed_identity = true
#workload_identity = true
# The enterprise application whose assigned users and groups count; its application id does as well:
service_principal_id = "<object id of the enterprise application>"
#app_id = "44444444-5555-6666-7777-888888888888"
#cloud = "usgov"                # global | usgov | usgov-dod | china
"""
_OKTA = """
# An API token of a read-only administrator, or an API service app with the scopes okta.users.read, okta.groups.read and
# okta.apps.read.
[sources.okta]
kind = "okta"
org_url = "https://<organisation>.okta.com"
# How it signs in, the token or a key:
token = { file = "okta.token" }
#client_id = "0oaserviceapp00000001"
#private_key = { file = "okta.pem" }
#key_id = "kid-1"
# The application whose assigned users and groups count:
app_id = "<id of the application, 0oa…>"
"""
_TARGET = """
[targets.{name}]{space}# {title}
kind = "scim"
url = {url}
token = {{ file = "{name}.token" }}
# or, in place of the token:
#oauth = {{ token_url = "https://login.example.com/token", client_id = "syncd", client_secret = {{ file = "oauth.secret" }} }}
#basic = {{ username = "syncd", password = {{ file = "basic.password" }} }}
profile = {profile}
#dialect = "{dialect}"
#rate = 25                      # requests per second, at most
#concurrency = 8                # requests under way at once, at most
"""
_JOB = """
[jobs.{name}]
source = "{source}"
target = "{name}"
schedule = "40m"                # or cron: "*/5 * * * *"
full_every = "24h"              # the sweep that reads everything on both sides
scope = "assigned"              # assigned | all; all is limited by filters alone
nested_groups = false           # true: members of groups inside an assigned group count too
drift = "report"                # report | repair | ignore: what somebody else changed at the target
"""
_GUARDS = """
[jobs.{name}.guards]            # what is over is held until: syncd approve {name} CHECKSUM
#deletions = {{ count = 500, percent = 10, minimum = 10 }}
#max_active_users = 1000        # the seats of your licence
#protect = ["admin@example.com"]

[log]
#level = "info"                 # debug | info | warning | error
#retention = "90d"              # of the provisioning log
"""
_IN_FORCE = """\
# The mapping. This is what holds without any rows: to change one, uncomment all of them, since a list of rows is the
# whole list. What has no row is not written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Starter:
    """What a configuration is started from."""

    source_kind: SourceKind
    profile_name: str  #: built in, or the path of a TOML file
    profile: Profile
    imported: Imported | None = None  #: mappings, filters and actions of a job at Entra
    imported_from: str = ""

    @property
    def name(self) -> str:
        """Of the target and the job."""
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(self.profile_name).stem)[:60].strip("-_")
        return stem if stem and stem != "generic" else "app"

    @property
    def source_name(self) -> str:
        """Of the source."""
        return _NAMES[self.source_kind]

    @property
    def title(self) -> str:
        """The product's name, as a comment may have it."""
        return one_line(self.profile.title)

    @property
    def text(self) -> str:
        """config.toml."""
        parts = (self._head(), _STATE, _GRAPH if self.source_kind == "graph" else _OKTA, self._target(), self._job())
        return "".join((*parts, self._users(), self._groups(), _GUARDS.format(name=self.name)))

    def _head(self) -> str:
        head = _HEAD.format(source=_TITLES[self.source_kind], target=self.title)
        if self.imported is None:
            return head
        notes = self.notes()
        lines = [
            "#",
            f"# Mappings, filters and actions are those of {one_line(self.imported_from)}.",
            "# A schema does not say who is in scope (assigned or all), nor SkipOutOfScopeDeletions (out_of_scope).",
            "# At Entra a value that goes away at the source stays at the target; here it is cleared there as well:",
            '# when_empty = "keep" in a row leaves it. A default is used whenever the source gives nothing.',
            f"# Not carried over as it was: {len(notes) or 'nothing'}",
            *(f"#   {note}" for note in notes),
        ]
        return head + "\n".join(lines) + "\n"

    def notes(self) -> tuple[str, ...]:
        """What an import lost, and what the product does not store; one line each."""
        if self.imported is None:
            return ()
        found = list(self.imported.notes)
        kinds: tuple[tuple[Kind, ImportedObjects], ...] = (
            ("user", self.imported.users),
            ("group", self.imported.groups),
        )
        for kind, objects in kinds:
            targets = [str(row["target"]) for row in objects.mappings]
            if ignored := [target for target in targets if not self.profile.kind(kind).stores(target)]:
                found.append(f"{kind}s: {self.title} stores no {', '.join(ignored)}; those rows have no effect")
        if self.imported.groups.enabled and not self.profile.groups.supported:
            found.append(f"groups: {self.title} has none, so groups.enabled is false")
        return tuple(found)

    def _target(self) -> str:
        url = self.profile.url or f"<tenant URL, as {self.title} shows it>"
        return _TARGET.format(
            name=self.name,
            space=" " * max(21 - len(self.name), 1),
            title=self.title,
            url=toml(url),
            profile=toml(self.profile_name),
            dialect=self.profile.dialect or "rfc7644",
        )

    def _job(self) -> str:
        return _JOB.format(name=self.name, source=self.source_name)

    # --- users and groups -------------------------------------------------------------------------------------------

    def _users(self) -> str:
        imported = self.imported.users if self.imported else None
        actions: Sequence[str] = ("create", "update", "deactivate", "delete")
        if self.profile.users.delete == "unsupported":
            actions = ("create", "update", "deactivate")
        lines = [
            "",
            f"[jobs.{self.name}.users]",
            f"actions = {toml(imported.actions if imported else actions)}",
            f"match = {toml((imported and imported.match) or self.profile.users.match[:1] or ('userName',))}",
            'out_of_scope = "deactivate"     # deactivate | delete | ignore',
            '#delete_after = "30d"           # how long a deactivated account of a gone user is kept; never by default',
            *self._filters("user", imported),
            *self._mappings("user", imported),
        ]
        return "\n".join(lines) + "\n"

    def _groups(self) -> str:
        imported = self.imported.groups if self.imported else None
        supported = self.profile.groups.supported
        enabled = supported and (imported is None or imported.enabled)
        lines = ["", f"[jobs.{self.name}.groups]", f"enabled = {toml(enabled)}"]
        if not supported:
            return "\n".join([*lines, f"# {self.title} has no groups."]) + "\n"
        lines += [
            f"actions = {toml(imported.actions if imported else ('create', 'update', 'delete'))}",
            f"match = {toml((imported and imported.match) or self.profile.groups.match[:1] or ('displayName',))}",
            "# By name or rule, as with Okta's group push; without it every group in scope:",
            '#select = [{ name = "Engineering" }, { prefix = "eng-" }, { regex = "^qa-.*-team$" }]',
            *self._filters("group", imported),
            *self._mappings("group", imported),
        ]
        return "\n".join(lines) + "\n"

    def _filters(self, kind: Kind, imported: ImportedObjects | None) -> Iterable[str]:
        if imported and imported.filters:
            yield "# The clauses of an inner list are joined with AND, the lists with OR."
            yield "filters = ["
            yield from (f"  {toml(clauses)}," for clauses in imported.filters)
            yield "]"
        elif kind == "user":
            yield "# The clauses of an inner list are joined with AND, the lists with OR:"
            clause = {"attribute": _DEPARTMENT[self.source_kind], "operator": "EQUALS", "value": "Engineering"}
            yield f"#filters = [[{toml(clause)}]]"

    def _mappings(self, kind: Kind, imported: ImportedObjects | None) -> Iterable[str]:
        if imported and imported.mappings:
            yield "# The whole mapping: what has no row is not written."
            yield "mappings = ["
            yield from (f"  {toml(row)}," for row in imported.mappings)
            yield "]"
            return
        yield _IN_FORCE
        yield "#mappings = ["
        product = self.profile.kind(kind)
        for spec in default_rows(kind, self.source_kind, self.profile):
            if product.stores(spec.target):
                yield f"#{toml(_row(spec, on_create=str(parse_path(spec.target)) in product.on_create))},"
        yield "#]"


def starter(
    source_kind: SourceKind, profile_name: str, *, imported: Imported | None = None, imported_from: str = ""
) -> Starter:
    """For a profile by name or path. Raises ProfileError."""
    return Starter(
        source_kind=source_kind,
        profile_name=profile_name,
        profile=load_profile(profile_name),
        imported=imported,
        imported_from=imported_from,
    )


def _row(spec: MappingSpec, *, on_create: bool) -> dict[str, Json]:
    """The row as config.toml has it, without what holds by default."""
    origins = {"source": spec.source, "constant": spec.constant, "expression": spec.expression}
    row: dict[str, Json] = {"target": spec.target} | {key: value for key, value in origins.items() if value is not None}
    if on_create or spec.apply != "always":
        row["apply"] = "on-create"
    if spec.default is not None:
        row["default"] = spec.default
    if spec.when_empty != "clear":
        row["when_empty"] = spec.when_empty
    if spec.allowed is not None:
        row["allowed"] = list(spec.allowed)
    return row
