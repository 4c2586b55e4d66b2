"""The demo's shop: an ordinary ASGI application that knows nothing of the gateway in front of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from html import escape
from importlib import resources
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.goods import CATEGORIES, Item, goods
from gateway.demo.markup import Markup, fill, join, text
from gateway.demo.record import Record, Sight
from gateway.demo.tags import Tags
from gateway.demo.visit import Visit, Visits
from gateway.types import ASGIApp

_MEDIA = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FEATURED = ("alishan-oolong", "side-teapot", "thread-notebook", "glass-pitcher")
_EVENTS = {"product": "view_item", "cart": "view_cart", "checkout": "begin_checkout"}

Handler = Callable[["Call"], Response]


class Call:
    """One request with the visit it belongs to and the fields of its form."""

    def __init__(self, shop: Shop, request: Request, visit: Visit, form: Mapping[str, str]) -> None:
        self.shop = shop
        self.request = request
        self.visit = visit
        self.form = form

    @property
    def language(self) -> str:
        """The visitor's language."""
        return self.visit.language

    def part(self, name: str, /, **values: object) -> Markup:
        """A piece of a page in the visitor's language."""
        return fill(name, self.language, csrf=self.visit.csrf, **self.shop.tags.origins, **values)

    def page(self, name: str, title: str, status: int = 200, /, **values: object) -> Response:
        """A whole page of the shop with head, foot and everybody's tags."""
        visit = self.visit
        frame = fill(
            "layout",
            self.language,
            language=self.language,
            other_language="en" if self.language != "en" else "zh-Hant",
            title=title,
            account=visit.member or text("sign_in", self.language),
            count=visit.count,
            content=self.part(name, **values),
            **self.shop.tags.parts(_EVENTS.get(name, "page_view")),
        )
        response = HTMLResponse(frame, status)
        response.raw_headers.extend(self.shop.tags.headers())
        return response

    def message(self, word: str, status: int) -> Response:
        """A page that says one thing."""
        heading = text(word, self.language)
        return self.page(
            "message", heading, status, heading=heading, line=text(f"{word}_line", self.language)
        )

    def cards(self, items: list[Item]) -> Markup:
        """The articles, as on a shelf."""
        return join(self.part("card", **self.labels(item)) for item in items)

    def labels(self, item: Item) -> dict[str, object]:
        """What templates say about an article."""
        return {
            "slug": item.slug,
            "name": item.name(self.language),
            "line": item.line(self.language),
            "price": money(item.price),
        }


class Shop:
    """The shop's state and its pages. `record` is told of every request for a page."""

    def __init__(self, tags: Tags, record: Record) -> None:
        self.tags = tags
        self.record = record
        self.visits = Visits()

    def app(self) -> ASGIApp:
        """The shop as an ASGI application."""
        pages: list[tuple[str, Handler]] = [
            ("/", home),
            ("/c/{category}/", category),
            ("/p/{slug}/", product),
            ("/story/", story),
            ("/stores/", stores),
            ("/cart/", cart),
            ("/account/", account),
            ("/checkout/", checkout),
            ("/pay/{number}", pay),
            ("/thanks/{number}/", thanks),
            ("/language/{language}", language),
        ]
        actions: list[tuple[str, Handler]] = [
            ("/cart/", change_cart),
            ("/account/", sign_in),
            ("/account/sign-out", sign_out),
            ("/checkout/", place_order),
            ("/pay/{number}", settle),
        ]
        return Starlette(
            routes=[
                *(Route(path, self._endpoint(handler), methods=["GET"]) for path, handler in pages),
                *(Route(path, self._endpoint(handler), methods=["POST"]) for path, handler in actions),
                *(Route(f"/{folder}/{{file}}", static) for folder in ("pictures", "files")),
                Route("/{path:path}", self._endpoint(missing)),
            ]
        )

    def _endpoint(self, handler: Handler) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            seen = request.cookies
            self.record.seen(
                Sight(
                    f"{request.method} {request.url.path}", tuple(seen), request.headers.get("x-consent", "")
                )
            )
            visit = self.visits.find(seen.get("sessionid")) or self.visits.begin()
            form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
            call = Call(self, request, visit, form)
            if request.method == "POST" and not secrets.compare_digest(
                form.get("csrf", "").encode(), visit.csrf.encode()
            ):
                response = call.message("stale", 403)
            else:
                response = handler(call)
            self._remember(response, visit, seen)
            return response

        return endpoint

    def _remember(self, response: Response, visit: Visit, seen: Mapping[str, str]) -> None:
        if seen.get("sessionid") != visit.id:
            response.set_cookie("sessionid", visit.id, httponly=True, samesite="lax")
        if seen.get("csrftoken") != visit.csrf:
            response.set_cookie("csrftoken", visit.csrf, samesite="lax")
        for line in self.tags.cookies(list(seen), str(secrets.randbelow(10**10))):
            response.headers.append("set-cookie", line)


def money(amount: int) -> str:
    """An amount of New Taiwan dollars, as it is written on a price tag."""
    return f"NT$ {amount:,}"


async def static(request: Request) -> Response:
    """A picture or a style sheet of this package."""
    name = request.path_params["file"]
    media = _MEDIA.get(name.rpartition(".")[2])
    file = resources.files("gateway.demo").joinpath(request.url.path.split("/")[1], name)
    if media is None or not file.is_file():
        return Response(status_code=404)
    return Response(file.read_bytes(), media_type=media, headers={"cache-control": "max-age=300"})


