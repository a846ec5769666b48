"""Settings made real: the state DB, the sources and targets, and the compiled jobs. Every verb starts from here."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import sqlalchemy as sa

from connectors import Source, Target
from connectors.scim.profile import Profile
from connectors.scim.profiles import load_profile
from connectors.scim.settings import Basic as BasicAuth
from connectors.scim.settings import BearerToken, NoAuth, OAuthClientCredentials, ScimSettings
from state.store import Store
from syncd.config import Settings
from syncd.config.graph_source import GraphSource
from syncd.config.job import Job as JobSettings
from syncd.config.okta_source import OktaSource
from syncd.config.scoped_objects import ScopedObjects
from syncd.config.target import Target as TargetSettings
from syncd.core.attribute_type import AttributeType
from syncd.core.diff import Policy
from syncd.core.errors import SyncdError
from syncd.core.filters import Clause, compile_filters
from syncd.core.guard import DeletionLimit, Guards
from syncd.core.mapping import MappingSpec, compile_mapping
from syncd.core.model import Json, Kind
from syncd.core.scope import ScopeRules, Selector
from syncd.core.secret import Secret
from syncd.core.vocabulary import SourceKind, vocabulary
from syncd.ingest import Clock
from syncd.job import Job, KindRules
from syncd.mapping_rows import default_rows
from syncd.mirrored import Mirrored
from syncd.progress import UNWATCHED, Progress
from syncd.target_facts import facts_data, facts_from

SYSTEM_CLOCK = Clock(now=lambda: datetime.now(UTC), sleep=asyncio.sleep)
_Types = Mapping[Kind, Mapping[str, AttributeType]]
_KINDS: tuple[Kind, ...] = ("user", "group")


@dataclass(kw_only=True, eq=False)
class UnknownJob(SyncdError):
    """There is no job {name} in config.toml; its jobs are {jobs}. To see them: syncd status"""

    name: str
    jobs: str


class Runtime:
    """What all verbs share: settings, the open state DB, a clock, and ways to open sources and targets."""

    def __init__(self, settings: Settings, store: Store, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.settings, self.store, self.clock = settings, store, clock
        self.progress: Progress = UNWATCHED
        self._profiles: dict[str, Profile] = {}
        self._jobs: dict[str, tuple[_Types, Job]] = {}

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock = SYSTEM_CLOCK) -> Runtime:
        """Open the state DB, making or upgrading it. Raises ProfileError before that, and StateError."""
        profiles = {name: load_profile(said.profile) for name, said in settings.targets.items()}
        runtime = cls(settings, open_store(settings), clock=clock)
        runtime._profiles |= profiles
        return runtime

    def close(self) -> None:
        self.store.close()

    # --- jobs -------------------------------------------------------------------------------------------------------

    def job_names(self, only: Iterable[str] = ()) -> list[str]:
        """The jobs asked for, or all. Raises UnknownJob."""
        known = list(self.settings.jobs)
        for name in (wanted := list(only)):
            if name not in known:
                raise UnknownJob(name=name, jobs=", ".join(known))
        return wanted or known

    def profile(self, target: str) -> Profile:
        """The product profile of a target. Raises ProfileError."""
        if target not in self._profiles:
            self._profiles[target] = load_profile(self.settings.targets[target].profile)
        return self._profiles[target]

    def job(self, name: str) -> Job:
        """A job, compiled once for what its target is known to announce."""
        said = self.settings.jobs[name]
        remembered = self.store.facts(said.target)
        types = facts_from(remembered).types if remembered else {}
        before = self._jobs.get(name)
        if before is None or before[0] != types:
            self._jobs[name] = (types, self._compile(name, said, types))
        return self._jobs[name][1]

    async def acquaint(self, name: str) -> None:
        """Ask the target of a job what it says of itself, if it never was asked: so the very first plan is made with
        the types that it announces. Raises TargetError."""
        from connectors.scim.target import ScimTarget  # noqa: PLC0415 - aiohttp only where it is used

        target = self.settings.jobs[name].target
        if self.store.facts(target) is None:
            async with self.target(target, write=False) as opened:
                if isinstance(opened, ScimTarget):
                    await opened.discover()

    def _compile(self, name: str, said: JobSettings, types: _Types) -> Job:
        source_kind = self.settings.sources[said.source].kind
        profile = self.profile(said.target)
        on: list[Kind] = ["user", "group"] if said.groups.enabled and profile.groups.supported else ["user"]
        kinds = {kind: self._rules(name, kind, source_kind, types.get(kind, {})) for kind in on}
        deletions = said.guards.deletions
        return Job(
            name=name,
            source=said.source,
            source_kind=source_kind,
            target=said.target,
            kinds=kinds,
            guards=Guards(
                deletions=DeletionLimit(
                    count=deletions.count,
                    percent=deletions.percent,
                    minimum=deletions.minimum,
                    window=deletions.window,
                ),
                max_active_users=said.guards.max_active_users,
                protect=frozenset(text.casefold() for text in said.guards.protect),
            ),
            nested_groups=said.nested_groups,
            drift=said.drift,
            refusal=lambda kind, path: profile.kind(kind).refusal(path) or _immutable(kinds, kind, path),
            digest=self._digest(name, said, profile, kinds),
        )

    def _rules(self, name: str, kind: Kind, source_kind: SourceKind, types: Mapping[str, AttributeType]) -> KindRules:
        said = self.settings.jobs[name]
        profile = self.profile(said.target)
        objects = said.users if kind == "user" else said.groups
        words = vocabulary(source_kind, kind)
        specs = self.mapping_rows(said, kind, source_kind, profile)
        product = profile.kind(kind)
        mapping = compile_mapping(
            [spec for spec in specs if product.stores(spec.target)],
            vocabulary=words,
            match=objects.match,
            required=product.required,
            types=types,
            on_create=product.on_create,
            job=name,
        )
        clauses = [
            [Clause(attribute=c.attribute, operator=c.operator, value=c.value) for c in some]
            for some in objects.filters
        ]
        rules = ScopeRules(
            scope=said.scope,
            filters=compile_filters(clauses, words.resolve),
            select=_selector(said) if kind == "group" else Selector(),
            select_needs_assignment=kind == "user" or source_kind == "graph" or said.groups.select is None,
        )
        if kind == "user":
            policy = Policy(
                actions=frozenset(said.users.actions),
                out_of_scope=said.users.out_of_scope,
                delete_after=said.users.delete_after,
            )
        else:
            policy = Policy(actions=frozenset(said.groups.actions))
        asked = mapping.attributes | {c.attribute for some in clauses for c in some}
        return KindRules(mapping=mapping, scope=rules, policy=policy, attributes=asked, needs_groups="groups" in asked)

    def mapping_rows(
        self, said: JobSettings, kind: Kind, source_kind: SourceKind, profile: Profile
    ) -> Sequence[MappingSpec]:
        """The rows in force: those configured are the whole list; else the defaults, and the profile's in their place."""
        objects: ScopedObjects = said.users if kind == "user" else said.groups
        if objects.mappings:
            return [MappingSpec(**row.model_dump()) for row in objects.mappings]
        return default_rows(kind, source_kind, profile)

    def _digest(self, name: str, said: JobSettings, profile: Profile, kinds: Mapping[Kind, KindRules]) -> str:
        """Of what decides about scope and mapping; not of schedule, guards and the like."""
        facts = said.model_dump(mode="json", exclude={"schedule", "full_every", "guards", "drift"})
        types = [[kind, row.path, repr(row.type)] for kind, rules in kinds.items() for row in rules.mapping.rows]
        text = orjson.dumps([name, facts, repr(profile), types], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()

    # --- connectors -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def source(self, name: str) -> AsyncIterator[Source]:
        """A source, opened for one piece of work."""
        said = self.settings.sources[name]
        opened = self._graph(name, said) if isinstance(said, GraphSource) else self._okta(name, said)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(opened.close)
            yield opened

    def _jobs_of(self, source: str) -> list[Job]:
        return [self.job(name) for name, said in self.settings.jobs.items() if said.source == source]

    def _reads(self, source: str, source_kind: SourceKind, kind: Kind) -> frozenset[str]:
        """What mappings and filters of all jobs ask of this source."""
        found: set[str] = set()
        words = vocabulary(source_kind, kind)
        for job in self._jobs_of(source):
            if kind in job.kinds:
                found |= words.reads(job.kinds[kind].attributes)
        return frozenset(found)

    def _graph(self, name: str, said: GraphSource) -> Source:
        from connectors.graph import settings as graph  # noqa: PLC0415 - each connector only where it is used
        from connectors.graph.source import open_source  # noqa: PLC0415 - likewise

        credential: graph.Credential
        if said.access_token is not None:
            credential = graph.AccessToken(token=said.access_token)
        elif said.client_secret is not None:
            credential = graph.ClientSecret(secret=said.client_secret)
        elif said.certificate is not None:
            credential = graph.Certificate(pem=said.certificate)
        else:
            credential = graph.ManagedIdentity() if said.managed_identity else graph.WorkloadIdentity()
        settings = graph.GraphSettings(
            name=name,
            credential=credential,
            tenant_id=said.tenant_id or "",
            client_id=said.client_id or "",
            cloud=said.cloud,
            endpoint=said.endpoint,
            authority=said.authority,
            service_principal_id=said.service_principal_id,
            app_id=said.app_id,
            user_attributes=self._reads(name, "graph", "user"),
            group_attributes=self._reads(name, "graph", "group"),
        )
        return open_source(settings)

    def _okta(self, name: str, said: OktaSource) -> Source:
        from connectors.okta import settings as okta  # noqa: PLC0415 - each connector only where it is used
        from connectors.okta.source import open_source  # noqa: PLC0415 - likewise

        jobs = self._jobs_of(name)
        selecting = [job.kinds["group"].scope for job in jobs if "group" in job.kinds]
        all_groups = any(rules.scope == "all" or not rules.select_needs_assignment for rules in selecting)
        credential: Secret | okta.OAuth
        if said.token is not None:
            credential = said.token
        else:
            key = said.private_key or Secret("")
            credential = okta.OAuth(
                client_id=said.client_id or "",
                private_key=key,
                key_id=said.key_id,
                optional_scopes=(okta.LOGS_SCOPE,) if said.system_log else (),
            )
        settings = okta.OktaSettings(
            name=name,
            org_url=said.org_url,
            credential=credential,
            app_id=said.app_id or "",
            scope="all" if any(job.kinds["user"].scope.scope == "all" for job in jobs) else "assigned",
            assigned_groups_only=not all_groups,
            group_selection=_group_selection(selecting),
            selection_key=_selection_key(selecting),
            deactivate_suspended=said.deactivate_suspended,
            system_log=said.system_log,
        )
        return open_source(settings, mirrored=Mirrored(self.store.mirror, name))

    @asynccontextmanager
    async def target(self, name: str, *, write: bool) -> AsyncIterator[Target]:
        """A target; without `write` it has no way to write. What it learns of the service is kept in the state DB."""
        from connectors.scim.target import open_target  # noqa: PLC0415 - aiohttp only where it is used

        remembered = self.store.facts(name)
        facts = facts_from(remembered) if remembered else None
        opened = open_target(scim_settings(name, self.settings.targets[name]), facts, write=write)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(opened.close)
            try:
                yield opened
            finally:
                if opened.facts != facts:
                    self.store.remember_facts(name, facts_data(opened.facts))


def open_store(settings: Settings, *, upgrade: bool = True) -> Store:
    """The configured state DB. Raises StateError."""
    url = sa.make_url(settings.state.url)
    if settings.state.password is not None:
        url = url.set(password=settings.state.password.reveal())
    return Store.open(url, upgrade=upgrade)


def scim_settings(name: str, said: TargetSettings) -> ScimSettings:
    """The connector's settings of a configured target."""
    auth: BearerToken | BasicAuth | OAuthClientCredentials | NoAuth
    if said.token is not None:
        auth = BearerToken(token=said.token)
    elif said.basic is not None:
        auth = BasicAuth(username=said.basic.username, password=said.basic.password)
    elif said.oauth is not None:
        auth = OAuthClientCredentials(
            token_url=said.oauth.token_url,
            client_id=said.oauth.client_id,
            client_secret=said.oauth.client_secret,
            scope=said.oauth.scope,
        )
    else:
        auth = NoAuth()
    return ScimSettings(
        name=name,
        url=said.url,
        auth=auth,
        profile=said.profile,
        dialect=said.dialect,
        rate=said.rate,
        concurrency=said.concurrency,
        ca_file=said.ca_file,
        client_certificate=said.client_certificate,
        headers=said.headers,
        timeout_s=said.timeout.total_seconds(),
    )


def _group_selection(rules: Sequence[ScopeRules]) -> Callable[[Mapping[str, Json]], bool] | None:
    """Whose members Okta is asked for: groups that some job selects; None where a job takes all that it is given."""
    if not rules or any(not rule.select or rule.select_needs_assignment for rule in rules):
        return None
    selectors = [rule.select for rule in rules]
    return lambda group: any(s.picks(str((group.get("profile") or {}).get("name"))) for s in selectors)


def _selection_key(rules: Sequence[ScopeRules]) -> str:
    """The same text for the same selection, in every process."""
    selectors = [[sorted(rule.select.names), rule.select.prefixes, rule.select.patterns] for rule in rules]
    facts = [[rule.scope, rule.select_needs_assignment, some] for rule, some in zip(rules, selectors, strict=True)]
    return orjson.dumps(facts).decode()


def _immutable(kinds: Mapping[Kind, KindRules], kind: Kind, path: str) -> str | None:
    """Why an update cannot carry this path, by what the target announces (RFC 7643 section 7, mutability)."""
    rows = kinds[kind].mapping.rows if kind in kinds else ()
    if any(row.path == path and row.type.mutability == "immutable" for row in rows):
        return f"the target says that {path} cannot be changed once it is written"
    return None


def _selector(said: JobSettings) -> Selector:
    rules = said.groups.select or ()
    return Selector(
        names=frozenset(rule.name for rule in rules if rule.name is not None),
        prefixes=tuple(rule.prefix for rule in rules if rule.prefix is not None),
        patterns=tuple(rule.regex for rule in rules if rule.regex is not None),
    )
