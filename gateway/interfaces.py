"""What visitors choose in, as it is archived and hashed (R-121): each place once, before anything is chosen in it.

What differs from visitor to visitor is left at its beginning: the path back, the switches, the vendor of an embed.
"""

from __future__ import annotations

from starlette.requests import Request

from gateway.endpoints.pages import Pages
from gateway.enforcement.banner import Banner
from gateway.enforcement.embed import Embed
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.model.inspection import inspection

UNSET = Decision(State.UNSET, State.UNSET, State.UNSET)


def interfaces(banner: Banner, pages: Pages, locale: str) -> dict[str, bytes]:
    """The text of every place (`gateway.model.evidence.PLACES`) in that language."""
    request = _request(pages, locale)
    offered = pages.offered()
    me = pages.page(
        "me.html",
        request,
        held=inspection(UNSET, (), (), None),
        lost=False,
        identified=True,
        granted=offered,
        chip="",
        message="",
        years=0,
        copy_url="",
        withdrawn_url="",
        wish="",
    )
    category = next(iter(offered), None)
    return {
        "banner": banner.shown(locale),
        "settings": bytes(pages.second_layer(request).body),
        "signal": banner.signalled(locale),
        "embed": banner.placeholder(locale, Embed("", "{vendor}", "{vendor}", category)),
        "me": bytes(me.body),
        "do-not-sell": bytes(pages.opt_out(request).body),
    }


def _request(pages: Pages, locale: str) -> Request:
    """Somebody who comes from nowhere and has decided nothing."""
    query = f"lang={locale}".encode()
    path = f"{pages.shown.prefix}/"
    return Request(
        {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": [], "consent": UNSET}
    )