def see(path: str) -> Response:
    """Go there with GET."""
    return RedirectResponse(path, 303)


def home(call: Call) -> Response:
    """The first page."""
    doors = join(
        call.part(
            "door",
            category=name,
            picture=next(item.slug for item in goods().values() if item.category == name),
            name=text(name, call.language),
            line=text(f"{name}_line", call.language),
        )
        for name in CATEGORIES
    )
    cards = call.cards([goods()[slug] for slug in _FEATURED])
    return call.page("home", text("tagline", call.language), doors=doors, cards=cards)


def category(call: Call) -> Response:
    """One shelf."""
    chosen = call.request.path_params["category"]
    if chosen not in CATEGORIES:
        return missing(call)
    chips = join(
        call.part(
            "chip",
            category=name,
            name=text(name, call.language),
            current=Markup(' aria-current="page"' if name == chosen else ""),
        )
        for name in CATEGORIES
    )
    title = text(chosen, call.language)
    cards = call.cards([item for item in goods().values() if item.category == chosen])
    line = text(f"{chosen}_line", call.language)
    return call.page("category", title, name=title, line=line, chips=chips, cards=cards)


def product(call: Call) -> Response:
    """One article."""
    item = goods().get(call.request.path_params["slug"])
    if item is None:
        return missing(call)
    others = [other for other in goods().values() if other.category == item.category and other != item]
    return call.page(
        "product",
        item.name(call.language),
        **call.labels(item),
        about=item.about(call.language),
        category=item.category,
        category_name=text(item.category, call.language),
        cards=call.cards(others[:4]),
    )


def story(call: Call) -> Response:
    """About the shop, with a film."""
    return call.page("story", text("story", call.language))


def stores(call: Call) -> Response:
    """Where the shop is, with a map."""
    return call.page("stores", text("stores", call.language))


def cart(call: Call) -> Response:
    """What is in the cart."""
    title = text("cart", call.language)
    if not call.visit.cart:
        return call.page("message", title, heading=title, line=text("empty", call.language))
    lines = join(
        call.part("cart_line", number=number, **call.labels(item)) for item, number in call.visit.lines()
    )
    return call.page("cart", title, lines=lines, total=money(call.visit.total))


def change_cart(call: Call) -> Response:
    """Add, set or take out an article."""
    slug, action = call.form.get("slug", ""), call.form.get("action", "")
    given = call.form.get("number", "1")
    number = int(given) if given.isdecimal() and len(given) < 4 else 1
    if slug in goods():
        held = call.visit.cart.get(slug, 0)
        call.visit.put(slug, {"add": held + number, "set": number}.get(action, 0))
    return see("/cart/")


def account(call: Call) -> Response:
    """The member's page, or the way in."""
    title = text("account", call.language)
    if not call.visit.member:
        return call.page("sign_in", title)
    orders = join(
        call.part(
            "order_line",
            number=number,
            total=money(total),
            state=text("paid" if number in call.visit.paid else "unpaid", call.language),
        )
        for number, total in call.visit.orders.items()
    )
    none = Markup(f"<li>{escape(text('no_orders', call.language))}</li>")
    return call.page("account", title, member=call.visit.member, orders=orders or none)


def sign_in(call: Call) -> Response:
    """Any address is a member; the session gets a new id."""
    call.visit.member = call.form.get("email", "").partition("@")[0][:40]
    call.shop.visits.renew(call.visit)
    return see("/account/")


def sign_out(call: Call) -> Response:
    """Leave; the cart stays."""
    call.visit.member = ""
    call.shop.visits.renew(call.visit)
    return see("/")


def checkout(call: Call) -> Response:
    """Where to send it."""
    if not call.visit.cart:
        return see("/cart/")
    return call.page("checkout", text("checkout_title", call.language), total=money(call.visit.total))


def place_order(call: Call) -> Response:
    """The cart becomes an order, to be paid."""
    return see(f"/pay/{call.visit.order()}" if call.visit.cart else "/cart/")


def pay(call: Call) -> Response:
    """The payment company's page: plain, and without any tag."""
    number = call.request.path_params["number"]
    if number not in call.visit.orders:
        return missing(call)
    title = text("payment", call.language)
    content = call.part("pay", number=number, total=money(call.visit.orders[number]))
    return HTMLResponse(
        fill("plain", call.language, language=call.language, title=title, content=content)
    )


def settle(call: Call) -> Response:
    """The payment went through; whatever was typed is forgotten."""
    number = call.request.path_params["number"]
    if number not in call.visit.orders:
        return missing(call)
    call.visit.paid.add(number)
    return see(f"/thanks/{number}/")


def thanks(call: Call) -> Response:
    """The page every advertiser wants to hear about."""
    number = call.request.path_params["number"]
    if number not in call.visit.paid:
        return missing(call)
    total = call.visit.orders[number]
    title = text("thanks", call.language)
    return call.page("thanks", title, number=number, total=money(total), value=total)


def language(call: Call) -> Response:
    """Switch the language for this session and go back."""
    call.visit.language = "en" if call.request.path_params["language"] == "en" else "zh-Hant"
    path = call.request.headers.get("referer", "").partition("://")[2].partition("/")[2]
    return see("/" + path.lstrip("/\\"))


def missing(call: Call) -> Response:
    """No such page."""
    return call.message("not_found", 404)
