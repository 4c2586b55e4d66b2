"""What the gateway adds to the shop's pages: the banner or a chip, the footer link, a stylesheet, a script.

Everything is rendered when a `Banner` is built, one variant per language and state; a request picks a variant
and fills in the path to come back to. Class names avoid the words that content blockers hide.

The stylesheets must not hold up the shop: a `<link>` that the parser meets stops the painting of what follows and
every deferred script until it has come (HTML Standard, 4.2.4 and 4.12.1). So the markup names them as preloads, our
script makes stylesheets of these, and only without scripts they are plain links. Until then what is ours is `hidden`;
its styles bring it to light. It is made of `div`s, which no shop's reset gives a `display`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import chain, combinations

from markupsafe import Markup

from gateway.enforcement.embed import Embed, anchored
from gateway.enforcement.language import LOCALES
from gateway.enforcement.page_policy import SEPARATE
from gateway.enforcement.templates import render
from gateway.enforcement.texts import Texts, texts
from gateway.model.categories import OPTIONAL, Category, Source, State
from gateway.model.decision import Decision

CHIPS = ("gpc", "dnt")
_HOLE, _STATE, _NONCE = Markup("\x00return\x00"), Markup("\x00state\x00"), Markup("\x00nonce\x00")
_CLICK_IDS, _MODE = Markup("\x00ids\x00"), Markup("\x00mode\x00")
LOST = "#cg-set"
"""The fragment that brings `lost.html` to light on a page it is in."""
_Asked = tuple[Category, ...]
_FootKind = tuple[str, bool, str, bool]
_Held = tuple[State, State, State, Source]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the texts say about this shop, the same on every page.

    `controller` is empty while the configuration names nobody; `partners` is 0 while their number is unknown.
    """

    prefix: str
    rev: int
    controller: str = ""
    partners: int = 0
    offered: frozenset[Category] = frozenset(OPTIONAL)
    sharing: frozenset[Category] = frozenset({Category.MARKETING})
    place: str = ""
    """Where the banner stands: classes of its own, `cg-box`, `cg-mid`, `cg-top`."""


