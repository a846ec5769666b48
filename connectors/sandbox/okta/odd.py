"""Records as no schema has them: what live organisations have sent, or will.

Each is known to make a typed client lose the whole page or to test a reader's judgement.
"""

from __future__ import annotations

from collections.abc import Callable

from syncd.core.model import Json

Record = dict[str, Json]


def _profile(**changes: Json) -> Callable[[Record], Record]:
    return lambda record: {**record, "profile": {**record.get("profile", {}), **changes}}


def _provider(record: Record) -> Record:
    credentials = {**record.get("credentials", {}), "provider": {"type": "PASSKEY_DIRECTORY", "name": "Passkeys"}}
    return {**record, "credentials": credentials}


#: name -> the change of one record
ODD: dict[str, Callable[[Record], Record]] = {
    "unknown_status": lambda record: {**record, "status": "HIBERNATED"},
    "short_login": _profile(login="bob"),
    "empty_first_name": _profile(firstName=""),
    "long_first_name": _profile(firstName="Maximiliana" * 6),
    "long_country": _profile(countryCode="USA"),
    "unknown_provider": _provider,
    "no_profile": lambda record: {key: value for key, value in record.items() if key != "profile"},
    "null_profile": lambda record: {**record, "profile": None},
    "no_id": lambda record: {key: value for key, value in record.items() if key != "id"},
    "unknown_app_user_status": lambda record: {**record, "status": "QUARANTINED"},
    "no_record": lambda _: {},
}


def odd_record(content: Json, which: Json) -> Json:
    """Make one record of a page odd. `which`: a name of `ODD`, or {"name", "at": index, "embedded": true}.

    With `embedded` it is the user inside an app user that becomes odd.
    """
    options = {"name": which} if isinstance(which, str) else dict(which)
    change = ODD[options["name"]]
    if not isinstance(content, list):
        return _changed(content, change, options)
    at = options.get("at", 0)
    return [_changed(record, change, options) if n == at else record for n, record in enumerate(content)]


def _changed(record: Record, change: Callable[[Record], Record], options: dict[str, Json]) -> Record:
    if options.get("embedded") and "_embedded" in record:
        return {**record, "_embedded": {**record["_embedded"], "user": change(record["_embedded"]["user"])}}
    return change(record)


def unknown_fields(content: Json, _: Json) -> Json:
    """Add fields that no document knows, to every record and its profile."""
    new: Record = {"realmId": "guo1", "futureField": {"nested": [1, None]}}

    def extended(record: Record) -> Record:
        return {
            **record,
            **new,
            **({"profile": {**record["profile"], "futureField": 1}} if "profile" in record else {}),
        }

    return [extended(record) for record in content] if isinstance(content, list) else extended(content)


def oversized(content: Json, size: Json) -> Json:
    """Blow a body up to at least `size` bytes (default 64 MB), valid JSON as it was."""
    padding = {"padding": "x" * int(size or 64_000_000)}
    if isinstance(content, list):
        return [{**content[0], **padding}, *content[1:]] if content else [padding]
    return {**content, **padding}
