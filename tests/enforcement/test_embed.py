"""Frames that become placeholders."""

from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.embed import parked_embed
from gateway.enforcement.html import HtmlRewriter
from gateway.enforcement.injection import Injection
from gateway.enforcement.inline import InlineMarks
from gateway.enforcement.page_policy import PagePolicy, Verdict
from gateway.enforcement.url import Base
from gateway.model.catalogue import Catalogue
from gateway.model.categories import Category, Fate
from gateway.model.service import Service

MAP = Service("map", "Map", Category.PREFERENCES, hosts=("map.test",), embed=True)
POST = Service("post", "Post", Category.MARKETING, hosts=("post.test",), embed=True)
ADS = Service("ads", "Ads", Category.MARKETING, hosts=("ads.test",))
FRAME = b'<iframe class=m width="560" height="315px" src="https://map.test/a?b&amp;c">x</iframe>'


def verdict(service: Service, fate: Fate) -> Verdict:
    return Verdict(fate, (service,), (service.category,))


def test_a_held_embed_is_parked_with_everything_it_had() -> None:
    embed = parked_embed(start_tag(FRAME.partition(b">")[0] + b">"), verdict(MAP, Fate.HOLD))
    assert embed is not None
    assert embed.element == (
        b'<iframe class=m width="560" height="315px" data-consent-src="https://map.test/a?b&amp;c" hidden></iframe>'
    )
    assert (embed.link, embed.width, embed.height) == ("https://map.test/a?b&c", 560, 315)


@pytest.mark.parametrize(
    ("tag", "decided"),
    [
        pytest.param(b"<iframe src=//ads.test/>", verdict(ADS, Fate.HOLD), id="nothing to see"),
        pytest.param(b"<iframe src=//post.test/>", verdict(POST, Fate.REMOVE), id="a refused tracker"),
        pytest.param(b"<iframe data-src=//map.test/>", verdict(MAP, Fate.HOLD), id="loaded by a script"),
        pytest.param(b"<object data=//map.test/>", verdict(MAP, Fate.HOLD), id="not a frame"),
        pytest.param(b"<iframe src=/a>", Verdict(Fate.HOLD, (MAP, POST)), id="of two services"),
    ],
)
def test_other_frames_get_no_placeholder(tag: bytes, decided: Verdict) -> None:
    assert parked_embed(start_tag(tag), decided) is None


@pytest.mark.parametrize("size", [b"100%", b"", b"wide", b"99999"])
def test_a_size_that_is_no_number_of_pixels_is_none(size: bytes) -> None:
    embed = parked_embed(start_tag(b'<iframe width="%s" src=//map.test/>' % size), verdict(MAP, Fate.HOLD))
    assert embed is not None
    assert embed.width == 0


def page(markup: bytes, fate: Fate, *, whole: bool = True) -> bytes:
    policy = PagePolicy(
        Catalogue([MAP, POST, ADS]),
        InlineMarks([]),
        lambda category: Fate.KEEP if category is Category.NECESSARY else fate,
        Base("https", "shop.test"),
        "shop.test".__eq__,
    )
    injection = Injection(anyway=whole, placeholder=lambda language, embed: b"[" + embed.element + b"]")
    rewriter = HtmlRewriter(policy, injection)
    return rewriter.write(markup) + rewriter.end()


@pytest.mark.parametrize("fate", [Fate.HOLD, Fate.REMOVE])
def test_in_a_page_the_placeholder_stands_for_the_frame_and_its_content(fate: Fate) -> None:
    out = page(b"a" + FRAME + b"b", fate)
    assert out.startswith(b"a[<iframe")
    assert out.endswith(b"</iframe>]b")
    assert b">x<" not in out
    assert b" src=" not in out


def test_a_refused_tracker_leaves_no_address() -> None:
    assert page(b"a<iframe src=//post.test/1></iframe>b", Fate.REMOVE) == b"ab"


def test_a_fragment_gets_the_parked_frame_only() -> None:
    out = page(FRAME, Fate.HOLD, whole=False)
    assert out.startswith(b"<iframe class=m")
    assert b"data-consent-service" in out


def test_rewriting_twice_is_rewriting_once() -> None:
    once = page(FRAME, Fate.HOLD)
    assert page(once, Fate.HOLD) == once
