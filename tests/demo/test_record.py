from gateway.demo.record import RECENT, Record, Sight
from gateway.demo.trackers import TRACKERS


def test_a_record_counts_everything_and_remembers_the_last_few() -> None:
    record = Record()
    for number in range(RECENT + 3):
        record.hit(TRACKERS[0], f"GET /{number}", [f"uid={number}", f"uid={number}"])
    row = record.report()["trackers"][0]
    assert row["requests"] == RECENT + 3
    assert row["recent"][0] == f"GET /{RECENT + 2}"
    assert len(row["recent"]) == len(row["ids"]) == RECENT


def test_the_shops_last_request_comes_first() -> None:
    record = Record()
    record.seen(Sight("GET /a", ("sessionid", "_ga"), "necessary=1"))
    record.seen(Sight("GET /b", (), ""))
    assert record.report()["shop"] == [
        {"path": "GET /b", "cookies": "", "consent": "—"},
        {"path": "GET /a", "cookies": "sessionid _ga", "consent": "necessary=1"},
    ]
