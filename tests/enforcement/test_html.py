from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.enforcement import html
from gateway.enforcement.html import HtmlRewriter
from gateway.model.categories import Category, Fate
from tests.enforcement.trackers import Listener, banner, policy, rewritten

T = "//counter.test"
PARTS = {
    "script": f'<script src="{T}/a.js" async integrity="x">a</script>',
    "script without quotes": f"<SCRIPT SRC=https:{T}/a.js></SCRIPT >",
    "module": f'<script type="module" src="{T}/a.mjs"></script>',
    "own script": '<script src="/shop.js"></script><script>shop()</script>',
    "inline marks": "<script>if (a < b) count('x')</script>",
    "escaped script": "<script><!-- <script> count(1) </script> --> shop() </script>",
    "double escaped open": "<script><!--<script>x</script>y</script>count(1)</script>",
    "dashes that open and close": "<script><!--></script><script><!---></script><img src=//counter.test/i>",
    "import map": f'<script type="importmap">{{"imports": {{"a": "https:{T}/a.js"}}}}</script>',
    "speculation": f'<script type=speculationrules>{{"prefetch": [{{"urls": ["{T}/p"]}}]}}</script>',
    "json": '<script type="application/ld+json">{"url": "https://counter.test/count("}</script>',
    "frame": f'<iframe src="{T}/f" width=1>inner <b>text</b></iframe>',
    "srcdoc": f'<iframe srcdoc="<p>&quot;a&quot;<script src={T}/a.js></script>"></iframe>',
    "data frame": f"<iframe src=\"data:text/html,<img src={T}/i.gif>\"></iframe>",
    "object": f'<object data="{T}/o"><embed src="{T}/e"></object>',
    "image": f'<img alt="a > b" src="{T}/i.gif" srcset="/a.png 1x, {T}/b.png 2x">',
    "picture": f'<picture><source srcset="{T}/s.webp"><img src="/own.png"></picture>',
    "input": f'<input type=image src={T}/i.png>',
    "media": f'<video src="{T}/v" poster="/own.jpg"><track src="{T}/t"></video><audio src={T}/a></audio>',
    "links": f'<link rel=preconnect href={T}><link rel="stylesheet" href="{T}/s.css"><link rel=next href="{T}">',
    "style element": f'<style media=all>@import "{T}/a.css"; b {{ background: url({T}/b.png) }}</style>',
    "style attribute": f'<p style="background: url(&quot;{T}/b.png&quot;)">a</p>',
    "refresh": f'<meta http-equiv="refresh" content="3; url={T}/r">',
    "ping": f'<a href="/x" ping="{T}/p" attributionsrc>go</a>',
    "background": f'<table background="{T}/b.png"><td background=/own.png>',
    "noscript": f'<noscript><img height=1 width=1 src="{T}/n.gif"/><iframe src="{T}/f"></iframe></noscript>',
    "template": f'<template><script src="{T}/t.js"></script><p>a</p></template>',
    "comments": f'<!-- <script src="{T}/c.js"> --><!--[if IE]><script src="{T}/ie.js"></script><![endif]--><!--><!--->',
    "revealed comment": f'<![if !IE]><img src="{T}/i"><![endif]><!x><?php ?></ x></><!-x><!---!><!--a--!>',
    "not cdata": f'<![CDATA[ x > <img src="{T}/i"> ]]><![C x><img src="{T}/j">',
    "raw text": f'<textarea><img src="{T}/i"></textareax></textarea><xmp><img src={T}/i></xmp><title><b></title >',
    "svg": f'<svg viewBox="0 0 1 1"><g><path d="M0"/></g><image href="{T}/i"/><use xlink:href="#a"></use></svg>',
    "svg script": f'<svg><script>count(1)</script><script href="{T}/s"/><style>a{{}}</style></svg>',
    "svg style with address": f"<svg><style>@import '{T}/s'; <g></g></style><title><img src={T}/i></title></svg>",
    "svg cdata": f"<svg><![CDATA[ <img src='{T}/i'> > ]]></svg><img src='{T}/j'>",
    "svg with html": f'<svg><foreignObject><style><img src="{T}/no"></style><p>a<p>b</foreignObject></svg>',
    "math": f'<math><mi><script>count(1)</script></mi><annotation-xml encoding="text/html"><b></b></annotation-xml>',
    "unclosed svg": f'<a><svg><path></a><textarea><img src="{T}/i"></textarea><p><title><img src={T}></title>',
    "select": f"<select><option>a<iframe><img src={T}/i></iframe></select><iframe><img src={T}/i></iframe>",
    "repeated attributes": f'<img src="{T}/a" src="/b" SRC=/c>',
    "lazy": f'<img data-src="{T}/a" src="data:,"><iframe data-src={T}/f></iframe><link data-href={T} rel=stylesheet>',
    "broken tags": f'<a b"c=d\'e /f==g><img/src="{T}/i"/><img src= {T}/j><br/ ><p =a ==b=c / / d>1 < 2 <3 << <div',
    "less than signs": "<<<p>a</p><<!-- --><",
    "body": "<!DOCTYPE html><html lang=en><head><title>a</title></head><body class=a>b</body></html>\n",
    "frameset": f"<html><head></head><frameset><frame src={T}/f></frameset></html>",
    "base": f"<base href='{T}/x/'><base href=/y/><script src=a.js></script>",
    "own base": "<base href='https://www.shop.test/y/'><script src=counter.js></script>",
    "plaintext": f"<p>a<plaintext><img src={T}/i></plaintext>",
    "bom": "\ufeff <html><body>x",
    "endings": "<title>a</title",
    "open script": "<script>count(1) </scrip",
    "open comment": "a<!-- b --",
    "open style": f"<style>a {{ background: url('{T}/b.png",
    "open attribute": '<img src="//counter.test/i',
    "open noscript": f"<noscript><img src={T}/i><p",
    "open svg script": f"<svg><script>count(1)<g><image href={T}/i />",
    "open svg style": f"<svg><style>a<img src={T}/i>",
    "open raw text": "<textarea>a</textarea",
}
STATES = {
    "keep": policy(Fate.KEEP),
    "hold": policy(Fate.HOLD),
    "remove": policy(Fate.REMOVE),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("injected", [True, False], ids=["page", "fragment"])
def test_where_the_bytes_are_cut_changes_nothing(part: str, state: str, injected: bool) -> None:
    page = PARTS[part].encode()
    rules, injection = STATES[state], banner() if injected else None
    whole = rewritten(page, rules, injection)
    for size in (1, 3):
        assert rewritten(page, rules, injection, size) == whole, f"in pieces of {size}"
    for offset in range(1, len(page)):
        rewriter = HtmlRewriter(rules, injection)
        pieces = rewriter.write(page[:offset]), rewriter.write(page[offset:]), rewriter.end()
        assert b"".join(pieces) == whole, f"cut at {offset}: {page[:offset]!r}"


@pytest.mark.parametrize("part", PARTS)
def test_what_needs_no_change_is_not_changed(part: str) -> None:
    page = PARTS[part].encode()
    assert rewritten(page, STATES["keep"]) == page


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("part", PARTS)
def test_rewriting_twice_is_rewriting_once(part: str, state: str) -> None:
    once = rewritten(PARTS[part].encode(), STATES[state])
    assert rewritten(once, STATES[state]) == once
