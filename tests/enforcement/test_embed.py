"""What becomes a placeholder, and what stands in the page for it."""

from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.embed import Embed, anchored, offered, parked_embed, parked_scripts
from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.injection import Injection
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import UNLISTED, PagePolicy, Verdict
from gateway.enforcement.url import Base
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service

MAP = Service("map", "Map", Category.PREFERENCES, "Map Ltd", hosts=("map.test",), marks=(r"\bdrawMap\(",), embed=True)
POST = Service("post", "Post", Category.MARKETING, hosts=("post.test",), marks=(r"\bpost\(",), embed=True)
ADS = Service("ads", "Ads", Category.MARKETING, hosts=("ads.test",))
SHOP = Base("https", "shop.test")
FRAME = b'<iframe class=m width="560" height="315px" src="https://map.test/a?b&amp;c">x</iframe>'
PARKED = b'<iframe class=m width="560" height="315px" data-consent-src="https://map.test/a?b&amp;c" inert></iframe>'


def verdict(service: Service, fate: Fate) -> Verdict:
    return Verdict(fate, (service,), (service.category,))


def parked(tag: bytes, decided: Verdict, *closed: str) -> Embed | None:
    return parked_embed(start_tag(tag), decided, closed or ("src",), SHOP)


def test_a_held_embed_is_parked_with_everything_it_had() -> None:
    embed = parked(FRAME.partition(b">")[0] + b' title=" Our\n shop ">', verdict(MAP, Fate.HOLD))
    assert embed is not None
    title, address = b' title=" Our\n shop "', b' data-consent-src="https://map.test/a?b&amp;c"'
    assert embed.element == PARKED.replace(address, title + address)
    assert embed[:3] == ("map", "Map", "Map Ltd")
    assert (embed.category, embed.once) == (Category.PREFERENCES, True)
    assert (embed.link, embed.title) == ("https://map.test/a?b&c", "Our shop")


@pytest.mark.parametrize(
    ("tag", "decided"),
    [
        pytest.param(b"<iframe src=//ads.test/>", verdict(ADS, Fate.HOLD), id="nothing to see"),
        pytest.param(b"<iframe src=//post.test/>", verdict(POST, Fate.REMOVE), id="a refused tracker"),
        pytest.param(b"<frame src=//map.test/>", verdict(MAP, Fate.HOLD), id="of a frameset"),
        pytest.param(b"<iframe src=//x.test/a>", Verdict(Fate.HOLD, (MAP, POST)), id="of two services"),
        pytest.param(b"<iframe src=//map.test/ width=1 height=1>", verdict(MAP, Fate.HOLD), id="of no size"),
        pytest.param(b"<iframe src=//map.test/ hidden>", verdict(MAP, Fate.HOLD), id="hidden"),
        pytest.param(b"<iframe src=//map.test/ srcdoc=x>", verdict(MAP, Fate.HOLD), id="with a page of its own"),
        pytest.param(b"<iframe src=/map>", verdict(MAP, Fate.HOLD), id="at the shop itself"),
        pytest.param(b"<iframe src=javascript:x()>", Verdict(Fate.REMOVE), id="no address"),
    ],
)
def test_other_frames_get_no_placeholder(tag: bytes, decided: Verdict) -> None:
    assert parked(tag, decided) is None


def test_a_frame_of_an_unknown_host_says_why_it_is_missing_and_holds_no_address() -> None:
    embed = parked(b"<iframe width=9 height=9 src=//who.test/a>", Verdict(Fate.REMOVE))
    frame = b"<iframe width=9 height=9 inert></iframe>"
    assert embed == Embed("unknown", "who.test", "who.test", None, frame, "//who.test/a", "", once=False)


