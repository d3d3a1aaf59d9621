"""Providers to sign in through, passkeys, and the API keys of an organization, as integrations."""

from __future__ import annotations

from datetime import timedelta

from config import Settings
from database import AnyReader
from features.accounts.relying_party import RelyingParty
from features.accounts.service import providers_of
from features.accounts.store import api_key as api_key_store
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from models.account_errors import ProviderRefused
from models.integration import Integration, IntegrationKind, IntegrationState, Reach
from utils.clock import now

SIGN_IN_PAGE, KEYS_PAGE = "/account", "/account"
EXPIRING, UNUSED = timedelta(days=30), timedelta(days=90)
GOOGLE_SETTINGS = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "PUBLIC_URL")
OPENID_SETTINGS = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "PUBLIC_URL")


def sign_in_connectors(settings: Settings) -> tuple[Connector, ...]:
    """Google, another OpenID provider, and passkeys."""
    google = _openid(settings, "google", "Sign-in: Google", GOOGLE_SETTINGS)
    other = _openid(settings, "openid", f"Sign-in: {settings.oidc_name}", OPENID_SETTINGS)
    return google, other, Connector("sign-in-passkeys", lambda: _passkeys(settings))


def key_integrations(connection: AnyReader, org_id: int) -> list[Integration]:
    """The organization's API keys, counted."""
    moment = now()
    counted = api_key_store.count_keys(connection, org_id, moment, moment + EXPIRING, moment - UNUSED)
    state = IntegrationState.WARNING if counted.expiring or counted.unused else IntegrationState.OK
    told = "1 key is valid." if counted.live == 1 else f"{counted.live:,} keys are valid."
    if counted.expiring:
        told += f" {_of_keys(counted.expiring, 'expires', 'expire')} within {EXPIRING.days} days."
    if counted.unused:
        told += f" {_of_keys(counted.unused, 'was', 'were')} not used for {UNUSED.days} days: revoke what nobody needs."
    if not counted.live:
        state, told = IntegrationState.OFF, "There are no API keys. Programs that ask for data or start jobs need one."
    return [Integration("api-keys", IntegrationKind.KEYS, "API keys", state, told, page=KEYS_PAGE, scope=Reach.ORGANIZATION)]


def _openid(settings: Settings, key: str, title: str, names: tuple[str, ...]) -> Connector:
    name = f"sign-in-{key}"
    client = next((each for each in settings.openid_clients if each.key == key), None)

    def look() -> Integration:
        if client is None:
            told = f"Nobody signs in through it. Set {', '.join(each for each in names if each != 'OIDC_NAME')}."
            return Integration(name, IntegrationKind.SIGN_IN, title, IntegrationState.OFF, told, names, SIGN_IN_PAGE)
        told = f"{client.issuer}, as the client {client.client_id}."
        return Integration(name, IntegrationKind.SIGN_IN, title, IntegrationState.SET_UP, told, names, SIGN_IN_PAGE)

    def try_it(step: Step, _: Wish) -> str:
        provider = providers_of(settings)[key]
        try:
            count = provider.try_out(step)
        except ProviderRefused as error:
            raise IntegrationFailed(f"{error} {_advice(key)}") from error
        keys = "its key" if count == 1 else f"its {count} keys"
        return f"The provider calls itself as it is configured, and {keys} can be read. The client's secret is tried by a sign-in alone."

    return Connector(name, look, try_it)


def _advice(key: str) -> str:
    if key == "google":
        return "See that this machine reaches accounts.google.com."
    return "OIDC_ISSUER is to be the `issuer` in its /.well-known/openid-configuration, to the letter."


def _passkeys(settings: Settings) -> Integration:
    party = RelyingParty.of(settings.public_url)
    if party is None:
        told = "There are none. Set PUBLIC_URL to the https address with a host name under which people reach the service."
        return Integration(
            "sign-in-passkeys", IntegrationKind.SIGN_IN, "Sign-in: passkeys", IntegrationState.OFF, told, ("PUBLIC_URL",), SIGN_IN_PAGE
        )
    told = f"They are made for {party.id}, and asked for by pages of {party.origin}."
    return Integration(
        "sign-in-passkeys", IntegrationKind.SIGN_IN, "Sign-in: passkeys", IntegrationState.SET_UP, told, ("PUBLIC_URL",), SIGN_IN_PAGE
    )


def _of_keys(count: int, one: str, several: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {several}"
