"""The rules of the settings for signing in through OpenID providers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from models.config_fault import Fault

if TYPE_CHECKING:
    from config import Settings

_ISSUER = re.compile(r"https://[^/?#@\s]+(/[^?#\s]*)?|http://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(/[^?#\s]*)?")


def faults_of(settings: Settings) -> list[Fault]:
    """The faults of these settings."""
    faults = []
    google = {"GOOGLE_CLIENT_ID": settings.google_client_id, "GOOGLE_CLIENT_SECRET": settings.google_client_secret}
    other = {
        "OIDC_ISSUER": settings.oidc_issuer,
        "OIDC_CLIENT_ID": settings.oidc_client_id,
        "OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    for together in (google, other):
        missing = [name for name, value in together.items() if value is None]
        if missing and len(missing) < len(together):
            remedy = f"Set {' and '.join(together)}, or none of them."
            faults.append(Fault(missing[0], "a client of a provider needs it.", remedy))
        elif not missing and settings.public_url is None:
            remedy = "Set it to the address under which people reach the service; the provider sends them back there."
            faults.append(Fault("PUBLIC_URL", f"{next(iter(together))} is set, which needs it.", remedy))
    if settings.oidc_issuer is not None and not _ISSUER.fullmatch(settings.oidc_issuer):
        remedy = "Copy it from the provider's page; it begins with https://."
        faults.append(Fault("OIDC_ISSUER", "it is not the address of an issuer.", remedy))
    return faults
