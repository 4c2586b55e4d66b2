from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.edit import Count
from gateway.enforcement.elements import edit, edit_content
from gateway.enforcement.page_policy import PagePolicy
from gateway.model.categories import Category, Fate
from tests.enforcement.trackers import policy, rewritten

HOLD, REMOVE, KEEP = policy(Fate.HOLD), policy(Fate.REMOVE), policy(Fate.KEEP)
BLOCKING = policy(Fate.KEEP, block_unknown=True)
MARKS = b'data-consent-category="statistics" data-consent-service="counter"'

TAGS: dict[str, tuple[bytes, bytes, bytes]] = {
    "script": (
        b"<script defer src=//counter.test/a integrity=i>",
        b'<script defer data-consent-src="//counter.test/a" integrity=i type="text/plain" %s>' % MARKS,
        b"",
    ),
    "rocket loader": (
        b'<script type="text/rocketscript" data-rocketsrc="//counter.test/a">',
        b'<script data-consent-data-rocketsrc="//counter.test/a" type="text/plain" %s data-consent-type="text/rocketscript">'  # noqa: E501
        % MARKS,
        b'<script type="text/rocketscript">',
    ),
    "lazy script": (
        b"<script type=rocketlazyloadscript data-rocket-src=https://counter.test/a>",
        b'<script data-consent-data-rocket-src="https://counter.test/a" type="text/plain" %s'
        b' data-consent-type="rocketlazyloadscript">' % MARKS,
        b"<script type=rocketlazyloadscript>",
    ),
    "data script": (
        b"<script src='data:text/javascript,count%28%29'>",
        b'<script data-consent-src="data:text/javascript,count%%28%%29" type="text/plain" %s>' % MARKS,
        b"",
    ),
    "lazy srcset": (
        b"<img data-srcset='/a.png 1x, //counter.test/a 2x'>",
        b'<img data-consent-data-srcset="/a.png 1x, //counter.test/a 2x" %s>' % MARKS,
        b"<img>",
    ),
    "xlink": (
        b"<image xlink:href=//counter.test/a />",
        b'<image data-consent-xlink-href="//counter.test/a" %s/>' % MARKS,
        b"",
    ),
    "filter image": (b"<feImage href=//counter.test/a>", b'<feImage data-consent-href="//counter.test/a" %s>' % MARKS, b""),  # noqa: E501
    "picture and background": (
        b"<img src=//counter.test/a style='background:url(//counter.test/b)'>",
        b'<img data-consent-src="//counter.test/a" style="background:url(data:,)" %s>' % MARKS,
        b"",
    ),
    "preload set": (
        b"<link rel=preload as=image imagesrcset='/a 1x, //counter.test/a 2x'>",
        b"",
        b"",
    ),
    "icon": (b"<link rel='shortcut icon' href=//counter.test/a>", b"<link rel='shortcut icon'%s>" % b"", b""),
    "refresh with quotes": (b"<meta http-equiv=Refresh content=\"0; URL='//counter.test/a'\">", b"", b""),
    "refresh with a comma": (b"<meta http-equiv=refresh content='1.5 , //counter.test/a'>", b"", b""),
    "base": (b"<base href=//counter.test/>", b"", b""),
}
TAGS["icon"] = (TAGS["icon"][0], b"<link rel='shortcut icon' data-consent-href=\"//counter.test/a\" %s>" % MARKS, b"")


@pytest.mark.parametrize(("tag", "held", "removed"), TAGS.values(), ids=TAGS)
def test_a_tag_is_kept_parked_or_removed(tag: bytes, held: bytes, removed: bytes) -> None:
    assert edit(start_tag(tag), KEEP) is None
    for rules, expected in ((HOLD, held), (REMOVE, removed)):
        change = edit(start_tag(tag), rules)
        assert change is not None
        assert change.output == expected
        assert change.counts


UNTOUCHED = [
    b"<script src=/a.js>",
    b"<script type=application/json data-url=//counter.test/a>",
    b"<script data-src='{}'>",
    b"<link rel=canonical href=//counter.test/>",
    b"<link href=//counter.test/>",
    b"<meta http-equiv=refresh content=5>",
    b"<meta http-equiv=refresh>",
    b"<meta name=a content='0;url=//counter.test/'>",
    b"<a href=/own ping=/own background=/own style='background:url(/own)'>",
    b"<img data-x=//counter.test/ alt=//counter.test/>",
    b"<img src='' srcset=' , '>",
    b"<base target=a>",
]


@pytest.mark.parametrize("tag", UNTOUCHED)
def test_other_tags_are_left_alone(tag: bytes) -> None:
    assert edit(start_tag(tag), REMOVE) is None


def test_attribution_waits_for_marketing() -> None:
    tag = start_tag(b"<a attributionsrc ping=//x.test/ ping=//y.test/>")
    assert edit(tag, policy(Fate.REMOVE, granted=[Category.MARKETING])) is None
    change = edit(tag, HOLD)
    assert change is not None
    assert change.output == b"<a>"
    assert change.counts == (Count("unknown", "ping", Fate.REMOVE),) * 2


