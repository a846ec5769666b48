"""How syncd may sign in to each kind of source, and what `syncd init` has to ask for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from syncd.core.vocabulary import SourceKind

#: text: as it is · secret: goes into a file of its own · file: the path of one that is there
Answer = Literal["text", "secret", "file"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One question, and the key of config.toml that its answer is for."""

    section: str
    key: str
    words: str
    default: str | None = None
    answer: Answer = "text"
    secret_file: str = ""  #: where a secret is to stand
    optional: bool = False  #: `none`, the default then, leaves the key out


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """One way of signing in; keys of the other ways that stand in a fresh config.toml are taken out of force."""

    title: str
    questions: tuple[Question, ...] = ()
    switch: str | None = None  #: a key that is set to true

    @property
    def keys(self) -> frozenset[str]:
        """What it sets."""
        return frozenset(question.key for question in self.questions) | ({self.switch} if self.switch else set())


_TENANT = Question(section="sources.entra", key="tenant_id", words="Directory (tenant) ID")
_CLIENT = Question(
    section="sources.entra", key="client_id", words="Application (client) ID of syncd's app registration"
)
_SECRET = Question(
    section="sources.entra",
    key="client_secret",
    words="Its client secret",
    answer="secret",
    secret_file="entra.secret",  # noqa: S106 - a file's name
)
_CERTIFICATE = Question(
    section="sources.entra",
    key="certificate",
    words="File with its certificate and private key (PEM)",
    default="entra.pem",
    answer="file",
)
_IDENTITY = Question(
    section="sources.entra",
    key="client_id",
    words="Client ID of a user-assigned identity; none: the machine's own",
    optional=True,
)
_TOKEN = Question(
    section="sources.okta",
    key="token",
    words="API token of a read-only administrator",
    answer="secret",
    secret_file="okta.token",  # noqa: S106 - a file's name
)
_APP = Question(section="sources.okta", key="client_id", words="Client ID of the API service app (0oa…)")
_KEY = Question(
    section="sources.okta",
    key="private_key",
    words="File with its private key (PEM, or a JSON Web Key)",
    default="okta.pem",
    answer="file",
)
_KEY_ID = Question(
    section="sources.okta", key="key_id", words="Key ID (kid), where the app has several keys", optional=True
)

#: the first is what a fresh config.toml has in force
WAYS: Mapping[SourceKind, tuple[SignIn, ...]] = {
    "graph": (
        SignIn(title="a client secret of an app registration", questions=(_TENANT, _CLIENT, _SECRET)),
        SignIn(title="a certificate of an app registration", questions=(_TENANT, _CLIENT, _CERTIFICATE)),
        SignIn(title="the managed identity of this Azure machine", questions=(_IDENTITY,), switch="managed_identity"),
        SignIn(title="the workload identity of this Kubernetes pod", switch="workload_identity"),
    ),
    "okta": (
        SignIn(title="an API token", questions=(_TOKEN,)),
        SignIn(title="OAuth: the private key of an API service app", questions=(_APP, _KEY, _KEY_ID)),
    ),
}
#: values of `cloud`, the default first
CLOUDS: Mapping[str, str] = {
    "global": "global",
    "usgov": "US Government (GCC High)",
    "usgov-dod": "US Government DoD",
    "china": "China (21Vianet)",
}
#: what is asked whatever the way: before the sign-in, and after it
BEFORE: Mapping[SourceKind, tuple[Question, ...]] = {
    "graph": (),
    "okta": (
        Question(section="sources.okta", key="org_url", words="URL of the organisation (https://example.okta.com)"),
    ),
}
AFTER: Mapping[SourceKind, tuple[Question, ...]] = {
    "graph": (
        Question(
            section="sources.entra",
            key="service_principal_id",
            words="Object ID of the enterprise application whose assignments count",
        ),
    ),
    "okta": (
        Question(section="sources.okta", key="app_id", words="ID of the application whose assignments count (0oa…)"),
    ),
}
