"""The mail server, and the channels of an organization, as integrations."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from config import Settings
from database import AnyReader
from features.deliveries.channels import BY_HAND, MOST_CHANNELS
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from features.deliveries.store.delivery import LastDelivery
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from infrastructure.mail_server import MailServer, in_words
from models.integration import Integration, IntegrationKind, IntegrationState, Reach
from models.message import Channel, ChannelType, DeliveryStatus
from utils.clock import now
from utils.ids import new_id

PAGE = "/channels"
MAIL_SETTINGS = ("SMTP_HOST", "SMTP_FROM", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USER", "SMTP_PASSWORD")
TRIAL_SECONDS = 12.0
_TYPES = {ChannelType.WEBHOOK: "Webhook", ChannelType.EMAIL: "E-mail", ChannelType.NTFY: "ntfy", ChannelType.APPRISE: "Apprise"}


def mail_connector(settings: Settings) -> Connector:
    """The mail server of channels, and of the links in e-mails of accounts."""
    server = MailServer.of(settings)

    def look() -> Integration:
        state, told = IntegrationState.OFF, "No e-mails are sent. Set SMTP_HOST and SMTP_FROM to send some."
        if server is not None:
            signed_in = "signed in by SMTP_USER" if server.user is not None else "without a sign-in"
            state, told = IntegrationState.SET_UP, f"{server.host}:{server.port}, {_security(server)}, {signed_in}; from {server.sender}."
        return Integration("smtp", IntegrationKind.MAIL, "Mail server", state, told, MAIL_SETTINGS, PAGE)

    def try_it(step: Step, wish: Wish) -> str:
        assert server is not None, "what is not set up is not tried"
        return try_mail(server, step, wish.address)

    return Connector("smtp", look, try_it)


def try_mail(server: MailServer, step: Step, address: str | None = None, seconds: float = TRIAL_SECONDS) -> str:
    """Hand in an e-mail for an address; without one the beginning of an e-mail, which is taken back. Raises IntegrationFailed."""
    try:
        if address is None:
            server.lasting(seconds).try_out(step)
        else:
            server.lasting(seconds).try_message(_trial_message(server.sender, address), address, step)
    except smtplib.SMTPAuthenticationError as error:
        # Without the server's words, which may repeat what it was sent.
        raise IntegrationFailed(f"The mail server refuses the sign-in ({error.smtp_code}). Check SMTP_USER and SMTP_PASSWORD.") from error
    except smtplib.SMTPSenderRefused as error:
        raise IntegrationFailed(f"The mail server takes no e-mail from {server.sender} ({error.smtp_code}). Check SMTP_FROM.") from error
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise IntegrationFailed(f"The mail server takes no e-mail for {address} ({code}). Check your address, and SMTP_FROM.") from error
    except smtplib.SMTPResponseException as error:
        raise IntegrationFailed(f"The mail server refuses ({error.smtp_code}). Check SMTP_HOST, SMTP_PORT and SMTP_SECURITY.") from error
    except ssl.SSLCertVerificationError as error:
        raise IntegrationFailed(f"{in_words(error)} SMTP_HOST is to be the name in the certificate.") from error
    except ssl.SSLError as error:
        what = "The mail server does not speak TLS there. 587 is usual with SMTP_SECURITY=starttls, and 465 with tls."
        raise IntegrationFailed(what) from error
    except (OSError, smtplib.SMTPException) as error:
        raise IntegrationFailed(
            f"{in_words(error)} Check SMTP_HOST, SMTP_PORT and SMTP_SECURITY, and that no firewall is between."
        ) from error
    if address is not None:
        return f"The mail server has taken a message for {address}. If it does not arrive, look where unwanted mail goes."
    return f"The mail server takes e-mails from {server.sender}. No message was sent."


def _trial_message(sender: str, address: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Bellwether", addr_spec=sender)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = "Test of the mail server"
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{new_id()}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("Bellwether can send e-mails: this one was asked for on the page Integrations.\n")
    return message


def channel_integrations(connection: AnyReader, org_id: int) -> list[Integration]:
    """The channels of an organization by name; where there is none, how to make one."""
    found = channel_store.list_channels(connection, org_id, "", MOST_CHANNELS)
    if not found:
        told = "There is no channel yet, so nobody is told of alerts. Make one on the page Channels."
        return [
            Integration("channels", IntegrationKind.CHANNEL, "Channels", IntegrationState.OFF, told, page=PAGE, scope=Reach.ORGANIZATION)
        ]
    last = delivery_store.last_of_channels(connection, org_id)
    return [_of_channel(each, last.get(each.id)) for each in found]


def _of_channel(channel: Channel, last: LastDelivery | None) -> Integration:
    state, told = IntegrationState.SET_UP, "Nothing was sent through it yet."
    if last is not None and last.status is DeliveryStatus.DELIVERED:
        state, told = IntegrationState.OK, "The last message arrived."
    elif last is not None and last.status is DeliveryStatus.FAILED:
        state, told = IntegrationState.WARNING, f"The last message was given up. {last.reason or ''}".rstrip()
    if not channel.enabled:
        told = f"Switched off: {channel.disabled_reason or BY_HAND}."
        state = IntegrationState.SET_UP if channel.disabled_reason == BY_HAND else IntegrationState.WARNING
    return Integration(
        f"channel-{channel.id}",
        IntegrationKind.CHANNEL,
        f"{_TYPES[channel.type]}: {channel.name}",
        state,
        told,
        page=PAGE,
        test=f"/api/v1/channels/{channel.id}/test" if channel.enabled else None,
        last_at=None if last is None else last.finished_at,
        scope=Reach.ORGANIZATION,
    )


def _security(server: MailServer) -> str:
    return {"starttls": "encrypted by STARTTLS", "tls": "encrypted by TLS"}.get(server.security, "unencrypted")
