"""Helpers of the tests of passkeys: applications that have them, devices, and what they send."""

from __future__ import annotations

from typing import Any

from app import Application
from kit.accounts import PASSWORD, Program
from kit.support import Client
from tools.authenticator import Authenticator

PUBLIC_URL = "https://bellwether.example/app"
ORIGIN = "https://bellwether.example"


def begin(program: Program) -> dict[str, Any]:
    """What the service asks for a new passkey."""
    answer = program.post("/auth/passkeys/options", {"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def add(program: Program, device: Authenticator, name: str = "Phone") -> Any:
    """The answer to a new passkey of a device."""
    begun = begin(program)
    return program.post("/auth/passkeys", {"challenge": begun["challenge"], "credential": device.create(begun["options"]), "name": name})


def asked(app: Application) -> dict[str, Any]:
    """What the service asks for a sign-in."""
    answer = Client(app).post("/auth/passkeys/login/options", key=None)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def answer_of(app: Application, device: Authenticator) -> dict[str, Any]:
    """What is sent for a sign-in by a device."""
    begun = asked(app)
    return {"challenge": begun["challenge"], "credential": device.get(begun["options"])}


def log_in(app: Application, device: Authenticator) -> Any:
    """The answer to a sign-in by a device."""
    return Client(app).post("/auth/passkeys/login", answer_of(app, device), key=None)
