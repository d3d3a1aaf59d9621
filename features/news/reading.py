"""Reads a feed, RSS or Atom, which may be hostile.

feedparser knows all kinds of feeds, but takes minutes over some files of 2 MB. So a feed is first read by expat, which counts what it is
made of and refuses document types, without which there are no entities to expand; feedparser gets only well-formed XML within those bounds.
"""

from __future__ import annotations

import codecs
import html
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html.entities import html5
from typing import Any
from xml.parsers import expat

MOST_BYTES = 2_000_000
MOST_ELEMENTS, DEEPEST, MOST_ATTRIBUTES = 20_000, 64, 64
MOST_ENTRIES = 200  # the first of a feed, which are its newest
FIRST_YEAR = 1990  # an earlier time of publication is none
LONGEST_TEXT = 5_000  # characters of a title or summary that are looked at
_ENCODINGS = {codecs.lookup(name).name for name in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "cp1252", "gb18030", "shift_jis")}
_ENCODINGS |= {codecs.lookup(f"iso8859-{part}").name for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)}
_ENCODINGS |= {codecs.lookup(name).name for name in ("cp1250", "cp1251", "koi8-r", "euc-jp", "euc-kr", "big5")}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""\A\s{0,100}<\?xml[^>]{0,200}?encoding\s{0,10}=\s{0,10}["']([A-Za-z0-9._-]{1,40})""")
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_DECLARATION = re.compile(r"\A<\?xml[^>]{0,300}\?>")
_AMPERSAND = re.compile(r"&(#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?")
_XML_OWN = {"amp;", "lt;", "gt;", "quot;", "apos;"}
_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])  # characters that XML does not have
_MOMENTS = ("published_parsed", "updated_parsed", "created_parsed")
_ROOTS = {"rss", "feed", "RDF", "channel"}


class FeedUnreadable(Exception):
    """What was sent cannot be read as a feed. The message is a sentence."""


@dataclass(frozen=True)
class Entry:
    """An item as its feed tells it; texts may have markup. A missing one is empty."""

    guid: str
    title: str
    summary: str
    link: str
    source: str
    published_at: datetime | None


@dataclass(frozen=True)
class ReadFeed:
    """A feed: its title, and its first entries in its order."""

    title: str
    entries: tuple[Entry, ...]


