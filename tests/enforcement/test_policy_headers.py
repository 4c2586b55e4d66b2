from __future__ import annotations

import pytest

from gateway.enforcement.policy_headers import (
    HeaderPolicy,
    link,
    permissions,
    referrer,
    report_urls,
    uncached,
)
from gateway.model.ad_features import AD_FEATURES
from gateway.types import RawHeaders


def judge(url: str, kind: str) -> bool:
    """Everything of tracker.test goes, and cdn.test may only give images."""
    return "tracker.test" not in url and ("cdn.test" not in url or kind == "image")


OFF = b", ".join(name.encode() + b"=()" for name in AD_FEATURES)
REFUSED = HeaderPolicy(judge)
GRANTED = HeaderPolicy(judge, marketing=True, dnt=False, no_store=True)


def test_a_page_of_a_visitor_without_marketing() -> None:
    headers = [(b"content-type", b"text/html"), (b"cache-control", b"public, max-age=9"), (b"expires", b"x"),
               (b"vary", b"Accept-Encoding"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"),
               (b"cdn-cache-control", b"max-age=9"), (b"x-litespeed-cache-control", b"public"), (b"age", b"7"),
               (b"edge-control", b"max-age=9"), (b"permissions-policy", b"payment=(self)")]  # fmt: skip
    page = REFUSED.page(headers)
    assert sorted(page) == sorted(
        [
            (b"content-type", b"text/html"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
            (b"cache-control", b"private, no-cache"),
            (b"vary", b"Accept-Encoding, Cookie, Sec-GPC, DNT"),
            (b"referrer-policy", b"same-origin"),
            (b"permissions-policy", b"payment=(self), " + OFF),
        ]
    )
    assert REFUSED.page(page) == page, "applied twice is applied once"


def test_a_page_of_a_visitor_with_marketing() -> None:
    assert GRANTED.page([(b"observe-browsing-topics", b"?1")]) == [
        (b"observe-browsing-topics", b"?1"),
        (b"cache-control", b"private, no-cache, no-store"),
        (b"vary", b"Cookie, Sec-GPC"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
    ]


def test_a_handover_tells_the_partner_the_shops_origin() -> None:
    page = HeaderPolicy(judge, handover=True).page([])
    assert (b"referrer-policy", b"strict-origin") in page


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], b"private, no-cache"),
        ([b"max-age=60"], b"private, no-cache"),
        ([b"No-Store"], b"private, no-cache, no-store"),
        ([b"max-age=0", b"no-store, private"], b"private, no-cache, no-store"),
    ],
)
def test_no_shared_cache_keeps_a_page(before: list[bytes], after: bytes) -> None:
    headers = [(b"cache-control", value) for value in before]
    assert uncached(headers) == [(b"cache-control", after)]


@pytest.mark.parametrize(
    ("before", "least", "after"),
    [
        ([], b"same-origin", b"same-origin"),
        ([b"unsafe-url"], b"same-origin", b"same-origin"),
        ([b"no-referrer"], b"same-origin", b"no-referrer"),
        ([b"Same-Origin"], b"strict-origin", b"same-origin"),
        ([b"strict-origin"], b"same-origin", b"same-origin"),
        ([b"origin"], b"strict-origin-when-cross-origin", b"strict-origin-when-cross-origin"),
        ([b"no-referrer, unsafe-url"], b"same-origin", b"same-origin"),
        ([b"unsafe-url", b"no-referrer, from-the-future"], b"same-origin", b"no-referrer"),
        ([b"nonsense"], b"strict-origin", b"strict-origin"),
    ],
)
def test_the_referrer_is_at_least_as_silent(before: list[bytes], least: bytes, after: bytes) -> None:
    headers = [(b"referrer-policy", value) for value in before]
    assert referrer(headers, least) == [(b"referrer-policy", after)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], b"a=(), b=()"),
        ([b"payment=(self), a=*"], b"payment=(self), a=(), b=()"),
        ([b'c=("https://x, y")', b"a=(self)"], b'c=("https://x, y"), a=(), b=()'),
        ([b"c;d=?1", b"h=( self  \"i\";j=1 ), k=-1.5"], b"c;d=?1, h=( self  \"i\";j=1 ), k=-1.5, a=(), b=()"),
    ],
)
def test_ad_features_are_off_and_others_stay(before: list[bytes], after: bytes) -> None:
    headers = [(b"permissions-policy", value) for value in before]
    assert permissions(headers, ["a", "b"]) == [(b"permissions-policy", after)]


