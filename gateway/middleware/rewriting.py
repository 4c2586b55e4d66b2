"""Which rewriter an answer gets: the policy of its visitor and host, and what is added to the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from gateway.enforcement import csp
from gateway.enforcement.banner import Banner
from gateway.enforcement.bots import is_declared_bot
from gateway.enforcement.charset import is_declared
from gateway.enforcement.embed import Embed
from gateway.enforcement.head import Head
from gateway.enforcement.headers import get_all
from gateway.enforcement.html import HtmlRewriter, Injection
from gateway.enforcement.language import choose
from gateway.enforcement.page_policy import PagePolicy
from gateway.enforcement.site import normal_host
from gateway.model.categories import State
from gateway.model.decision import Decision
from gateway.types import RawHeaders, Scope

MakePolicy = Callable[[Decision, str, str], PagePolicy]
Count = Callable[[str, str, str, int], None]
Displayed = Callable[[Decision, RawHeaders, str], None]

_NONCE = re.compile(rb"script-src[^;]*'nonce-([A-Za-z0-9+/_=-]+)'")
_STYLES = re.compile(rb"(?:^|[;,])\s*style-src(?:-attr)?\s([^;,]*)|(?:^|[;,])\s*default-src\s([^;,]*)", re.IGNORECASE)
_MOST_POLICIES = 256
_NOT_A_PAGE = frozenset((b"iframe", b"frame", b"empty", b"object", b"embed", b"fencedframe"))


class Rewriting:
    """Gives each HTML answer its rewriter.

    `make_policy(decision, host, scheme)` builds the rules of one state on one host; they are kept and shared.
    `reload`: pages come with a policy of our own, which a choice cannot loosen without a new page.
    `count(what, service, outcome, number)` hears what each page had taken out. `head` goes before all scripts of
    a page, and learns which services its host has. `displayed(decision, headers, locale)` hears of each page that asks,
    or would but for a browser that takes no cookies; `met` of each third party in a page that nobody knows.
    """

    def __init__(
        self,
        *,
        make_policy: MakePolicy,
        banner: Banner,
        head: Head,
        language: str,
        count: Count,
        reload: bool = False,
        displayed: Displayed = lambda decision, headers, locale: None,
        met: Callable[[str], None] = lambda host: None,
    ) -> None:
        self._displayed = displayed
        self._met = met
        self._make_policy = make_policy
        self._banner = banner
        self._head = head
        self._language = language
        self._count = count
        self._reload = reload
        self._policies: dict[tuple[str, str, State, State, State, bool], PagePolicy] = {}

    def __call__(self, scope: Scope, status: int, headers: RawHeaders) -> CountedRewriter:
        """The rewriter for an answer to the request in `scope`, whose header is `headers`."""
        decision: Decision = scope["consent"]
        policy = self.policy(scope, decision)
        rewriter = HtmlRewriter(policy, self._injection(scope, decision, headers, policy.page.host))
        return CountedRewriter(rewriter, self._count, partial(self._head.guard.learn, policy.page.host), self._met)

    def policy(self, scope: Scope, decision: Decision) -> PagePolicy:
        """The rules of the page asked for in `scope`."""
        host = normal_host(next(iter(get_all(scope["headers"], b"host")), b"").decode("latin-1"))
        states = (decision.preferences, decision.statistics, decision.marketing)
        key = (host, scope["scheme"], *states, decision.exempt)
        policy = self._policies.get(key)
        if policy is None:
            if len(self._policies) >= _MOST_POLICIES:
                self._policies.clear()
            policy = self._policies[key] = self._make_policy(decision, host, scope["scheme"])
        return policy

    def _injection(self, scope: Scope, decision: Decision, answer: RawHeaders, host: str) -> Injection | None:
        """What is added: nothing to frames, fragments and answers to scripts (R-57)."""
        request = {name: value for name, value in scope["headers"] if name in _READ}
        destination = request.get(b"sec-fetch-dest", b"")
        if destination in _NOT_A_PAGE or b"x-requested-with" in request:
            return None
        accepted = request.get(b"accept-language", b"").decode("latin-1")
        bot = is_declared_bot(request.get(b"user-agent", b""))
        shown = replace(decision, ask=False, cookieless=False) if bot else decision
        nonce, styled = _nonce(answer), _takes_styles(answer)
        mode = self._head.consent_mode.later(decision)

        def body(language: str) -> bytes:
            locale = choose(language, accepted, self._language)
            if shown.ask or shown.cookieless:
                self._displayed(shown, scope["headers"], locale)
            return self._banner.body(shown, locale, _return_path(scope), language)

        def foot(language: str) -> bytes:
            locale = choose(language, accepted, self._language)
            ids = scope.get("click_ids", ())
            return self._banner.foot(
                decision, locale, language, nonce=nonce, reload=self._reload, click_ids=ids, mode=mode
            )

        def placeholder(language: str, embed: Embed, number: int) -> bytes:
            locale = choose(language, accepted, self._language)
            return self._banner.placeholder(locale, embed, language, number=number if styled else 0, first=number == 1)

        def buttons(language: str, embeds: Sequence[Embed], first: bool) -> bytes:
            locale = choose(language, accepted, self._language)
            # Scripts that run now cannot get past a policy of ours that came with the page.
            shown = [embed._replace(once=not self._reload) for embed in embeds if embed.category or not self._reload]
            return self._banner.buttons(locale, shown, language, first=first) if shown else b""

        first = decision.ask and request.get(b"sec-fetch-site") != b"same-origin"
        inline = first and _takes_code(answer, nonce)
        head = self._head.markup(decision, host, nonce, inline=inline)
        return Injection(body, foot, destination == b"document", placeholder, buttons, head=head)


_READ = frozenset((b"sec-fetch-dest", b"sec-fetch-site", b"x-requested-with", b"accept-language", b"user-agent"))


class CountedRewriter:
    """A rewriter that reports what it did, and whose things they were, when the page is complete."""

    def __init__(
        self,
        rewriter: HtmlRewriter,
        count: Count,
        learn: Callable[[Collection[str]], None],
        met: Callable[[str], None] = lambda host: None,
    ) -> None:
        self._rewriter = rewriter
        self._met = met
        self._count = count
        self._learn = learn
        self.write = rewriter.write

    def end(self) -> bytes:
        """The last bytes."""
        last = self._rewriter.end()
        for (service, what, fate), number in self._rewriter.counts.items():
            self._count(what, service, fate, number)
        for host in self._rewriter.met:
            self._met(host)
        self._learn({name for service, _, _ in self._rewriter.counts for name in service.split()})
        return last


def _return_path(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
    query: bytes = scope.get("query_string", b"")
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _nonce(answer: RawHeaders) -> str:
    """The nonce the shop's own policy lets scripts run with; "" if it has none."""
    for name, value in answer:
        if name == b"content-security-policy" and (match := _NONCE.search(value)):
            return match[1].decode("ascii")
    return ""


def _takes_code(answer: RawHeaders, nonce: str) -> bool:
    """Whether a script without an address may stand first in the page, as long as it is.

    The shop's policies must let it run, and the header must settle the charset: browsers look for a `meta` that does
    in the first 1024 bytes only (HTML, 13.2.3.2). In XML the code would need escapes.
    """
    kind = b"".join(get_all(answer, b"content-type")[-1:])
    if kind.partition(b";")[0].strip().lower() != b"text/html" or not is_declared(kind, b""):
        return False
    return all(csp.allows_inline_script(value, nonce) for name, value in answer if name in csp.NAMES)


def _takes_styles(answer: RawHeaders) -> bool:
    """Whether the shop's own policies allow `style` attributes (CSP 3, section 6.7.3.3)."""
    return all(
        b"'unsafe-inline'" in value and b"'nonce-" not in value and b"'sha" not in value
        for name, header in answer
        if name.startswith(b"content-security-policy")
        for value in map(b"".join, _STYLES.findall(header))
    )