def read_feed(body: bytes, content_type: str = "") -> ReadFeed:
    """Read a feed. Raises FeedUnreadable."""
    if len(body) > MOST_BYTES:
        raise FeedUnreadable(f"The feed is larger than {MOST_BYTES // 1_000_000} MB.")
    text = _DECLARATION.sub("", _decoded(body, content_type).lstrip("\ufeff \t\r\n").translate(_FORBIDDEN))
    _refuse_document_type(text)
    sound = _sound(text)
    import feedparser  # noqa: PLC0415 — only workers that read feeds need it

    # From a stream: what is given as bytes could be the name of a file.
    parsed: Any = feedparser.parse(
        io.BytesIO(sound),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version") and not parsed.entries:
        raise FeedUnreadable("What was sent is XML, but neither RSS nor Atom.")
    return ReadFeed(_text(parsed.feed, "title"), tuple(_entry(each) for each in parsed.entries[:MOST_ENTRIES]))


def _decoded(body: bytes, content_type: str) -> str:
    """The text of a feed by its byte order mark, the server's word, or its declaration; UTF-8 where none is one that is read."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[:1] == b"<" else "utf-16-be", "replace")
    charset, declared = _CHARSET.search(content_type), _DECLARED.match(body[:1_000])
    for name in (charset[1] if charset else "", declared[1].decode("ascii") if declared else ""):
        try:
            if name and codecs.lookup(name).name in _ENCODINGS:
                return body.decode(name, "replace")
        except LookupError:
            continue
    return body.decode("utf-8", "replace")


def _refuse_document_type(text: str) -> None:
    """Raises FeedUnreadable for a document type, which could declare entities, and for what is no XML."""
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        for start, end in (("<!--", "-->"), ("<?", "?>")):
            if text.startswith(start, at):
                close = text.find(end, at + len(start))
                if close < 0:
                    raise FeedUnreadable("What was sent ends within a comment.")
                at = close + len(end)
                break
        else:
            break
    rest = text[at : at + 20].lower()
    if rest.startswith(("<!doctype html", "<html")):
        raise FeedUnreadable("What was sent is a web page, not a feed. Look for the address of its RSS or Atom feed.")
    if rest.startswith("<!"):
        raise FeedUnreadable("The feed declares a document type, which is not read: it could declare entities without end.")
    if not rest.startswith("<"):
        raise FeedUnreadable("What was sent is no XML." if rest else "What was sent is empty.")


def _sound(text: str) -> bytes:
    """The feed as well-formed XML in UTF-8, with stray ampersands and HTML's entities put right. Raises FeedUnreadable."""
    try:
        return _checked(text)
    except expat.ExpatError:
        pass
    try:
        return _checked(_AMPERSAND.sub(_as_xml, text))
    except expat.ExpatError as error:
        raise FeedUnreadable(f"What was sent is no well-formed XML: line {error.lineno}, {expat.ErrorString(error.code)}.") from error


def _as_xml(found: re.Match[str]) -> str:
    name = found[1]
    if name is None:
        return "&amp;"
    if name.startswith("#") or name in _XML_OWN:
        return found[0]
    characters = html5.get(name)
    return "".join(f"&#{ord(each)};" for each in characters) if characters else f"&amp;{name}"


def _checked(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    _Count().read(data)
    return data


class _Count:
    """Counts what a document is made of, while expat reads it."""

    def __init__(self) -> None:
        self.elements = self.depth = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartNamespaceDeclHandler = self._count
        self.parser.StartDoctypeDeclHandler = self._refuse

    def read(self, data: bytes) -> None:
        """Raises FeedUnreadable, or ExpatError for what is not well-formed."""
        self.parser.Parse(data, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and name.rpartition(" ")[2] not in _ROOTS:
            raise FeedUnreadable(f"What was sent is XML, but neither RSS nor Atom: it is {name.rpartition(' ')[2][:40]!r}.")
        self._count()
        self.depth += 1
        if self.depth > DEEPEST:
            raise FeedUnreadable(f"The feed has elements that are nested more than {DEEPEST} deep.")
        if len(attributes) > MOST_ATTRIBUTES:
            raise FeedUnreadable(f"The feed has an element with more than {MOST_ATTRIBUTES} attributes.")

    def _end(self, name: str) -> None:
        self.depth -= 1

    def _count(self, *_: object) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise FeedUnreadable(f"The feed has more than {MOST_ELEMENTS:,} elements.")

    def _refuse(self, *_: object) -> None:
        raise FeedUnreadable("The feed declares a document type, which is not read: it could declare entities without end.")


def _entry(entry: Any) -> Entry:
    # Past feedparser's own `get`, which warns of a name that it takes for another.
    moment = next((found for name in _MOMENTS if (found := dict.get(entry, name))), None)
    source = entry.get("source")
    return Entry(
        guid=_text(entry, "id"),
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        link=_text(entry, "link"),
        source=_text(source, "title") if source else "",
        published_at=_moment(moment),
    )


def _text(fields: Any, name: str) -> str:
    value = fields.get(name)
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _moment(parts: Any) -> datetime | None:
    try:
        year, month, day, hour, minute, second = parts[:6]
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.year >= FIRST_YEAR else None


# ---- texts ------------------------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
# Control characters, and those that turn the direction of what follows, or are seen by nobody.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def plain_text(markup: str, longest: int) -> str:
    """The text of something that may have markup, in one line."""
    text = html.unescape(_TAG.sub(" ", markup[:LONGEST_TEXT]))
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
