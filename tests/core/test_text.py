from tojimari.core.text import printable


def test_plain_text_stays_as_it_is() -> None:
    assert printable("sshd: 日本語") == "sshd: 日本語"


def test_terminal_escapes_cannot_pass() -> None:
    assert printable("\x1b]0;owned\x07\x9b31m") == r"\x1b]0;owned\x07\x9b31m"


def test_text_that_runs_backwards_is_shown_as_code_points() -> None:
    assert printable("a\u202eb") == r"a\u202eb"


def test_undecodable_bytes_are_shown() -> None:
    assert printable(b"\xff".decode("utf-8", "surrogateescape")) == r"\udcff"


def test_long_text_ends_in_an_ellipsis_within_the_limit() -> None:
    assert printable("x" * 100, limit=10) == "xxxxxxx..."


def test_escapes_count_towards_the_limit() -> None:
    assert len(printable("\0" * 100, limit=10)) == 10


def test_one_line_stays_one_line() -> None:
    assert printable("a\nb\u2028c") == r"a\nb\u2028c"
