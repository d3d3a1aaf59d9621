"""Errors of accounts, sign-ins and organizations."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import BellwetherError, Conflict, Forbidden, NotFound


class PasswordRefused(BellwetherError):
    """This password is not taken."""

    code = "validation_error"
    field = "password"


class EmailTaken(Conflict):
    """There is an account with this e-mail address already. Sign in, or ask for a new password."""


class RegistrationClosed(Forbidden):
    """Nobody can register here: REGISTRATION_ENABLED is off. Ask an administrator for an invitation."""


class SignInRefused(BellwetherError):
    """The e-mail address or the password is wrong."""

    code = "unauthorized"


class AccountDisabled(SignInRefused):
    """This account is disabled. Ask whoever looks after the service."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        super().__init__()


class SignInBusy(BellwetherError):
    """This server checks as many passwords as it can at once. Try again in a second."""

    code = "unavailable"
    retry_after = 1


class TooManyTries(BellwetherError):
    """Too many tries to sign in."""

    code = "rate_limited"

    def __init__(self, seconds: int) -> None:
        self.retry_after = seconds
        super().__init__(f"There were too many wrong tries from here. Try again in {seconds} s.")


class SecondFactorNeeded(BellwetherError):
    """The password is right, and a code is needed as well."""

    code = "totp_required"

    def __init__(self, challenge: str) -> None:
        self.challenge = challenge
        super().__init__(
            "Send the code of your authenticator app, or a recovery code, with this challenge to POST /api/v1/auth/login/totp."
        )


class SecondFactorRefused(BellwetherError):
    """The code is wrong, or was used already. Send the present one, or a recovery code."""

    code = "unauthorized"


class SecondFactorUnreadable(BellwetherError):
    """A second factor that was sealed under another SECRET_KEY, so that no code can be right."""

    code = "unauthorized"

    def __init__(self) -> None:
        super().__init__(
            "Your second factor cannot be read any more: the service's SECRET_KEY was changed. "
            "Whoever looks after the service can take it away; then your password is enough, and you can set up another."
        )


class ChallengeEnded(BellwetherError):
    """The challenge has ended, or is none. Sign in with the password again."""

    code = "unauthorized"


class ProviderRefused(BellwetherError):
    """The sign-in through the provider did not come to its end."""

    code = "unauthorized"


class NobodyKnown(BellwetherError):
    """Nobody here is known by this account at the provider. Sign in as before, and connect it on the page Account."""

    code = "unauthorized"


class IdentityTaken(Conflict):
    """This account at the provider belongs to somebody else here."""


class IdentityNotFound(NotFound):
    """You have no connected account with this id. See GET /api/v1/auth/identities."""


class LastWayIn(Conflict):
    """This is the only way for you to sign in. Set a password first."""


class ProviderNotFound(NotFound):
    """There is no such provider. Those that are configured are on the sign-in page."""


class RefreshRefused(BellwetherError):
    """The refresh token is not valid: it is unknown, was used already, or its session has ended. Sign in again."""

    code = "unauthorized"


class PasswordNeeded(BellwetherError):
    """This needs your present password, and the one sent is wrong."""

    code = "forbidden"


class NoMailServer(Conflict):
    """There is no mail server (SMTP_HOST and PUBLIC_URL), so no link can be sent. An administrator can make one and hand it over."""


class LinkEnded(NotFound):
    """This link is not valid any more: it was used, it has expired, or it was replaced. Ask for a new one."""


class UserNotFound(NotFound):
    """There is nobody with this id."""


class SessionNotFound(NotFound):
    """You have no active session with this id. See GET /api/v1/auth/sessions."""


class OwnAccount(Conflict):
    """Nobody does this to their own account: somebody else who looks after the installation has to."""


class AdminExists(Conflict):
    """There is an administrator already, who can sign in and invite others."""


class TwoFactorOn(Conflict):
    """Two-factor sign-in is set up already. Remove it first to set it up for another device."""


class NoSecondFactor(Conflict):
    """This person has no second factor, so there is nothing to take away."""


class TwoFactorOff(Conflict):
    """Two-factor sign-in is not set up, or was not begun. See POST /api/v1/auth/totp."""


class NotAMember(Forbidden):
    """You are not a member of this organization. See GET /api/v1/auth/me for those that you are a member of."""


class LastAdmin(Conflict):
    """This is the last administrator of the organization. Make somebody else one first, or delete the organization."""


class ExportNeeded(Conflict):
    """Nothing is removed that was not exported within the last 24 hours."""

    code = "export_needed"


class OrganizationStays(Conflict):
    """The first organization cannot be removed: the master key acts for it. Remove what is in it, or the whole installation."""


class ConfirmationWrong(BellwetherError):
    """Type it exactly as it is shown."""

    code = "validation_error"
    field = "confirm"


class LastAdminOf(Conflict):
    """Somebody is the last administrator of organizations that have other members."""

    code = "last_admin"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        told = ", ".join(repr(name) for name in names)
        super().__init__(f"You are the last administrator of {told}, which has other members. Make somebody else one first, or remove it.")


class LastOperator(Conflict):
    """You are the last one who looks after this installation. `flask create-admin` makes another one first."""

    code = "last_operator"


class MembershipsChanged(Conflict):
    """What you are a member of has just changed. Look again, and try once more."""


class InPersonOnly(Forbidden):
    """This needs a person who is signed in; an API key cannot do it."""


class OrganizationNotFound(NotFound):
    """There is no organization with this id."""


class MemberNotFound(NotFound):
    """Nobody with this id is a member of this organization. See GET /api/v1/organization/members."""


class InvitationNotFound(NotFound):
    """There is no open invitation with this id. See GET /api/v1/organization/invitations."""


class MemberAlready(Conflict):
    """This person is a member of the organization already. An administrator changes what they may do there."""


class TooManyOrganizations(Conflict):
    """You are a member of as many organizations as one person can be. Leave one first."""


class TooManyInvitations(Conflict):
    """There are as many open invitations as an organization can have. Revoke some first, or wait until they expire."""


class SignedInAlready(Conflict):
    """You are signed in, and join with your account: send the token alone. Sign out first to make another account."""


class SignInToJoin(BellwetherError):
    """Sign in to join with your account, or send a name and a password to make one."""

    code = "unauthorized"


class PasskeysOff(Conflict):
    """Passkeys are off: they are bound to a host name. Set PUBLIC_URL to the service's https address (or http://localhost), no IP."""


class PasskeyUnfit(BellwetherError):
    """This passkey cannot be taken: its challenge has ended or is another's, or it was made for another address. Begin again."""

    code = "validation_error"


class PasskeyTaken(Conflict):
    """This passkey is there already."""


class TooManyPasskeys(Conflict):
    """You have as many passkeys as there may be. Remove one first."""


class PasskeyRefused(BellwetherError):
    """The sign-in by a passkey was refused. Begin again, and unlock the device when it asks for it; else sign in another way."""

    code = "unauthorized"


class PasskeyNotFound(NotFound):
    """You have no passkey with this id. See GET /api/v1/auth/passkeys."""
