"""Configured sources and targets, as the connectors want them said."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import orjson

from connectors import Source
from connectors.scim.settings import Basic as BasicAuth
from connectors.scim.settings import BearerToken, NoAuth, OAuthClientCredentials, ScimSettings
from state.mirror import Mirror
from syncd.config.graph_source import GraphSource
from syncd.config.okta_source import OktaSource
from syncd.config.target import Target as TargetSettings
from syncd.core.exchange import Observer
from syncd.core.model import Json, Kind
from syncd.core.scope import ScopeRules
from syncd.core.secret import Secret
from syncd.core.vocabulary import vocabulary
from syncd.job import Job
from syncd.mirrored import InView, Mirrored


def open_graph(name: str, said: GraphSource, *, jobs: Sequence[Job], mirror: Mirror, observe: Observer) -> Source:
    """A Graph source, for what these jobs need of it; it is told what the mirror holds, where that may have to go."""
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
    rules = [rules.scope for job in jobs for rules in job.kinds.values()]
    assigned_only = said.reads == "assigned" and bool(rules) and all(rule.scope == "assigned" for rule in rules)
    nested_groups = any(job.nested_groups for job in jobs)
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
        user_attributes=_reads(jobs, "user"),
        group_attributes=_reads(jobs, "group"),
        observe=observe,
        assigned_only=assigned_only,
        nested_groups=nested_groups,
    )
    return open_source(
        settings,
        known_users=partial(mirror.known_ids, name, "user"),
        known_groups=partial(mirror.known_ids, name, "group"),
        known_assignments=partial(mirror.all_assignments, name),
        in_view=InView(mirror, name, nested_groups=nested_groups),
    )


def open_okta(name: str, said: OktaSource, *, jobs: Sequence[Job], mirror: Mirror, observe: Observer) -> Source:
    """An Okta source, for what these jobs need of it."""
    from connectors.okta import settings as okta  # noqa: PLC0415 - each connector only where it is used
    from connectors.okta.source import open_source  # noqa: PLC0415 - likewise

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
        observe=observe,
    )
    opened = open_source(settings, mirrored=Mirrored(mirror, name))
    _keep_what_is_loaded()
    return opened


@cache
def _keep_what_is_loaded() -> None:
    """Once in a process: the SDK's 150,000 objects stay, and looking through them for garbage takes a sixth of a second."""
    gc.freeze()


def scim_settings(name: str, said: TargetSettings, *, observe: Observer) -> ScimSettings:
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
        observe=observe,
    )


def _reads(jobs: Sequence[Job], kind: Kind) -> frozenset[str]:
    """What mappings and filters of the jobs ask of the users, or groups, of Graph."""
    words = vocabulary("graph", kind)
    asked = [words.reads(job.kinds[kind].attributes) for job in jobs if kind in job.kinds]
    return frozenset().union(*asked)


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