@pytest.mark.parametrize(
    "fault", [b'c="', b"C=()", b"c=(self", b"c==1", b"c=(self)d", b"c=\xff", b"camera 'none'", b"c=(,)"]
)
def test_a_policy_that_browsers_ignore_does_not_take_ours_along(fault: bytes) -> None:
    headers = [(b"permissions-policy", b"payment=(self)"), (b"permissions-policy", fault)]
    once = permissions(headers, ["a"])
    assert once == [(b"permissions-policy", b"a=()")]
    assert permissions(once, ["a"]) == once


def report_to(url: str) -> bytes:
    return b'{"group":"g","max_age":1,"endpoints":[{"url":"%s"}]}' % url.encode()


THIRD, OWN = report_to("https://tracker.test/r"), report_to("/reports")


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ([(b"nel", b'{"report_to":"g"}'), (b"report-to", THIRD)], []),
        ([(b"nel", b'{"report_to":"g"}'), (b"report-to", OWN)], [b"nel", b"report-to"]),
        ([(b"nel", b'{"report_to":"g"}')], []),
        ([(b"report-to", OWN + b"," + THIRD)], []),
        ([(b"report-to", b"not json")], []),
        ([(b"report-to", rb'{"endpoints":[{"url":"https:\/\/tracker\u002etest"}]}')], []),
        ([(b"reporting-endpoints", b'a="/x", b="//tracker.test/"')], []),
        ([(b"reporting-endpoints", rb'b="https:\\\\tracker\.test/"')], []),
        ([(b"reporting-endpoints", b'a="/x"')], [b"reporting-endpoints"]),
        ([(b"speculation-rules", b'"https://tracker.test/rules.json"')], []),
        ([(b"speculation-rules", b'"/rules.json"')], [b"speculation-rules"]),
        ([(b"refresh", b"0; url=https://tracker.test/")], []),
        ([(b"refresh", b"5; url=/next")], [b"refresh"]),
        ([(b"refresh", b"5")], [b"refresh"]),
        ([(b"attribution-reporting-register-source", b"{}"), (b"observe-browsing-topics", b"?1")], []),
        ([(b"link", b"<https://tracker.test>; rel=preconnect")], []),
        ([(b"link", b"</>; rel=canonical"), (b"x-empty", b"")], [b"link", b"x-empty"]),
        (
            [(b"sourcemap", b"https://tracker.test/x.map"), (b"attribution", b"x")],
            [b"sourcemap", b"attribution"],
        ),
    ],
)
def test_side_doors_of_any_answer(headers: RawHeaders, kept: list[bytes]) -> None:
    assert [name for name, _ in REFUSED.any(headers)] == kept


def test_reports_of_third_parties_go_whatever_was_granted() -> None:
    assert GRANTED.any([(b"report-to", THIRD)]) == []


def test_an_ordinary_answer_keeps_its_very_list() -> None:
    headers = [(b"content-type", b"image/png"), (b"etag", b"1")]
    assert REFUSED.any(headers) is headers


@pytest.mark.parametrize(
    "value", [b"[", b'"x"', b"1", b'{"endpoints":[{}]}', b'{"endpoints":3}', b"[" * 100_000]
)
def test_an_unreadable_report_header_has_no_urls(value: bytes) -> None:
    assert report_urls(value) is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"</a.css>;  rel=preload; as=style,</b>; rel=next", b"</a.css>;  rel=preload; as=style,</b>; rel=next"),
        (b"<https://tracker.test/>; rel=canonical", b"<https://tracker.test/>; rel=canonical"),
        (b"<https://tracker.test/>; rel=preconnect", b""),
        (b"<https://tracker.test/>; rel=\"next  DNS-Prefetch\"", b""),
        (b"<//cdn.test/a,b>; rel=preload; as=image, <//cdn.test/x>; rel=preload; as=script, </y>; rel=preload",
         b"<//cdn.test/a,b>; rel=preload; as=image, </y>; rel=preload"),
        (b"<//cdn.test/a>; rel=modulepreload", b""),
        (b"<//cdn.test/a>; rel=stylesheet; title=\"a, \\\"b\"", b""),
        (b"</a>; rel=preload; as=image; imagesrcset=\"//tracker.test/1 1x, /2 2x\"", b""),
        (b"</a>; rel=preload; as=image; imagesrcset=\"/1 1x, , /2\"",
         b"</a>; rel=preload; as=image; imagesrcset=\"/1 1x, , /2\""),
        (b"</a>; rel=preload; crossorigin", b"</a>; rel=preload; crossorigin"),
        (b"</a>; rel=next, nonsense <https://tracker.test>; rel=preconnect", b"</a>; rel=next"),
        (b"</a>; rel=\"unclosed, <x>", b""),
    ],
)  # fmt: skip
def test_link_hints(value: bytes, kept: bytes) -> None:
    assert link(value, judge) == kept


