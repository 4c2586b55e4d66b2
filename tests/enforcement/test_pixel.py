from __future__ import annotations

import pytest

from gateway.enforcement.attributes import start_tag
from gateway.enforcement.pixel import is_beacon, is_picture, is_tiny
from gateway.model.categories import Fate
from tests.enforcement.trackers import policy, rewritten

IMAGES = {
    "one by one": ('width=1 height=1 src="//x.test/a.gif"', True),
    "one wide": ('width="1px" src="//x.test/a.gif"', True),
    "two high": ("height=' 2 ' src=//x.test/a.gif", True),
    "nothing wide": ("width=0 src=//x.test/a.gif", True),
    "hidden": ("hidden src=//x.test/a.gif", True),
    "display none": ('style="DISPLAY : none" src=//x.test/a.gif', True),
    "invisible": ('style="visibility:hidden;" src=//x.test/a.gif', True),
    "transparent": ("style='opacity:0' src=//x.test/a.gif", True),
    "out of sight": ("style='position:absolute;left:-9999px' src=//x.test/a.gif", True),
    "small by style": ("style='border:0;width:1px;height:1px' src=//x.test/a.gif", True),
    "beacon path": ("src=//x.test/collect?a=1", True),
    "beacon path with a file": ("src='//x.test/a/pixel.gif#b'", True),
    "tr": ("src=https://x.test/tr?id=1", True),
    "piwik": ("src=//x.test/stats/piwik.php?a", True),
    "picture": ("width=300 height=200 src=//x.test/a.jpg", False),
    "ten wide": ("width=10 src=//x.test/a.jpg", False),
    "twenty per cent": ("width='20%' src=//x.test/a.jpg", False),
    "half transparent": ("style='opacity:0.5;line-height:1' src=//x.test/a.jpg", False),
    "no size": ("src=//x.test/travel.jpg", False),
    "own": ("width=1 height=1 src=/a.gif", False),
    "own host": ("width=1 src=https://cdn.shop.test/collect", False),
    "necessary": ("width=1 src=https://cloud.test/a.gif", False),
    "one of a set": ("srcset='/a.png 1x, //x.test/collect?b 2x'", True),
    "harmless set": ("srcset='/a.png 1x, //x.test/a,b.png 2x,//x.test/c.png,'", False),
}


@pytest.mark.parametrize(("attributes", "pixel"), IMAGES.values(), ids=IMAGES)
def test_images_that_only_report_are_told_from_pictures(attributes: str, pixel: bool) -> None:
    tag = f"<img {attributes}>".encode()
    assert rewritten(tag, policy(Fate.REMOVE)) == (b"" if pixel else tag)
    assert rewritten(tag, policy(Fate.KEEP, block_unknown=True)) == tag


def test_any_third_party_image_in_noscript_is_a_pixel() -> None:
    tag = b"<noscript><img src=//x.test/a.jpg srcset='//x.test/a'><iframe src=//x.test></iframe><img src=/a></noscript>"
    assert rewritten(tag, policy(Fate.REMOVE)) == b"<noscript><img src=/a></noscript>"


def test_a_tiny_frame_of_a_stranger_is_a_frame_like_any_other() -> None:
    tag = b"<iframe width=0 height=0 src=//x.test/a></iframe>"
    assert rewritten(tag, policy(Fate.REMOVE)) == tag
    assert rewritten(tag, policy(Fate.REMOVE, block_unknown=True)) == b""
    assert rewritten(tag, policy(Fate.KEEP, block_unknown=True)) == b""


def test_shape_and_path_can_be_asked_alone() -> None:
    assert is_tiny(start_tag(b"<img width=1>"))
    assert not is_tiny(start_tag(b"<img style='width:100px'>"))
    assert is_beacon("//x.test/__utm.gif?a")
    assert not is_beacon("//x.test/collection/a.jpg")


@pytest.mark.parametrize(
    "tag",
    [
        b"<img hidden src=//x.test/a.jpg>",
        b"<img style='display:none' src='https://x.test/slide/2.WebP '>",
        b"<img width=1 height=20 src=//x.test/images/spacer.gif>",
    ],
)
def test_a_picture_out_of_sight_stays_in_a_trial_and_is_a_pixel_afterwards(tag: bytes) -> None:
    assert rewritten(tag, policy(Fate.REMOVE)) == tag
    assert rewritten(tag, policy(Fate.REMOVE, block_unknown=True)) == b""
    assert rewritten(tag, policy(Fate.REMOVE, declared=())) == b""


def test_a_query_reports_whatever_the_file_is_called() -> None:
    assert is_picture("/a.jpeg")
    assert not is_picture("/a.jpg?u=1")
    assert not is_picture("/a.gif")
    assert not is_picture("/p?i=a.jpg")
    assert not is_picture("/a.jpg#u=1")
    assert rewritten(b"<img hidden src=//counter.test/a.jpg>", policy(Fate.REMOVE)) == b""
