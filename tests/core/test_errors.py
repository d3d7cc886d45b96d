from tojimari.core.errors import UsageError


def test_an_error_is_a_sentence_with_its_values() -> None:
    error = UsageError("{word} is no port", hint="tojimari port --search {word}", word="htp")
    assert str(error) == "htp is no port"


def test_an_error_keeps_sentence_and_hint_apart_from_their_language() -> None:
    error = UsageError("{word} is no port", hint="say {word}", word="htp")
    assert (error.message.text, error.hint.text, error.hint.values) == (
        "{word} is no port",
        "say {word}",
        {"word": "htp"},
    )


def test_braces_in_an_error_without_values_stay() -> None:
    assert str(UsageError("a { is open")) == "a { is open"


def test_what_the_user_can_mend_exits_with_2() -> None:
    assert UsageError("no").exit_code == 2
