from gateway.demo.tags import Tags


def test_the_snippets_name_the_port_of_their_sink_and_the_event_of_the_page() -> None:
    parts = Tags(9001).parts("view_item")
    assert "gtag('event', 'view_item');" in parts["tags_head"]
    assert all(".trackers.localhost:9001/" in part for part in parts.values())


def test_a_cookie_the_browser_has_is_not_set_again() -> None:
    tags = Tags(9001)
    assert [line.partition("=")[0] for line in tags.cookies([], "1")] == ["_fbc", "FPID"]
    assert [line.partition("=")[0] for line in tags.cookies(["_fbc"], "1")] == ["FPID"]