SCRIPTS = {
    "none": ("", True),
    "javascript": ("type=text/javascript", True),
    "with a version": ("type='text/javascript;version=1.8'", True),
    "module": ("type=module", True),
    "cloudflare": ("type=abc123-text/javascript", True),
    "partytown": ("type=text/partytown", True),
    "litespeed": ("type=litespeed/javascript", True),
    "plain text of another banner": ("type=text/plain data-cookieconsent=statistics", True),
    "json": ("type=application/json", False),
    "linked data": ("type='application/ld+json; charset=utf-8'", False),
    "template": ("type=text/x-handlebars-template", False),
    "html": ("type=TEXT/HTML", False),
}


@pytest.mark.parametrize(("attributes", "judged"), SCRIPTS.values(), ids=SCRIPTS)
def test_code_is_told_from_data(attributes: str, judged: bool) -> None:
    page = f"<script {attributes}>count(1)</script>".encode()
    assert rewritten(page, REMOVE) == (b"" if judged else page)
    held = rewritten(page, HOLD)
    assert (b'type="text/plain"' in held) is judged
    assert rewritten(held, HOLD) == held
    assert rewritten(held, REMOVE) == (b"" if judged else page)


def test_a_parked_script_waits_for_the_services_in_its_text_too() -> None:
    page = b"<script data-src=//counter.test/a>advertise(1)</script>"
    held = rewritten(page, HOLD)
    assert b'data-consent-category="statistics marketing"' in held
    assert held.count(b"data-consent-category") == 1
    assert rewritten(held, HOLD) == held
    assert rewritten(page, policy(Fate.REMOVE, granted=[Category.STATISTICS])) == b""


def test_maps_lose_only_the_addresses_that_may_not_load() -> None:
    page = b'<script type=importmap>{"imports":{"a":"https:\\/\\/counter.test/a","b":"//cloud.test/b","c":"/c"}}</script>'  # noqa: E501
    expected = page.replace(b"https:\\/\\/counter.test/a", b"data:text/javascript,")
    assert rewritten(page, REMOVE) == rewritten(page, HOLD) == expected
    assert rewritten(page, KEEP) == page
    assert rewritten(page.replace(b"importmap", b"speculationrules").replace(b"counter", b"x"), BLOCKING).count(b"data:") == 1  # noqa: E501


def test_strangers_are_closed_once_services_are_declared() -> None:
    page = b"<script src=//x.test/></script><link rel=preconnect href=//x.test><object data=//x.test></object><img src=//x.test>"  # noqa: E501
    assert rewritten(page, KEEP) == page
    assert rewritten(page, BLOCKING) == b"<object></object><img src=//x.test>"


def test_style_sheets_are_judged_as_a_whole() -> None:
    tag = start_tag(b"<style>")
    assert edit_content(tag, b"a{b:url(/own)}", REMOVE) is None
    change = edit_content(tag, b"a{b:url(//x.test/pixel.gif)}", REMOVE)
    assert change is not None
    assert change.content == b"a{b:url(data:,)}"
    assert change.counts == (Count("unknown", "style", Fate.REMOVE),)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "tag",
    [
        b"<img srcset='" + b"," * 800_000 + b"'>",
        b"<img srcset='" + b"a, " * 400_000 + b"'>",
        b"<meta http-equiv=refresh content='" + b" " * 800_000 + b"'>",
        b"<meta http-equiv=refresh content='0;url" + b" =" * 400_000 + b"'>",
        b"<p style='" + b"url(" * 400_000 + b"'>",
        b"<img style='" + b"display " * 400_000 + b"' src=//x.test>",
        b"<img " + b"src " * 400_000 + b">",
        b"<a ping='" + b"/a " * 400_000 + b"'>",
    ],
    ids=["commas", "candidates", "spaces", "equals signs", "urls", "style", "repeated", "pings"],
)
@pytest.mark.usefixtures("unmeasured")
def test_hostile_attributes_take_linear_time(tag: bytes) -> None:
    """With the square of these sizes it would take longer than a test may (`timeout`)."""
    edit(start_tag(tag), REMOVE)


APPS = (
    b'var urls = ["\\/\\/reviews.test\\/r.js","\\/\\/counter.test\\/a.js?b\\u0026c"];'
    b' e.src = urls[0]; document.createElement("script")'
)


@pytest.mark.parametrize(
    ("policy_", "after"),
    [
        (HOLD, b'<script async type="text/plain" %s data-consent-src="//counter.test/a.js?b&amp;c"></script>' % MARKS),
        (REMOVE, b""),
    ],
)
def test_a_loader_of_many_goes_on_without_its_tracker(policy_: PagePolicy, after: bytes) -> None:
    change = edit_content(start_tag(b"<script>"), APPS, policy_)
    assert change is not None
    assert change.output == b"<script>"
    assert change.content is not None
    assert b"reviews.test" in change.content
    assert b"counter.test" not in change.content
    assert change.after == after
    assert [count.what for count in change.counts] == ["script"]


def test_a_loader_that_is_the_trackers_in_more_than_its_list_is_parked_whole() -> None:
    change = edit_content(start_tag(b"<script>"), APPS + b"; count()", HOLD)
    assert change is not None
    assert b'type="text/plain"' in change.output
    assert change.content is None


@pytest.mark.parametrize("spelling", [b"javascript:count%28%29", b" JavaScript:count()", b"java&Tab;script:count()"])
def test_a_frame_that_is_a_script_is_judged_by_it(spelling: bytes) -> None:
    change = edit(start_tag(b'<iframe src="%s">' % spelling), REMOVE)
    assert change is not None
    assert change.output == b""
