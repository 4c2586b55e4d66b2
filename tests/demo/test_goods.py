from gateway.demo.goods import CATEGORIES, goods
from gateway.demo.markup import read


def test_every_shelf_has_four_articles_with_a_picture_and_both_languages() -> None:
    for category in CATEGORIES:
        shelf = [item for item in goods().values() if item.category == category]
        assert len(shelf) == 4
        for item in shelf:
            assert read(f"pictures/{item.slug}.svg").startswith("<svg")
            assert item.name("en") != item.name("zh-Hant")
            assert item.line("en") != item.line("zh-Hant")
            assert item.about("en") != item.about("zh-Hant")
            assert item.price > 0
