"""The texts of messages: plain text first, and HTML beside it, from the templates of this package, with times in the reader's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment

from features.deliveries.stored_message import one_line
from models.message import Channel, Message

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Rendered:
    """A message as it is read."""

    title: str
    text: str
    html: str
    link: str | None


class Texts:
    """Renders messages. Thread-safe; the templates are read at their first use."""

    def __init__(self, public_url: str | None) -> None:
        """`public_url` is where links of the service lead; without it there are none."""
        self._public_url = None if public_url is None else public_url.rstrip("/")
        self._environment = environment()

    def render(self, channel: Channel, message: Message, moment: datetime, unsubscribe: str | None = None) -> Rendered:
        """The texts for a channel's reader; `unsubscribe` is the link at their end."""
        values: dict[str, Any] = {
            **message.context,
            "title": one_line(message.title),
            "text": message.text,
            "subject": message.subject,
            "link": self.link_of(message.link),
            "link_of": self.link_of,
            "channel": channel.name,
            "sent_at": _in_zone(moment, channel.time_zone),
            "unsubscribe": unsubscribe,
        }
        text, html = (self._environment.get_template(f"{message.layout}.{kind}").render(values) for kind in ("txt", "html"))
        return Rendered(values["title"], text.strip() + "\n", html, values["link"])

    def link_of(self, link: Any) -> str | None:
        """A path of the service, or an address, as an address; None where it cannot be one."""
        if not isinstance(link, str) or not link:
            return None
        if link.startswith(("https://", "http://")):
            return link
        return f"{self._public_url}{link}" if self._public_url is not None and link.startswith("/") else None


def environment() -> SandboxedEnvironment:
    """The templates and what they may call."""
    made = SandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"words": _words, "signed": _signed, "number": _number, "day": _day, "line": _line}
    return made


def _in_zone(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def _words(value: Any) -> str:
    """A code as words: `strong_buy` is `strong buy`."""
    return one_line(str(value)).replace("_", " ")


def _line(value: Any) -> str:
    return one_line(str(value), 1_000)


def _signed(value: Any) -> str:
    return f"{value:+.2f}" if isinstance(value, int | float) else "–"


def _number(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, int | float) else "–"


def _day(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else one_line(str(value), 10)
