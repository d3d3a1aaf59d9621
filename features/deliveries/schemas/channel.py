"""Schemas of channels."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from api.schemas import PLAIN_TEXT, Answer, Body, Page
from features.deliveries.addresses import is_time_zone, shown_address
from features.deliveries.channels import ChannelChanges, NewChannel
from infrastructure.address_guard import LONGEST_URL
from models.message import Channel, ChannelType


def _known_zone(name: str) -> str:
    if not is_time_zone(name):
        raise ValueError("there is no such time zone; write it as in Europe/Berlin, America/New_York or UTC")
    return name


def _type(value: Any) -> Any:
    # A body is strict, and JSON has no enums.
    return ChannelType(value) if isinstance(value, str) and value in set(ChannelType) else value


Kind = Annotated[ChannelType, BeforeValidator(_type)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PLAIN_TEXT)]
# A channel by its id or name, and those that a message goes to.
ChannelKey = Annotated[str, Field(min_length=1, max_length=60)]
ChannelKeys = Annotated[list[ChannelKey], Field(min_length=1, max_length=20)]
Url = Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
Address = Annotated[str, Field(min_length=3, max_length=254)]
Token = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[!-~]+$")]
ZONE = "The time zone of its reader, for times in messages: as in Europe/Berlin."
Zone = Annotated[str, AfterValidator(_known_zone), Field(max_length=64)]


def _of_type(kind: ChannelType) -> Any:
    return {"properties": {"type": {"const": kind.value}}}


class ChannelPath(BaseModel):
    """The id of a channel in a path."""

    channel_id: str = Field(description="The `id` of a channel.")


class NewChannelRequest(Body):
    """A channel to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": _of_type(ChannelType.EMAIL),
            "then": {"required": ["address"], "properties": {"url": {"type": "null"}, "address": {"type": "string"}}},
            "else": {"required": ["url"], "properties": {"address": {"type": "null"}, "url": {"type": "string"}}},
            "not": {"required": ["token"], "properties": {"token": {"type": "string"}, "type": {"not": {"const": "ntfy"}}}},
        }
    )

    name: Name = Field(description="Unique within the organization, in capitals or not.")
    type: Kind = Field(description="How it delivers. `apprise` needs an extra that the operator installs.")
    url: Url | None = Field(
        None,
        description="For `webhook`: where messages are posted. For `ntfy`: the topic, as in `https://ntfy.sh/my-topic`. For `apprise`: its "
        "URL, which is not shown again.",
    )
    address: Address | None = Field(None, description="For `email`: one address.")
    token: Token | None = Field(None, description="For `ntfy`: the access token, where the topic needs one. It is not shown again.")
    time_zone: Zone = Field("UTC", description=ZONE)
    enabled: bool = Field(True, description="Whether messages are sent through it.")

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        is_mail = self.type is ChannelType.EMAIL
        if (self.address is None) is is_mail or (self.url is None) is not is_mail:
            raise ValueError("give `address` for a channel of the type email, and `url` for the others")
        if self.token is not None and self.type is not ChannelType.NTFY:
            raise ValueError("only ntfy takes a `token`")
        return self

    def new_channel(self) -> NewChannel:
        """The request for the service."""
        return NewChannel(self.name, self.type, self.url or self.address or "", self.token, self.time_zone, self.enabled)


class ChannelChangeRequest(Body):
    """Changes of a channel; what is left out stays."""

    name: Name | None = Field(None, description="Unique within the organization, in capitals or not.")
    url: Url | None = Field(None, description="A new URL; not for `email`.")
    address: Address | None = Field(None, description="A new address; for `email` only.")
    time_zone: Zone | None = Field(None, description=ZONE)
    enabled: bool | None = Field(None, description="`false` ends what waits for it; `true` forgets why it was switched off.")

    def changes(self, kind: ChannelType) -> ChannelChanges:
        """The request for the service, for a channel of a type."""
        given = self.address if kind is ChannelType.EMAIL else self.url
        return ChannelChanges(self.name, given, self.time_zone, self.enabled)


class ChannelAnswer(Answer):
    """A channel, without its secrets."""

    id: str
    name: str
    type: Kind
    url: str | None = Field(
        description="Where it delivers; of Apprise only the scheme, and without the scope `manage` only the host. Null for `email`."
    )
    address: str | None = Field(description="The e-mail address; null for other types.")
    time_zone: str = Field(description=ZONE)
    enabled: bool = Field(description="Whether messages are sent through it.")
    disabled_reason: str | None = Field(description="Why it is switched off; null while it is on.")
    dead: int = Field(description="Messages in a row that were given up; three switch it off.")
    created_at: datetime
    created_by: str | None = Field(description="The id of the key or the person that made it.")
    changed_at: datetime = Field(description="When somebody last changed it.")
    changed_by: str | None = Field(description="The id of the key or the person that last changed it.")


class ChannelWithSecretAnswer(ChannelAnswer):
    """A channel, with the secret of a webhook this once."""

    secret: str | None = Field(
        description="Signs a webhook's messages. This answer alone has it; null for other types, and in the answer to a repetition."
    )


class ChannelPage(Page):
    """Channels by name."""

    items: list[ChannelAnswer]


def channel_answer(channel: Channel, *, whole: bool) -> dict[str, Any]:
    """A channel as it is answered: with its `whole` address to whoever may change it."""
    shown, is_mail = shown_address(channel.type, channel.address, whole=whole), channel.type is ChannelType.EMAIL
    left_out = {"org_id", "hold_until", "address"}
    own = {name: value for name, value in vars(channel).items() if name not in left_out}
    return {**own, "url": None if is_mail else shown, "address": shown if is_mail else None}