@pytest.mark.parametrize(
    ("tag", "closed", "frame"),
    [
        (b'<object class=m type="text/html" data="//map.test/">', "data", b"<iframe class=m"),
        (b'<embed class=m type="text/html" src="//map.test/" />', "src", b"<iframe class=m"),
        (b'<iframe class=m src="about:blank" data-lazy-src="//map.test/">', "data-lazy-src", b"<iframe class=m"),
    ],
    ids=["object", "embed", "lazy"],
)
def test_what_works_like_a_frame_becomes_one(tag: bytes, closed: str, frame: bytes) -> None:
    embed = parked(tag, verdict(MAP, Fate.HOLD), closed)
    assert embed is not None
    assert start_tag(embed.element.removesuffix(b"</iframe>")).value("data-consent-src") == "//map.test/"
    assert embed.element.startswith(frame)
    assert b"type" not in embed.element
    assert b" src=" not in embed.element


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://www.youtube.com/embed/abcdefghi-_?rel=0", "https://www.youtube.com/watch?v=abcdefghi-_"),
        ("//www.youtube-nocookie.com/embed/abcdefghi-_", "https://www.youtube.com/watch?v=abcdefghi-_"),
        ("https://www.youtube.com/embed/videoseries?list=x", "https://www.youtube.com/embed/videoseries?list=x"),
        ("https://player.vimeo.com/video/76979871?h=8", "https://vimeo.com/76979871"),
        ("https://player.vimeo.com/video/76x", "https://player.vimeo.com/video/76x"),
    ],
)
def test_the_link_of_a_player_leads_to_the_page_of_the_film(address: str, link: str) -> None:
    embed = parked(b'<iframe src="' + address.encode() + b'">', verdict(MAP, Fate.HOLD))
    assert embed is not None
    assert embed.link == link


def test_a_service_that_is_many_goes_by_its_host() -> None:
    many = Service("many", "Players (One, Two)", Category.PREFERENCES, hosts=("one.test",), embed=True)
    embed = parked(b"<iframe src=//www.one.test/>", verdict(many, Fate.HOLD))
    assert embed is not None
    assert (embed.name, embed.vendor) == ("www.one.test", "www.one.test")
    assert parked_scripts(verdict(many, Fate.HOLD)) == Embed("many", "Players", "Players", Category.PREFERENCES)


def test_what_no_category_opens_is_offered_without_one() -> None:
    offer = offered(verdict(MAP, Fate.HOLD)._replace(categories=(Category.PREFERENCES, UNLISTED)))
    assert offer is not None
    assert offer.category is None


@pytest.mark.parametrize(
    ("decided", "waits"),
    [
        (verdict(MAP, Fate.HOLD), True),
        (verdict(MAP, Fate.REMOVE), True),
        (verdict(POST, Fate.HOLD), False),
        (verdict(ADS, Fate.HOLD), False),
    ],
)
def test_only_scripts_that_build_comfort_are_offered(decided: Verdict, waits: bool) -> None:
    assert (parked_scripts(decided) is not None) is waits


@pytest.mark.parametrize(
    ("style", "with_anchor"),
    [
        (b"", b' style="anchor-name:--a"'),
        (b' style="border:0;"', b' style="border:0;anchor-name:--a"'),
        (b" style=border:0", b' style="border:0;anchor-name:--a"'),
    ],
)
def test_an_anchor_joins_the_styles_a_frame_has(style: bytes, with_anchor: bytes) -> None:
    assert anchored(b"<iframe" + style + b"></iframe>", "--a") == b"<iframe" + with_anchor + b"></iframe>"


def page(markup: bytes, fate: Fate, *, whole: bool = True, size: int = 0, block_unknown: bool = False) -> bytes:
    services = [MAP, POST, ADS]
    policy = PagePolicy(
        Catalogue(services),
        InlineMarks(services),
        lambda category: Fate.KEEP if category is Category.NECESSARY else fate,
        SHOP,
        "shop.test".__eq__,
        block_unknown=block_unknown,
    )
    injection = Injection(
        foot=lambda language: b"[foot]" if whole else b"",
        anyway=whole,
        placeholder=lambda language, embed, number: b"[%d %s]" % (number, embed.element),
        buttons=lambda language, embeds, first: b"[%s]" % b" ".join(embed.service.encode() for embed in embeds),
    )
    rewriter = HtmlRewriter(policy, injection)
    size = size or len(markup)
    out = b"".join(rewriter.write(markup[at : at + size]) for at in range(0, len(markup), size))
    return out + rewriter.end()


