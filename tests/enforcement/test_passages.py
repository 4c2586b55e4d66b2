from __future__ import annotations

from gateway.enforcement.edit import Count
from gateway.enforcement.embed import Embed
from gateway.enforcement.passages import SHORTEST, Known, Memory, Passage, end, joined
from gateway.model.categories import Fate

PAGE = b'<a class="b">' * 1000


def test_a_passage_ends_behind_the_first_mark_after_its_shortest_length() -> None:
    stop = end(PAGE, 0)
    assert SHORTEST < stop <= SHORTEST + 13 + 2
    assert PAGE[stop - 2 : stop] == b'">'


def test_without_the_mark_it_ends_behind_a_later_tag() -> None:
    assert end(b"<p>" + b"x" * 6000 + b"<p>" + b"y" * 6000, 0) == 6006


def test_where_the_data_end_it_ends_behind_the_last_tag() -> None:
    assert end(b"<p>" * 20 + b"and", 0) == 60


def test_what_is_too_short_has_no_end() -> None:
    assert end(b"<p>" * 3, 0) == -1
    assert end(b"x" * 20_000, 0) == -1


def test_a_passage_begun_in_an_earlier_piece_ends_where_it_would_have_ended() -> None:
    assert end(PAGE[130:], -130) == end(PAGE, 0) - 130


def test_a_text_is_kept_from_the_second_time_on() -> None:
    part = Memory().part()
    known = part.passages("body")
    more = Passage(b"first and more")
    part.remember(known, b"first", more)
    assert not known, "nothing says yet that the whole of it comes again"
    part.remember(known, b"first", more)
    assert known.find(b"first and more and more", 0, 5) == (b"first and more", more)
    assert known.find(b"first and less", 0, 5) == (b"first", None)


def test_what_is_kept_already_takes_no_more_room() -> None:
    part = Memory(10_000).part()
    known = part.passages("body")
    part.remember(known, b"before", Passage(b"before"))
    for _ in range(100):
        for more in (b"one way", b"the other way"):
            part.remember(known, b"first ", Passage(b"first and " + more))
    kept = part.passages("body")
    assert kept.find(b"first and the other way", 0, 6)[1] == Passage(b"first and the other way")
    assert kept.find(b"before", 0, 6)[1] == Passage(b"before"), "nothing had to be forgotten"


def test_passages_that_become_one_are_counted_and_told_together() -> None:
    count, more = Count("counter", "script", Fate.REMOVE), Count("adverts", "image", Fate.HOLD)
    embed = Embed("video", "Video", "Video Ltd", None)
    row = [
        Passage(b"one"),
        Passage(b"two", b"2", ((count, 1),), ("a.test",)),
        Passage(b"three", None, ((count, 2), (more, 1)), ("b.test",), (embed,)),
    ]
    assert joined(row) == Passage(
        b"onetwothree", b"one2three", ((count, 3), (more, 1)), ("a.test", "b.test"), (embed,)
    )
    assert joined(row[:1] * 2).output is None, "unchanged text is kept once"


def test_a_full_memory_keeps_what_it_has() -> None:
    part = Memory(3000).part()
    known = part.passages("body")
    for letter in (b"a", b"b"):
        part.remember(known, letter * 900, Passage(letter * 900))
    assert known.find(b"a" * 900, 0, 900)[1] == Passage(b"a" * 900)
    assert known.find(b"b" * 900, 0, 900)[1] is None


def test_when_much_has_found_no_room_all_parts_are_forgotten() -> None:
    memory = Memory(5000)
    one, other = memory.part(), memory.part()
    for part in (one, other):
        part.remember(part.passages("body"), b"a" * 900, Passage(b"a" * 900))
    for _ in range(20):
        other.remember(other.passages("body"), b"b" * 2000, Passage(b"b" * 2000))
    assert not one.passages("body")
    assert not other.passages("body").find(b"a" * 900, 0, 900)[1]


def test_a_very_long_text_is_not_kept() -> None:
    part = Memory().part()
    known = part.passages("body")
    part.remember(known, b"a" * (1 << 20), Passage(b"a" * (1 << 20)))
    assert not known


def test_what_is_known_is_found_again_after_something_new() -> None:
    known, passage = Known(), PAGE[2:] + b'<i class="new">' + PAGE
    whole = passage[: end(passage, 0)]
    known.add(whole, Passage(whole))
    data = b'<p class="today">' + passage
    assert known.next(data, 0, end(data, 0)) == 17
    assert known.next(b"<p>" * 1000, 0, 800) == 800


def test_states_without_end_do_not_fill_the_memory() -> None:
    part = Memory(10_000).part()
    for number in range(1000):
        part.passages(number)
    assert 0 < len(part._passages) < 20
