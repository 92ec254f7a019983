"""Whose credentials a connection has, and what to do where the venue does not know them."""

from __future__ import annotations

from datetime import UTC, datetime

from acctcfg.core.desired import VenueSpec
from acctcfg.core.secret import AccessToken, Credentials
from acctcfg.core.spelling import unix_seconds
from acctcfg.errors import AuthRefused, ConfigError, Maintenance, OutcomeUnknown, Unreachable, VenueError
from acctcfg.venues.okx.account_reads import Config
from acctcfg.venues.okx.endpoints import CONFIG, STATUS
from acctcfg.venues.okx.refusals import UNKNOWN_KEY
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call

__all__ = ["maintenance", "whose"]


async def whose(client: Client, spec: VenueSpec, credentials: Credentials, title: str, *, user: str) -> Config:
    """The config of the user whose credentials these are. Raises ConfigError for those of a sub-account.

    `user`: what its requests are counted under until the user is known.
    """
    try:
        reply = await client.read(Call(CONFIG), credentials, user)
    except (Unreachable, OutcomeUnknown) as error:
        raise await maintenance(client, spec) or error from error
    except AuthRefused as error:
        where = f"venues.{spec.key}: {error.message}"
        hint = _elsewhere(client, spec, credentials) if error.code in UNKNOWN_KEY else error.hint
        raise AuthRefused(where, hint=hint, code=error.code, status=error.status, text=error.text) from error
    config = Config.of(reply.data[0] if reply.data else {})
    if config.main_uid not in ("", config.uid):
        raise ConfigError(
            f"venues.{spec.key}: the credentials belong to a sub-account (uid {config.uid})",
            hint=f"{title} needs a key of its main account",
        )
    return config


async def maintenance(client: Client, spec: VenueSpec) -> Maintenance | None:
    """Whether the venue says that it is closed, and until when."""
    try:
        reply = await client.read(Call(STATUS, {"state": "ongoing"}))
    except VenueError:
        return None
    if not reply.data:
        return None
    row = reply.data[0]
    end = unix_seconds(str(row.get("end", "")), per_s=1000)
    until = f" until {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M} UTC" if end is not None else ""
    return Maintenance(
        f"venues.{spec.key}: the venue is under maintenance{until}: {row.get('title', '')}".rstrip(": "),
        hint="nothing was written; run again after that",
        code="maintenance",
    )


def _elsewhere(client: Client, spec: VenueSpec, credentials: Credentials) -> str:
    """Where a key or a token that the venue does not know here may be at home."""
    region = f"region {spec.region}" if spec.base_url is None else "`base_url`"
    return (
        f"a {credentials.word} works at the host of its own region ({region}: {client.base_url}) and in its own "
        f"environment (environment: {spec.environment}); correct `region` or `environment`, "
        f"or {_source(spec, credentials)}"
    )


def _source(spec: VenueSpec, credentials: Credentials) -> str:
    if isinstance(credentials, AccessToken):
        name = spec.credentials["token"].get("env")
        return f"the variable {name}" if name else "what the program answers"
    prefix = spec.credentials.get("env")
    return f"the variables {prefix}_API_KEY and so on" if prefix else "the credentials"
