"""Feeds of all kinds and of all malice: what is read, what is refused, and that neither takes long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from kit.feeds import item, rss
from kit.growth import check_growth

from features.news.reading import DEEPEST, MOST_ATTRIBUTES, MOST_BYTES, MOST_ELEMENTS, MOST_ENTRIES, FeedUnreadable, plain_text, read_feed

LAUGHS = ["lol", *(f"&lol{number};" * 10 for number in range(9))]
BILLION_LAUGHS = "<!DOCTYPE lolz [" + "".join(f'<!ENTITY lol{number} "{laugh}">' for number, laugh in enumerate(LAUGHS)) + "]>"
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title><entry><id>tag:1</id>
<title type="html">A &lt;b&gt;bold&lt;/b&gt; claim</title>
<link rel="alternate" href="https://example.com/1"/><updated>2026-11-20T10:00:00+02:00</updated><summary>Why.</summary></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://example.com"><title>Old</title></channel>
<item rdf:about="https://example.com/1"><title>An item</title><link>https://example.com/1</link><dc:date>2026-11-20</dc:date></item></rdf:RDF>"""


def refusal(body: bytes, content_type: str = "") -> str:
    with pytest.raises(FeedUnreadable) as raised:
        read_feed(body, content_type)
    return str(raised.value)


def test_rss_atom_and_rdf() -> None:
    read = read_feed(rss(item("One", 1), item("Two", 2, guid=None)))
    assert [(entry.title, entry.link, entry.guid) for entry in read.entries] == [
        ("One", "https://news.example.com/1", "item-1"),
        ("Two", "https://news.example.com/2", ""),
    ]
    assert read.title == "Example News"
    entry = read_feed(ATOM.encode()).entries[0]
    assert plain_text(entry.title, 400) == "A bold claim"
    assert (entry.guid, entry.summary) == ("tag:1", "Why.")
    assert entry.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert [entry.title for entry in read_feed(RDF.encode()).entries] == ["An item"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(rss(item("Zürich – ¥")), "", id="declared UTF-8"),
        pytest.param(
            rss(item("Zürich – ¥")).replace(b"UTF-8", b"ISO-8859-15").replace("Zürich – ¥".encode(), b"Z\xfcrich - \xa5"),
            "",
            id="declared Latin",
        ),
        pytest.param(b"\xff\xfe" + rss(item("Zürich – ¥")).decode().encode("utf-16-le"), "text/xml", id="UTF-16 with a mark"),
        pytest.param(rss(item("Zürich – ¥")).decode().encode("utf-16-be"), "", id="UTF-16 without one"),
        pytest.param(
            rss(item("Zürich - ¥")).decode().replace("UTF-8", "x").encode("cp1252"),
            "text/xml; charset=windows-1252",
            id="told by the server",
        ),
    ],
)
def test_encodings(body: bytes, content_type: str) -> None:
    title = read_feed(body, content_type).entries[0].title
    assert title.startswith("Zürich")
    assert title.endswith("¥")


def test_stray_ampersands_and_entities_of_html_are_put_right() -> None:
    read = read_feed(
        rss("<item><title>A&T &nbsp;&eacute; &nosuch; &amp; &#8364; \x07</title><link>https://a.example/?a=1&b=2</link></item>")
    )
    assert plain_text(read.entries[0].title, 400) == "A&T é &nosuch; & €"
    assert read.entries[0].link == "https://a.example/?a=1&b=2"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"not xml", "no XML", id="text"),
        pytest.param(b'{"items": []}', "no XML", id="JSON"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", "no XML", id="a picture"),
        pytest.param(b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page", id="a page"),
        pytest.param(b"<html><body>Sign in</body></html>", "web page", id="a page without a type"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither RSS nor Atom: it is 'svg'", id="another kind of XML"),
        pytest.param(b"<rss><channel><title>cut", "no well-formed XML: line 1", id="cut off"),
        pytest.param(b"<!-- no end", "within a comment", id="an open comment"),
        pytest.param(b"<rss><channel><x:y/></channel></rss>", "unbound prefix", id="a prefix of nothing"),
        pytest.param(rss(item("&lol9;").replace("&amp;", "&"), head=BILLION_LAUGHS), "document type", id="billion laughs"),
        pytest.param(rss(head='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "document type", id="an external entity"),
        pytest.param(
            rss(head='<!-- a --><?x y?>\n<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd">'), "document type", id="a type behind a comment"
        ),
        pytest.param(rss(head="<!DOCTYPE r>").decode().encode("utf-16"), "document type", id="a type in UTF-16"),
        pytest.param(b"<rss>" * (DEEPEST + 1), "nested", id="deep"),
        pytest.param(
            b"<rss " + b" ".join(b"a%d='1'" % number for number in range(MOST_ATTRIBUTES + 1)) + b"/>", "attributes", id="attributes"
        ),
        pytest.param(rss("<item/>" * MOST_ELEMENTS), "elements", id="elements"),
        pytest.param(rss("".join(f'<a xmlns:b{number}="c"/>' for number in range(MOST_ELEMENTS // 2))), "elements", id="namespaces"),
        pytest.param(b"<rss>" + b"a" * MOST_BYTES, "larger than 2 MB", id="large"),
    ],
)
def test_what_is_no_feed_is_told_by_what_it_is(body: bytes, reason: str) -> None:
    assert reason in refusal(body)


def test_a_document_type_that_only_another_encoding_shows_is_seen() -> None:
    hidden = rss(head='<!DOCTYPE r [<!ENTITY x "y">]>').decode()
    assert "document type" in refusal(hidden.encode("utf-16-le"), "text/xml; charset=utf-16-le")
    utf7 = b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE r+AD4-<rss/>'
    assert "no XML" in refusal(utf7)


def test_only_the_first_entries_are_read() -> None:
    read = read_feed(rss(*(item(f"Item {number}", number) for number in range(MOST_ENTRIES + 50))))
    assert len(read.entries) == MOST_ENTRIES
    assert read.entries[0].title == "Item 0"


@pytest.mark.parametrize("told", ["", "yesterday", "0000-00-00", "1" * 5_000, "Mon, " * 1_000, "\u0661\u0662"])
def test_a_time_that_cannot_be_is_none(told: str) -> None:
    entry = read_feed(rss(item("A", moment=None, pubDate=told))).entries[0]
    assert entry.published_at is None


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<b>Bold</b> &amp; <i>it</i>", "Bold & it"),
        ("a < b and c > d", "a < b and c > d"),
        ("<script>alert(1)</script>x", "alert(1) x"),
        ("<img src=x onerror=alert(1)>Hot", "Hot"),
        ("&lt;img src=x&gt;", "<img src=x>"),
        ("one\n two\t\x00three", "one two three"),
        ("gpj\u202eexe.txt\u200b", "gpj exe.txt"),
        ("<" * 4_000, "<" * 399 + "…"),
        ("", ""),
    ],
)
def test_markup_becomes_text_of_one_line(markup: str, text: str) -> None:
    assert plain_text(markup, 400) == text


PIECES = ("<", "&", "<a ", "<!--", "<![CDATA[", "<?x ", "]]>", "&lt;", "&a;", "\0", "é", "<item>", "<a/>", "&#x41;", " ")


@pytest.mark.parametrize("piece", PIECES)
def test_reading_grows_with_what_is_read(piece: str) -> None:
    def read(size: int) -> Any:
        body = rss(piece * (size // len(piece)))

        def work() -> None:
            try:
                read_feed(body)
            except FeedUnreadable:
                return

        return work

    check_growth(read)