class Banner:
    """The bytes for `HtmlRewriter`: `body` goes right after `<body>`, `foot` at its end.

    `stylesheet` and `script` are the hashed addresses of the two assets, `embeds` that of the placeholders'
    styles, `more` the names of the files that the script brings when they are needed: `waking.js` and `dialog.js`.
    All output is ASCII, characters beyond it as references, so it reads the same in whatever encoding the page is.
    """

    def __init__(
        self, shown: Shown, stylesheet: str, script: str, embeds: str = "", more: Sequence[str] = ()
    ) -> None:
        self._shown = shown
        self._offered = lru_cache(maxsize=256)(self._offer)
        self._placed = lru_cache(maxsize=256)(self._place)
        self._filled_before = lru_cache(maxsize=256)(self._filled_foot)
        self._more = " ".join(more)
        self._embeds = _ascii(_sheet(embeds)) if embeds else b""
        self._script = script
        self._stylesheet = stylesheet
        self._bars = {
            (locale, told, asked, again): self._bar(texts(locale), told, asked, again)
            for locale in LOCALES
            for told in (False, True)
            for asked in _subsets(shown.offered)[1:]
            for again in _subsets(shown.offered - set(asked))
        }
        self._chips = {
            (locale, told, chip): self._chip(texts(locale), told, chip)
            for locale in LOCALES
            for told in (False, True)
            for chip in CHIPS
        }
        self._lost = {
            (locale, told): self._told_lost(texts(locale), told)
            for locale in LOCALES
            for told in (False, True)
        }
        self._feet = {
            (locale, told, gpc, reload): self._foot(texts(locale), told, gpc, reload)
            for locale in LOCALES
            for told in (False, True)
            for gpc in ("seen", "lost", "overruled")
            for reload in (False, True)
        }

    def body(self, decision: Decision, locale: str, return_to: str, page_lang: str | None = None) -> bytes:
        """The banner if the decision asks, else the chip of an honoured signal.

        `return_to` is the path and query of the page, `page_lang` what its `<html lang>` says.
        """
        told = _differs(locale, page_lang)
        if decision.cookieless:
            return self._lost[locale, told]
        if not decision.ask:
            return self._chips.get((locale, told, decision.chip), b"")
        asked = self._in_state(decision, State.UNSET)
        stays = self._in_state(decision, State.GRANTED)
        if not asked:
            return b""
        before, after = self._bars[locale, told, asked, stays]
        return before + _ascii(escape(return_to)) + after

    def shown(self, locale: str) -> bytes:
        """The first layer with the whole question, as archived and hashed: with no path to return to."""
        asked = tuple(name for name in OPTIONAL if name in self._shown.offered)
        return b"".join(self._bars[locale, True, asked, ()]) if asked else b""

    def signalled(self, locale: str) -> bytes:
        """What confirms an honoured signal, as archived and hashed."""
        return self._chips[locale, True, "gpc"]

    def foot(
        self,
        decision: Decision,
        locale: str,
        page_lang: str | None = None,
        *,
        nonce: str = "",
        reload: bool = False,
        click_ids: Sequence[str] = (),
        mode: str = "",
    ) -> bytes:
        """The settings link, the stylesheet and the script, for every rewritten page.

        `nonce` is the shop's own, if its policy works with one; `reload` says that a policy of ours came with
        the page, so that a new choice needs a new page. `click_ids` are the parameters of this request that
        the script takes out of the address bar; `mode` is what it does about Google's tags (`ConsentMode.later`).
        """
        kind = locale, _differs(locale, page_lang), self._signal(decision), reload
        held = decision.preferences, decision.statistics, decision.marketing, decision.source
        make = self._filled_foot if nonce or click_ids else self._filled_before
        return make(kind, held, nonce, tuple(click_ids), mode)

    def _filled_foot(
        self, kind: _FootKind, held: _Held, nonce: str, click_ids: tuple[str, ...], mode: str
    ) -> bytes:
        *states, source = held
        named = zip(OPTIONAL, states, strict=True)
        state = " ".join(f"{name}:{state}" for name, state in named if name in self._shown.offered)
        foot = self._feet[kind].replace(_STATE, f"{state} source:{source}")
        ids = f' data-ids="{escape(" ".join(click_ids))}"' if click_ids else ""
        foot = foot.replace(_NONCE, f' nonce="{escape(nonce)}"' if nonce else "")
        foot = foot.replace(_MODE, f' data-mode="{escape(mode)}"' if mode else "")
        return _ascii(foot.replace(_CLICK_IDS, ids))

    def placeholder(
        self, locale: str, embed: Embed, page_lang: str | None = None, *, number: int = 0, first: bool = True
    ) -> bytes:
        """A frame that may not load now, and what lies over it: who is behind it, two buttons, plain links.

        `number` tells the frames of one page apart; 0 where the page allows no `style` attributes, and then
        frames that are children of one element cannot be told apart. The page's `first` one brings the styles.
        """
        return self._placed(locale, embed, page_lang, number, first)

    def _place(self, locale: str, embed: Embed, page_lang: str | None, number: int, first: bool) -> bytes:
        name = f"--cg{number}" if number else ""
        anchor = Markup(f' style="--cg-at:{name}"') if name else ""  # noqa: S704 - a name of our own
        markup = self._offer("placeholder.html", locale, embed, page_lang, anchor=anchor)
        # Not in the placeholder: the styles must outlive it.
        sheet = self._embeds if first else b""
        return sheet + (anchored(embed.element, name) if name else embed.element) + markup

    def buttons(
        self, locale: str, embeds: Sequence[Embed], page_lang: str | None = None, *, first: bool = True
    ) -> bytes:
        """What stands at the window's edge for services whose scripts wait in the page: one button for each."""
        each = b"".join(self._offered("launcher.html", locale, embed, page_lang) for embed in embeds)
        label = escape(texts(locale)["embed.load"])
        sheet = self._embeds if first else b""
        edge = f'<div class="cg-edge" role="complementary" aria-label="{label}" data-nosnippet hidden>'
        return sheet + _ascii(edge) + each + b"</div>"

    def _offer(self, name: str, locale: str, embed: Embed, page_lang: str | None, **more: object) -> bytes:
        words = texts(locale)
        category = embed.category
        always = words.say("embed.accept", category=words[f"kind.{category}"]) if category else ""
        markup = render(
            name,
            t=words,
            lang=_lang(words, _differs(locale, page_lang)),
            prefix=self._shown.prefix,
            embed=embed,
            separate=SEPARATE,
            link=embed.link if embed.link.startswith(("https://", "http://", "//")) else "",
            message=words.say("embed", vendor=embed.vendor),
            always=always,
            open=words.say("embed.open", vendor=embed.name),
            **more,
        )
        return _ascii(markup)

    def _signal(self, decision: Decision) -> str:
        """What a signal would be that only the script sees: `seen` already, `lost`, or `overruled` by the choice."""
        if decision.chip == "gpc" or decision.override:
            return "seen"
        against = decision.choice is not None and decision.choice.override
        stands = against and any(decision.state(name) is State.GRANTED for name in self._shown.sharing)
        return "overruled" if stands else "lost"

    def _in_state(self, decision: Decision, state: State) -> _Asked:
        offered = self._shown.offered
        return tuple(name for name in OPTIONAL if name in offered and decision.state(name) is state)

    def _bar(self, words: Texts, told: bool, asked: _Asked, stays: _Asked) -> tuple[bytes, bytes]:
        shown = self._shown
        partial = set(asked) != shown.offered
        page = render(
            "banner.html",
            t=words,
            lang=_lang(words, told),
            prefix=shown.prefix,
            rev=shown.rev,
            place=shown.place,
            hole=_HOLE,
            question=words.question(asked),
            footnote=words.say("banner.footnote", controller=shown.controller or words["site"]),
            partners=words.partners(shown.partners),
            save=(*asked, *stays) if partial else (),
        )
        before, after = page.split(_HOLE)
        return _ascii(before), _ascii(after)

    def _foot(self, words: Texts, told: bool, gpc: str, reload: bool) -> str:
        shown = self._shown
        return render(
            "foot.html",
            t=words,
            lang=_lang(words, told),
            prefix=shown.prefix,
            rev=shown.rev,
            sheet=_sheet(self._stylesheet),
            script=self._script,
            more=self._more,
            nonce=_NONCE,
            state=_STATE,
            click_ids=_CLICK_IDS,
            mode=_MODE,
            gpc=gpc,
            sharing=" ".join(name for name in OPTIONAL if name in shown.sharing),
            reload=reload,
        )

    def _told_lost(self, words: Texts, told: bool) -> bytes:
        return _ascii(render("lost.html", t=words, lang=_lang(words, told), id=LOST[1:], prefix=self._shown.prefix))

    def _chip(self, words: Texts, told: bool, chip: str) -> bytes:
        lang = _lang(words, told)
        return _ascii(render("chip.html", t=words, lang=lang, chip=chip, prefix=self._shown.prefix))


def _subsets(categories: Collection[Category]) -> list[_Asked]:
    ordered = [name for name in OPTIONAL if name in categories]
    return list(chain.from_iterable(combinations(ordered, size) for size in range(len(ordered) + 1)))


def _differs(locale: str, page_lang: str | None) -> bool:
    """Whether our text needs a `lang` of its own on this page; a page that says nothing gets one."""
    return (page_lang or "").lower() != locale.lower()


def _lang(words: Texts, told: bool) -> Markup:
    return Markup(' lang="{}" dir="{}"').format(words["lang"], words["dir"]) if told else Markup("")


def _sheet(address: str) -> Markup:
    """A stylesheet that nothing of the shop's waits for."""
    return Markup(
        '<link class="cg" rel="preload" as="style" href="{0}" fetchpriority="low">'
        '<noscript><link rel="stylesheet" href="{0}"></noscript>'
    ).format(address)


def _ascii(markup: str) -> bytes:
    return markup.encode("ascii", "xmlcharrefreplace")