CSP, REPORT_ONLY = b"content-security-policy", b"content-security-policy-report-only"


@pytest.mark.parametrize("name", [CSP, REPORT_ONLY])
def test_the_shops_policy_stays_and_no_third_party_hears_of_it(name: bytes) -> None:
    headers = [(name, b"img-src *; report-uri https://tracker.test/r; report-to theirs"),
               (b"reporting-endpoints", b'theirs="https://tracker.test/r"')]  # fmt: skip
    assert REFUSED.any(headers) == [(name, b"img-src *")]
    kept = [(name, b"img-src *; report-to mine"), (b"reporting-endpoints", b'mine="/r"')]
    assert REFUSED.any(kept) == kept


def test_a_policy_that_only_reported_to_a_third_party_is_gone() -> None:
    assert REFUSED.any([(CSP, b"report-uri //tracker.test"), (b"x", b"y")]) == [(b"x", b"y")]


def test_the_banner_gets_through_the_policies_of_pages() -> None:
    policy = HeaderPolicy(judge, own="shop.test/_choices/")
    headers = [(CSP, b"script-src cdn.test"), (CSP, b"img-src *"), (b"x", b"script-src cdn.test")]
    assert policy.page(headers)[:3] == [(CSP, b"script-src cdn.test shop.test/_choices/"), *headers[1:]]
    assert policy.any(headers) == headers


@pytest.mark.parametrize(
    ("headers", "addresses", "others"),
    [
        pytest.param([(b"link", b"<https://tracker.test/>; rel=preconnect, </a>; rel=next")], 1, 0, id="link"),
        pytest.param([(b"link", b"</a.css>; rel=preload; as=style, garbage")], 0, 1, id="a link nobody can read"),
        pytest.param([(b"refresh", b"0; url=https://tracker.test/")], 1, 0, id="refresh"),
        pytest.param([(b"report-to", report_to("https://tracker.test/")), (b"nel", b"{}")], 1, 1, id="nel"),
        pytest.param([(b"report-to", b"{")], 0, 1, id="report-to nobody can read"),
        pytest.param([(b"reporting-endpoints", b'd="https://tracker.test/"')], 1, 0, id="reporting endpoints"),
        pytest.param([(b"speculation-rules", b'"https://tracker.test/r.json"')], 1, 0, id="speculation rules"),
        pytest.param([(b"content-security-policy", b"img-src *; report-uri https://tracker.test/")], 1, 0, id="csp"),
        pytest.param([(b"content-security-policy", b"img-src *; report-to nobody")], 0, 1, id="csp's group"),
        pytest.param([(b"observe-browsing-topics", b"?1")], 0, 1, id="topics"),
        pytest.param([(b"attribution-reporting-register-source", b"{}")], 0, 1, id="attribution"),
        pytest.param([(b"referrer-policy", b"unsafe-url")], 0, 1, id="a laxer referrer policy"),
        pytest.param([(b"referrer-policy", b"no-referrer")], 0, 0, id="a stricter one stays"),
        pytest.param([(b"permissions-policy", AD_FEATURES[0].encode() + b"=*")], 0, 1, id="an ad feature allowed"),
        pytest.param([(b"permissions-policy", AD_FEATURES[0].encode() + b"=()")], 0, 0, id="one off already"),
        pytest.param([(b"permissions-policy", b"camera=(self")], 0, 1, id="permissions nobody can read"),
        pytest.param([(b"x-powered-by", b"shop"), (b"age", b"3")], 0, 0, id="what is no side door"),
    ],
)
def test_every_header_that_goes_or_is_cut_is_told_of_once(headers: RawHeaders, addresses: int, others: int) -> None:
    refused: list[str] = []
    lost: list[bool] = []

    def noted(url: str, kind: str) -> bool:
        allowed = judge(url, kind)
        if not allowed:
            refused.append(url)
        return allowed

    HeaderPolicy(noted, lambda: lost.append(True)).page(headers)
    assert (len(refused), len(lost)) == (addresses, others)
