import pytest

from tojimari.report.language import Language
from tojimari.report.since import since

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (-5, "for 0 s", "0秒前から"),
        (59.9, "for 59 s", "59秒前から"),
        (60, "for 1 min", "1分前から"),
        (3600, "for 1 h", "1時間前から"),
        (86400 * 3, "for 3 d", "3日前から"),
    ],
)
def test_the_largest_unit_says_how_long(seconds: float, english: str, japanese: str) -> None:
    told = [since(NOW - seconds, NOW, language) for language in Language]
    assert told == [english, japanese]
