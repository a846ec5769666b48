"""The tables [targets.<name>]: SCIM 2.0 services."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator, TypeAdapter, ValidationInfo, WithJsonSchema

from syncd.config.address import RootUrl, ServiceUrl
from syncd.config.duration import Seconds
from syncd.config.faults import ADD, kind_of, shown
from syncd.config.identifier import ExistingFile, Text
from syncd.config.late import Late
from syncd.config.secret_reference import FOLDER_VARIABLE, FORMS, SECRET_SCHEMA, SecretLine, SecretText
from syncd.config.section import Section, Wrong, given
from syncd.config.surroundings import surroundings
from syncd.core.model import Json
from syncd.core.secret import Secret

_WAYS = 'token, oauth, basic or auth = "none"'
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")  # a token of RFC 9110 section 5.6.2
_SECRET_HEADER = re.compile(r"auth|token|secret|key|cookie|passw|signature|credential", re.IGNORECASE)
_OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding"})
_LATE = ConfigDict(defer_build=True)  # built where a file first asks for it
_SECRET: TypeAdapter[Secret] = TypeAdapter(SecretLine, config=_LATE)
_SECRET_LINES: TypeAdapter[Secret] = TypeAdapter(SecretText, config=_LATE)
_FILE: TypeAdapter[Path] = TypeAdapter(ExistingFile, config=_LATE)


def _profile(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value.strip():
        found = "empty text" if isinstance(value, str) else kind_of(value)
        raise Wrong(found, "write the name of a profile, or the path of a TOML file").error()
    if "/" not in value and not value.endswith(".toml"):
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", value):
            raise Wrong(shown(value), "write the name of a profile such as generic, or the path of a TOML file").error()
        return value
    return str(_FILE.validate_python(value, context=surroundings(info)))


def _headers(value: Any, info: ValidationInfo) -> Mapping[str, Secret]:
    """Names to values; a value in clear is wrapped as well, so that all are used and shown alike."""
    if not isinstance(value, Mapping):
        raise Wrong(kind_of(value), 'write a table such as { "X-Tenant" = "acme" }').error()
    found: dict[str, Secret] = {}
    for name, content in value.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS:
            raise Wrong(f"header {shown(name)}", "it is no name of a header, or one that syncd sets itself").error()
        if name.lower() == "authorization":
            raise Wrong("header Authorization", f"the credential is given by {_WAYS}").error()
        if name.lower() in {known.lower() for known in found}:
            raise Wrong(f"header {shown(name)} twice", "names of headers have no letter case").error()
        if isinstance(content, str) and not _SECRET_HEADER.search(name):
            if not content.isprintable():
                raise Wrong(f"header {shown(name)} has a control character", "it is one line of text").error()
            found[name] = Secret(content)
        elif isinstance(content, str):
            raise Wrong(f"a secret in clear in header {shown(name)} (not shown here)", f"write {FORMS}").error()
        else:
            found[name] = _SECRET.validate_python(content, context=surroundings(info))
    return found


def _key_file(value: Any, info: ValidationInfo) -> Path:
    """A path, also in the forms { file } and { credential }: TLS reads certificate and key from a file."""
    if isinstance(value, Mapping):
        if "env" in value:
            raise Wrong("env", "TLS reads it from a file; write { file = … } or { credential = … }").error()
        _SECRET_LINES.validate_python(value, context=surroundings(info))
        value = value.get("file") or str(Path(surroundings(info).environ[FOLDER_VARIABLE]) / value["credential"])
    return _FILE.validate_python(value, context=surroundings(info))


KeyFile = Annotated[
    Path,
    PlainValidator(_key_file),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, SECRET_SCHEMA]}),
]
Headers = Annotated[
    Mapping[str, Secret],
    PlainValidator(_headers),
    WithJsonSchema({"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, SECRET_SCHEMA]}}),
]


class OAuth(Section):
    """OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

    token_url: RootUrl = Field(description="The token endpoint; plain http only for loopback")
    client_id: Text = Field(description="Client id at the token endpoint")
    client_secret: SecretLine = Field(description="Client secret at the token endpoint")
    scope: Text | None = Field(default=None, description="Scopes to ask for, with blanks between them")


class Basic(Section):
    """HTTP Basic authentication (RFC 7617)."""

    username: Text = Field(description="User name; no colon")
    password: SecretLine = Field(description="Password")

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        if ":" in str(raw.get("username", "")):
            yield Wrong("a colon in the user name", "RFC 7617 allows none", key="username")


class Target(Section):
    """A SCIM 2.0 service (RFC 7644)."""

    kind: Literal["scim"] = Field(description="The kind of target: scim")
    url: ServiceUrl = Field(
        description="Tenant URL as the product shows it, flag and all; plain http only for loopback"
    )
    token: SecretLine | None = Field(default=None, description="A bearer token")
    oauth: Annotated[OAuth, Late()] | None = Field(
        default=None, description="OAuth 2.0 client credentials, in place of token"
    )
    basic: Annotated[Basic, Late()] | None = Field(
        default=None, description="User name and password, in place of token"
    )
    auth: Literal["none"] | None = Field(default=None, description="none: the service asks for no credential")
    profile: Annotated[str, PlainValidator(_profile), WithJsonSchema({"type": "string"})] = Field(
        default="generic",
        description="The product's ways: aws, generic, github, gitlab, keepnet, lightrun, modyo, slack, testmu, or the path of a TOML file",
    )
    dialect: Literal["rfc7644", "entra", "entra-2020", "okta-put", "okta-patch"] | None = Field(
        default=None, description="How requests are worded; by default from the profile or the flag in the URL"
    )
    rate: float | None = Field(
        default=None, gt=0, le=10_000, allow_inf_nan=False, description="Requests per second, at most"
    )
    concurrency: int = Field(default=8, ge=1, le=256, description="Requests under way at once, at most")
    ca_file: ExistingFile | None = Field(
        default=None, description="Certificates (PEM) to trust in place of the system's; TLS is always verified"
    )
    client_certificate: KeyFile | None = Field(
        default=None, description="PEM file with certificate and private key for mutual TLS"
    )
    headers: Headers = Field(
        default_factory=dict, description="Further headers of each request; a secret value by reference"
    )
    timeout: Seconds = Field(
        default=timedelta(seconds=30),
        json_schema_extra={"default": 30},
        description="Seconds, or a duration, until a request is given up",
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        ways = given(raw, "token", "oauth", "basic", "auth")
        if not ways:
            yield Wrong("no credential", f"give exactly one of {_WAYS}", ADD)
        elif len(ways) > 1:
            yield Wrong(f"{len(ways)} credentials ({', '.join(ways)})", f"give exactly one of {_WAYS}")
