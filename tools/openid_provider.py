"""An OpenID provider on loopback for tests and examples, which signs whoever it is told to in at once, and misbehaves as told."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "bellwether-client"
WORDS = "a client's words: 100 %"  # what it proves itself by


@dataclass
class Provider:
    """The provider: who is signed in there, and what it changes of its answers."""

    subject: str = "4711"
    email: str | None = "ada@example.com"
    email_verified: bool = True
    spoil: Callable[[dict[str, Any], dict[str, Any]], None] = lambda header, claims: None
    spoil_metadata: Callable[[dict[str, Any]], None] = lambda metadata: None
    sign_with: Any = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    issuer: str = ""

    def metadata(self) -> dict[str, Any]:
        """What it tells of itself."""
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        self.spoil_metadata(told)
        return told

    def authorize(self, query: dict[str, str]) -> str:
        """Sign the browser in, and tell where it goes next."""
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer to a code, which is good once; None for a refusal."""
        begun = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        faults = {
            "code": begun is None,
            "client": pair != f"{CLIENT}:{'a%20client%27s%20words%3A%20100%20%25'}",
            "verifier": begun is not None and (begun.get("code_challenge_method"), begun.get("code_challenge")) != ("S256", challenge),
            "redirect": begun is not None and begun["redirect_uri"] != form.get("redirect_uri"),
        }
        self.refusals += [name for name, is_wrong in faults.items() if is_wrong]
        if any(faults.values()):
            return None
        assert begun is not None
        return {"id_token": self.id_token(begun["nonce"])}

    def id_token(self, nonce: str) -> str:
        """A token that vouches for whoever is signed in."""
        moment = int(time.time())
        header: dict[str, Any] = {"alg": "RS256", "kid": "one", "typ": "JWT"}
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": moment,
            "exp": moment + 300,
            "nonce": nonce,
        }
        claims |= {"email": self.email, "email_verified": self.email_verified, "name": "Ada L."}
        self.spoil(header, claims)
        if header["alg"] == "none":
            parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
            return ".".join([*parts, ""])
        return jwt.encode(header, claims, self.sign_with or self.key, algorithms=["RS256", "HS256"])


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider that answers during the block."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
            provider.asked.append(path)
            if path == "/.well-known/openid-configuration":
                self.answer(provider.metadata())
            elif path == "/keys":
                self.answer({"keys": [provider.key.as_dict(private=False)]})
            elif path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize({name: values[0] for name, values in query.items()}))
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = provider.token(form, self.headers.get("Authorization", ""))
            if found is None:
                self.answer({"error": "invalid_grant"}, 400)
            else:
                self.answer(found)

        def answer(self, value: Any, status: int = 200) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
