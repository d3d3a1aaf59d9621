"""An OpenID provider, asked as OpenID Connect Core 1.0 says: authorization code, PKCE, state and nonce."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import structlog

from infrastructure.integration import Step, unnoticed
from models.account_errors import ProviderRefused
from models.openid import Claims, OpenIdClient
from utils.json_text import DuplicateKeys, MalformedJSON, parse_strict

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

    from infrastructure.outbound import Outbound

log = structlog.get_logger(__name__)

SCOPES = "openid email profile"
# Signatures by keys that the provider alone has; never `none`, and never a key that the client has, too.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ASK_SECONDS, MOST_BYTES = 10.0, 200_000
KEPT_SECONDS = 3_600.0  # of what a provider tells of itself
LEAST_SECONDS = 60.0  # between two looks for a key that is not known
LEEWAY_SECONDS = 60  # between the provider's clock and ours
LONGEST_SUBJECT, LONGEST_NAME = 255, 100


@dataclass(frozen=True)
class Attempt:
    """What one sign-in is known by: `state` comes back in the address, `nonce` in the token, `verifier` proves that the code is ours."""

    state: str
    nonce: str
    verifier: str


@dataclass
class _Told:
    """What a provider told of itself, and when."""

    metadata: dict[str, Any]
    keys: KeySet
    read_at: float


@dataclass
class OpenIdProvider:
    """One provider. Thread-safe. Its address is the operator's choice, so private networks may be asked."""

    client: OpenIdClient
    outbound: Outbound
    clock: Callable[[], float] = time.time
    _told: _Told | None = None
    _lock: Lock = field(default_factory=Lock)

    def authorization_url(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where somebody is sent to. Raises ProviderRefused."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 — imported by the first sign-in
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415

        url: str = prepare_grant_uri(
            self._metadata()["authorization_endpoint"],
            self.client.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=SCOPES,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return url

    def try_out(self, step: Step) -> int:
        """Read anew what the provider tells of itself, by steps; return how many keys it has. Raises ProviderRefused."""
        return len(self._discover(step).keys.keys)

    def claims(self, code: str, attempt: Attempt, redirect_uri: str) -> Claims:
        """Whom the provider vouches for, by the code that it sent somebody back with. Raises ProviderRefused."""
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": attempt.verifier}
        pair = f"{quote(self.client.client_id, safe='')}:{quote(self.client.client_secret, safe='')}"
        headers = {
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        answer = self._ask("POST", self._metadata()["token_endpoint"], headers, urlencode(sent).encode())
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused("The provider sent no ID token.")
        return self._checked(token, attempt.nonce)

    def _checked(self, token: str, nonce: str) -> Claims:
        claims = self._verified(token)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        moment = self.clock()
        faults = {
            "issuer": claims.get("iss") != self.client.issuer,
            "audience": self.client.client_id not in audiences,
            "authorized party": (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != self.client.client_id,
            "nonce": claims.get("nonce") != nonce,
            "end": not _is_time(claims.get("exp")) or claims["exp"] <= moment - LEEWAY_SECONDS,
            "beginning": not _is_time(claims.get("iat")) or claims["iat"] > moment + LEEWAY_SECONDS,
            "subject": not isinstance(claims.get("sub"), str) or not 1 <= len(claims["sub"]) <= LONGEST_SUBJECT,
        }
        wrong = [name for name, is_wrong in faults.items() if is_wrong]
        if wrong:
            log.warning("id token refused", provider=self.client.key, wrong=wrong)
            raise ProviderRefused(f"The provider's ID token is not for this sign-in: its {wrong[0]} is wrong.")
        email, name = claims.get("email"), claims.get("name")
        return Claims(
            claims["iss"],
            claims["sub"],
            email if isinstance(email, str) else None,
            claims.get("email_verified") is True,
            name[:LONGEST_NAME] if isinstance(name, str) and name.isprintable() else None,
        )

    def _verified(self, token: str) -> dict[str, Any]:
        from joserfc import jwt  # noqa: PLC0415 — imported by the first sign-in
        from joserfc.errors import JoseError  # noqa: PLC0415

        for keys in (self._read().keys, self._newest_keys()):
            try:
                return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError, TypeError) as error:
                reason = type(error).__name__
        log.warning("id token refused", provider=self.client.key, wrong=reason)
        raise ProviderRefused("The signature of the provider's ID token is not valid.")

    def _metadata(self) -> dict[str, Any]:
        return self._read().metadata

    def _newest_keys(self) -> KeySet:
        """The provider's keys, read again unless that was just done: a provider changes its keys without notice."""
        return self._read(LEAST_SECONDS).keys

    def _read(self, kept_seconds: float = KEPT_SECONDS) -> _Told:
        with self._lock:
            if self._told is None or self.clock() - self._told.read_at >= kept_seconds:
                self._told = self._discover()
            return self._told

    def _discover(self, step: Step = unnoticed) -> _Told:
        from joserfc.errors import JoseError  # noqa: PLC0415 — imported by the first sign-in
        from joserfc.jwk import KeySet  # noqa: PLC0415

        issuer = self.client.issuer
        with step("read its document"):
            metadata = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if metadata.get("issuer") != issuer:
                raise ProviderRefused("The provider calls itself by another name than the one that is configured.")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(isinstance(metadata.get(name), str) for name in needed):
                raise ProviderRefused("The provider does not tell where it is asked.")
        with step("read its keys"):
            try:
                keys = KeySet.import_key_set(self._ask("GET", metadata["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderRefused("The provider's keys cannot be read.") from error
        return _Told(metadata, keys, self.clock())

    def _ask(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> dict[str, Any]:
        from infrastructure.outbound import (  # noqa: PLC0415 — imported by the first sign-in
            AddressRefused,
            OutboundError,
            OutboundLimits,
            OutboundRequest,
        )

        try:
            answer = self.outbound.send(OutboundRequest(method, url, headers or {}, body), OutboundLimits(ASK_SECONDS, MOST_BYTES))
        except (OutboundError, AddressRefused) as error:
            raise ProviderRefused(f"The provider does not answer. {error}") from error
        try:
            found = parse_strict(answer.body)
        except (MalformedJSON, DuplicateKeys):
            found = None
        if answer.status != 200 or answer.is_cut or not isinstance(found, dict):
            log.warning("provider refuses", provider=self.client.key, status=answer.status)
            raise ProviderRefused(f"The provider refuses ({answer.status}).")
        return found


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
