from __future__ import annotations

import pytest

from gateway.enforcement.addresses import closed, image_kind, judge_link, judge_set, runs
from gateway.enforcement.attributes import start_tag
from gateway.enforcement.page_policy import Kind
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy

REMOVE = policy(Fate.REMOVE)


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        (b"<img src=//counter.test/a srcset='/a, //counter.test/b 2x' data-src=//counter.test/c alt=//counter.test/>",
         ["src", "srcset", "data-src"]),
        (b"<object data=//counter.test/a codebase=/own classid=//adverts.test/>", ["data", "classid"]),
        (b"<param name=movie value=//counter.test/a>", ["value"]),
        (b"<animate attributeName=href from=/own values='/own; //counter.test/b'>", ["values"]),
        (b"<use href=#a xlink:href=//counter.test/s>", ["xlink:href"]),
        (b"<p src=//counter.test/>", []),
        (b"<script data-src=//counter.test/a.js>", ["data-src"]),
        (b"<script type=application/json data-src=//counter.test/a.js>", []),
    ],
)  # fmt: skip
def test_every_address_of_an_element_is_judged(tag: bytes, names: list[str]) -> None:
    assert [item.name for item in closed(start_tag(tag), REMOVE, False)] == names


# A third-party image of at most two pixels, hidden, in noscript or on a beacon's path is a pixel.
PIXELS = {
    "one pixel": (b"<img src=//x.test/i width=1 height=1>", True),
    "one pixel wide": (b"<img src=//x.test/i width=1 height=60>", True),
    "nothing high": (b"<img src=//x.test/i height=0>", True),
    "two pixels with a unit": (b"<img src=//x.test/i width=' 2px '>", True),
    "three pixels": (b"<img src=//x.test/i width=3 height=3>", False),
    "per cent": (b"<img src=//x.test/i width=1%>", False),
    "hidden": (b"<img src=//x.test/i hidden>", True),
    "not displayed": (b"<img src=//x.test/i style='display:none'>", True),
    "not visible": (b"<img src=//x.test/i style='VISIBILITY : hidden'>", True),
    "transparent": (b"<img src=//x.test/i style=opacity:0>", True),
    "half transparent": (b"<img src=//x.test/i style=opacity:0.5>", False),
    "far off": (b"<img src=//x.test/i style='position:absolute;left:-9999px'>", True),
    "small by style": (b"<img src=//x.test/i style='width:1px;height:1px'>", True),
    "large by style": (b"<img src=//x.test/i style='width:100px'>", False),
    "collect": (b"<img src=//x.test/collect?v=1>", True),
    "a gif that counts": (b"<img src='//x.test/a/hit.gif?x'>", True),
    "a photograph": (b"<img src=//x.test/photos/tea.jpg width=640>", False),
    "a collection": (b"<img src=//x.test/collection/tea.jpg>", False),
    "own pixel": (b"<img src=/collect width=1 height=1>", False),
    "own pixel elsewhere": (b"<img src=//img.shop.test/1.gif width=1 height=1>", False),
}


@pytest.mark.parametrize(("tag", "pixel"), PIXELS.values(), ids=PIXELS)
def test_what_is_a_pixel(tag: bytes, pixel: bool) -> None:
    assert bool(list(closed(start_tag(tag), REMOVE, False))) is pixel


@pytest.mark.parametrize("tag", [b"<img src=//x.test/photos/tea.jpg>", b"<iframe src=//x.test/f>"])
def test_in_noscript_every_foreign_image_and_frame_is_one(tag: bytes) -> None:
    assert [item.kind for item in closed(start_tag(tag), REMOVE, True)] == [Kind.PIXEL]


def test_a_set_is_as_strict_as_its_strictest_member() -> None:
    assert judge_set("/a 1x, //cloud.test/b 2x", REMOVE, False).fate is Fate.KEEP
    assert judge_set("/a 1x,,//counter.test/b,/c 2x", REMOVE, False).fate is Fate.REMOVE
    assert judge_set("/a (,//x.test/) 1x, //counter.test/b", REMOVE, False).fate is Fate.REMOVE


def test_a_sheet_in_its_address_answers_for_what_it_imports() -> None:
    assert judge_link("data:text/css,@import '//counter.test/s'", Kind.STYLE, REMOVE).fate is Fate.REMOVE
    assert judge_link("data:text/css,@import '/own'", Kind.STYLE, REMOVE).fate is Fate.KEEP
    assert judge_link("//counter.test/s", Kind.STYLE, REMOVE).fate is Fate.REMOVE


def test_data_blocks_do_not_run() -> None:
    assert runs(start_tag(b"<script type=text/rocketscript>"))
    assert not runs(start_tag(b"<script type='application/ld+json'>"))


def test_a_picture_on_a_beacons_path_is_a_pixel() -> None:
    assert (image_kind("/tr?id=1", False), image_kind("/a.jpg", False)) == (Kind.PIXEL, Kind.IMAGE)