@pytest.mark.parametrize("fate", [Fate.HOLD, Fate.REMOVE])
def test_in_a_page_the_placeholder_stands_for_the_frame_and_its_content(fate: Fate) -> None:
    out = page(b"a" + FRAME + b"b" + FRAME, fate)
    assert out == b"a[1 " + PARKED + b"]b[2 " + PARKED + b"][foot]"


def test_a_placeholder_has_nothing_that_loads_beside_the_frame() -> None:
    style = b'style="background:url(//ads.test/p);color:red"'
    frame = b"<iframe " + style + b' src="//map.test/" referrerpolicy=unsafe-url></iframe>'
    for fate in (Fate.HOLD, Fate.REMOVE):
        out = page(frame, fate)
        assert b"ads.test" not in out
        assert b"unsafe-url" not in out
        assert b"color:red" in out


@pytest.mark.parametrize("size", [0, 1, 7])
def test_the_placeholder_of_an_object_stands_for_its_content(size: int) -> None:
    markup = b'a<OBJECT data="//map.test/"><param name=x><embed src="//map.test/"><p>old</p></OBJECT >b'
    frame = b'<iframe data-consent-src="//map.test/" inert></iframe>'
    assert page(markup, Fate.HOLD, size=size) == b"a[1 " + frame + b"]b[foot]"


def test_an_object_that_never_ends_does_not_take_the_page_with_it() -> None:
    out = page(b'a<object data="//map.test/"><p>goods</p><img src="//ads.test/t.gif">', Fate.HOLD)
    assert b"<p>goods</p>" in out
    assert b' src="//ads.test' not in out


def test_a_refused_tracker_leaves_no_address() -> None:
    assert page(b"a<iframe src=//post.test/1></iframe>b", Fate.REMOVE) == b"ab[foot]"


def test_unknown_frames_are_explained_where_they_are_blocked() -> None:
    out = page(b"<p><iframe width=200 height=100 src=//who.test/1></iframe>", Fate.HOLD, block_unknown=True)
    assert out == b"<p>[1 <iframe width=200 height=100 inert></iframe>][foot]"


SCRIPTS = b'<script src="//map.test/api.js"></script><script>drawMap(1)</script>'


@pytest.mark.parametrize("fate", [Fate.HOLD, Fate.REMOVE])
def test_scripts_that_build_an_embed_wait_behind_one_button(fate: Fate) -> None:
    out = page(SCRIPTS + b"<p>goods", fate)
    assert out.count(b'type="text/plain"') == 2
    assert out.endswith(b"<p>goods[map][foot]")


def test_a_service_with_a_frame_in_the_page_needs_no_further_button() -> None:
    assert b"[map]" not in page(SCRIPTS + FRAME, Fate.HOLD)


def test_a_post_whose_script_may_not_run_stays_to_be_read() -> None:
    post = b'<blockquote class="post"><p>Tea!</p><a href="https://post.test/1">Post</a></blockquote>'
    out = page(post + b"<script async src=https://post.test/widgets.js></script>", Fate.REMOVE)
    assert out.startswith(b'<blockquote class="post"><p>Tea!</p><a ')
    assert b"<script" not in out
    assert b"[post]" not in out


def test_a_fragment_gets_the_parked_frame_only() -> None:
    out = page(FRAME, Fate.HOLD, whole=False)
    assert out.startswith(b"<iframe class=m")
    assert b"data-consent-service" in out


def test_rewriting_twice_is_rewriting_once() -> None:
    once = page(FRAME + SCRIPTS, Fate.HOLD).replace(b"[foot]", b"")
    assert page(once, Fate.HOLD) == once + b"[foot]"
