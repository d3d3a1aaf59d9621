"""A passkey authenticator of software (ES256, without attestation), for tests and for the examples of the API."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, HAS_CREDENTIAL = 0x01, 0x04, 0x08, 0x10, 0x40
USUAL = PRESENT | VERIFIED


def encoded(raw: bytes) -> str:
    """Bytes in base64url, as browsers hand them out."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Bytes from base64url."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A device with one passkey. What it answers, and to which page, can be told wrong."""

    origin: str
    flags: int = USUAL
    counts: bool = True
    rp_id: str | None = None  # another than it is asked for
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    sign_count: int = 0
    user_handle: str | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` gives for creation options."""
        self.user_handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], HAS_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"attestationObject": encoded(attestation), "transports": ["internal", "hybrid"]}
        return self._answer("webauthn.create", options["challenge"], response)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.get` gives for request options."""
        self.sign_count += self.counts
        data = self._data(options["rpId"], 0)
        answer = self._answer("webauthn.get", options["challenge"], {"authenticatorData": encoded(data), "userHandle": self.user_handle})
        signed = data + hashlib.sha256(decoded(answer["response"]["clientDataJSON"])).digest()
        answer["response"]["signature"] = encoded(self.key.sign(signed, ec.ECDSA(SHA256())))
        return answer

    def _data(self, rp_id: str, more: int) -> bytes:
        host = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return host + bytes([self.flags | more]) + struct.pack(">I", self.sign_count)

    def _answer(self, kind: str, challenge: str, response: dict[str, Any]) -> dict[str, Any]:
        client_data = json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()
        name = encoded(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": encoded(client_data), **response},
        }
