"""What the shop sells: two categories, three products with pictures, and a country to ship to."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model
from PIL import Image

GOODS = (
    ("Tea > Oolong", "Alishan Oolong", "680", (86, 112, 74)),
    ("Tea > Black", "Ruby Black", "520", (138, 51, 36)),
    ("Ware", "Side-handled Teapot", "2400", (92, 70, 58)),
)


def stock() -> None:
    """Fill the empty database."""
    country = get_model("address", "Country")
    country.objects.create(
        iso_3166_1_a2="TW",
        iso_3166_1_a3="TWN",
        iso_3166_1_numeric="158",
        printable_name="Taiwan",
        name="Taiwan",
        is_shipping_country=True,
    )
    kind = get_model("catalogue", "ProductClass").objects.create(name="Goods", track_stock=True)
    partner = get_model("partner", "Partner").objects.create(name="Sanmu")
    for number, (category, title, price, colour) in enumerate(GOODS):
        product = get_model("catalogue", "Product").objects.create(
            product_class=kind, title=title, upc=f"S-{number}", description=f"<p>{title}, picked by hand.</p>"
        )
        product.categories.add(create_from_breadcrumbs(category))
        product.images.create(original=ContentFile(picture(colour), name=f"{number}.jpg"))
        product.stockrecords.create(partner=partner, partner_sku=f"S-{number}", price=price, num_in_stock=50)


def picture(colour: tuple[int, int, int]) -> bytes:
    """A plain JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (240, 240), colour).save(file, "JPEG")
    return file.getvalue()
