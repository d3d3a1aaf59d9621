"""Schemas of passkeys: what browsers ask their authenticators, and what those answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body
from features.accounts.passkeys import Answered
from models.passkey import LONGEST_PASSKEY_NAME, Passkey, normalize_passkey_name

PasskeyName = TypeAliasType(
    "PasskeyName",
    Annotated[
        str,
        Field(min_length=1, max_length=LONGEST_PASSKEY_NAME, pattern=PLAIN_TEXT, examples=["Phone"]),
        AfterValidator(normalize_passkey_name),
    ],
)
Base64Url = TypeAliasType("Base64Url", Annotated[str, Field(min_length=1, max_length=16_000, pattern=r"^[A-Za-z0-9_-]+$")])
CredentialId = TypeAliasType("CredentialId", Annotated[str, Field(min_length=1, max_length=1_400, pattern=r"^[A-Za-z0-9_-]+$")])
ChallengeToken = TypeAliasType("ChallengeToken", Annotated[str, Field(min_length=1, max_length=500)])
Transport = TypeAliasType("Transport", Annotated[str, Field(max_length=20, pattern=r"^[a-z-]+$")])


class FromBrowser(Body):
    """A part of what a browser hands out. Browsers add to it what nothing here needs."""

    model_config = ConfigDict(extra="ignore")


class AttestationResponse(FromBrowser):
    """What an authenticator answers that has made a passkey."""

    client_data: Base64Url = Field(alias="clientDataJSON", description="What the browser had it sign.")
    attestation_object: Base64Url = Field(
        alias="attestationObject", description="The new public key, and what the authenticator tells of itself."
    )
    transports: list[Transport] = Field([], max_length=10, description="How the authenticator may be reached.")


class AssertionResponse(FromBrowser):
    """What an authenticator answers that signs somebody in."""

    client_data: Base64Url = Field(alias="clientDataJSON", description="What the browser had it sign.")
    authenticator_data: Base64Url = Field(
        alias="authenticatorData", description="What the authenticator tells: its counter, and whether it checked its user."
    )
    signature: Base64Url = Field(description="By the private key.")
    user_handle: Base64Url | None = Field(None, alias="userHandle", description="Whose passkey it is.")


class NewCredential(FromBrowser):
    """A new passkey, as `PublicKeyCredential.toJSON()` has it."""

    id: CredentialId = Field(description="Its id, in base64url.")
    raw_id: CredentialId = Field(alias="rawId", description="The same.")
    type: Literal["public-key"] = Field(description="The only kind that there is.")
    response: AttestationResponse


class UsedCredential(FromBrowser):
    """A passkey that signs somebody in, as `PublicKeyCredential.toJSON()` has it."""

    id: CredentialId = Field(description="Its id, in base64url.")
    raw_id: CredentialId = Field(alias="rawId", description="The same.")
    type: Literal["public-key"] = Field(description="The only kind that there is.")
    response: AssertionResponse


class PasskeyRequest(Body):
    """A new passkey."""

    challenge: ChallengeToken = Field(description="`challenge` of POST /api/v1/auth/passkeys/options; good for five minutes, and once.")
    credential: NewCredential
    name: PasskeyName = Field(description="What it is called in the list, such as the device.")

    def answered(self) -> Answered:
        """As the use case takes it."""
        return Answered(self.challenge, self.credential.model_dump(by_alias=True))


class PasskeyLoginRequest(Body):
    """Somebody who signs in by a passkey."""

    challenge: ChallengeToken = Field(
        description="`challenge` of POST /api/v1/auth/passkeys/login/options; good for five minutes, and once."
    )
    credential: UsedCredential

    def answered(self) -> Answered:
        """As the use case takes it."""
        return Answered(self.challenge, self.credential.model_dump(by_alias=True, exclude_none=True))


class PasskeyChangeRequest(Body):
    """Another name of a passkey."""

    name: PasskeyName = Field(description="What it is called in the list from now on.")


class PasskeyPath(BaseModel):
    """The id of a passkey in a path."""

    passkey_id: str = Field(description="The `id` of a passkey.")


class PasskeyOptionsAnswer(Answer):
    """What a browser asks its authenticator."""

    challenge: str = Field(description="To be sent with the answer; good for five minutes, and once.")
    options: dict[str, Any] = Field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON` or, to sign in, `parseRequestOptionsFromJSON`."
    )


class PasskeyAnswer(Answer):
    """A passkey."""

    id: str
    name: str = Field(description="What it is called.")
    transports: list[str] = Field(description="How its authenticator may be reached, as the browser said: `internal`, `hybrid`, `usb`, …")
    backed_up: bool = Field(description="Whether a service keeps it, so that other devices have it, too.")
    created_at: datetime
    last_used_at: datetime | None = Field(description="The last sign-in by it; null before the first.")


class PasskeysAnswer(Answer):
    """The passkeys of the caller, newest first."""

    items: list[PasskeyAnswer] = Field(description="Each of them.")
    available: bool = Field(description="Whether passkeys can be added and signed in by here, which needs PUBLIC_URL.")


def passkey_answer(passkey: Passkey) -> dict[str, Any]:
    """A passkey as it is answered."""
    return {**vars(passkey), "transports": list(passkey.transports)}
