"""Real pages, twice: what a full parser (lexbor) finds that loads or runs, the rewriter has judged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.enforcement.charset import Transcoder, needs_decoding
from gateway.enforcement.inline import script_of_data_url, script_of_javascript_url
from tests.conformance.reference import needs_pages
from tests.enforcement.trackers import SHARED, Listener, rewritten

pytestmark = [pytest.mark.corpus, needs_pages, pytest.mark.timeout(300)]

ADDRESSES = {
    "script": ("src",),
    "iframe": ("src",),
    "frame": ("src",),
    "img": ("src", "srcset"),
    "link": ("href", "imagesrcset"),
    "object": ("data",),
    "embed": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "input": ("src",),
}
LOADING = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "prefetch", "modulepreload", "manifest"}
DATA_BLOCK = re.compile("json|template|html|handlebars|mustache|shader|x-magento|importmap|speculationrules|svg|xml$")
NOSCRIPT = re.compile(r"(?<=<noscript>).*?(?=</noscript)", re.DOTALL | re.IGNORECASE)
CANDIDATE = re.compile(r"[\s,]*(\S*[^\s,])(?:\s[^,]*)?")


def pages() -> Iterator[str]:
    """Every saved page as text."""
    for path in [
        *sorted((SHARED / "corpus" / "dev").glob("*.html")),
        *sorted((SHARED / "corpus" / "transcoded").rglob("*.html")),
    ]:
        data = path.read_bytes()
        if codec := needs_decoding(b"", data[:1024]):
            transcoder = Transcoder(codec)
            data = transcoder.write(data) + transcoder.end()
        yield data.decode("utf-8", "replace")


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


def wanted(tree: Any) -> Iterator[tuple[str, str]]:
    """Kind and value of what the parser would load or run."""
    for name, attributes in ADDRESSES.items():
        for node in tree.css(name):
            if name == "link" and LOADING.isdisjoint((node.attributes.get("rel") or "").lower().split()):
                continue
            if name == "input" and (node.attributes.get("type") or "").lower() != "image":
                continue
            for attribute in attributes:
                value = node.attributes.get(attribute) or ""
                if attribute.endswith("srcset"):
                    yield from ((f"{name} {attribute}", url) for url in CANDIDATE.findall(value))
                elif (
                    value
                    and script_of_javascript_url(value) is None
                    and not (name == "script" and script_of_data_url(value) is not None)
                ):
                    yield f"{name} {attribute}", value
    for node in tree.css("script"):
        if not ({"src", "href"} & set(node.attributes)) and not DATA_BLOCK.search(
            (node.attributes.get("type") or "").lower()
        ):
            yield "inline script", node.text(deep=True)


@pytest.mark.usefixtures("unmeasured")
def test_everything_that_a_parser_finds_is_judged(say: Callable[[str], None]) -> None:
    lexbor = pytest.importorskip("selectolax.lexbor")
    found: Counter[str] = Counter()
    missed = []
    for text in pages():
        listener = Listener()
        rewritten(text.encode(), listener, size=8192)
        urls = {plain(url) for url in listener.urls}
        scripts = {plain(script.decode("utf-8", "replace")).strip() for script in listener.scripts}
        # Lexbor reads `noscript` as a browser without scripts does; with scripts its content is text.
        for view, page in ("without scripts", text), ("with scripts", NOSCRIPT.sub("", text)):
            for kind, value in wanted(lexbor.LexborHTMLParser(page)):
                if kind == "inline script" and view == "with scripts":
                    continue  # one that writes `<noscript>` is cut here
                found[f"{kind}, {view}"] += 1
                if (value.strip() not in scripts) if kind == "inline script" else (plain(value) not in urls):
                    missed.append((kind, view, value[:120]))
    say("\n".join(f"{number:7} {kind}" for kind, number in found.most_common()))
    say(f"{sum(found.values())} judged, {len(missed)} missed")
    assert not missed, missed[:10]
    assert sum(found.values()) > 30_000
