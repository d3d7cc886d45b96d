from tojimari.core.message import Message
from tojimari.policy.complaints import PATIENCE, Complaints
from tojimari.policy.positions import locate
from tojimari.policy.problem import Problem, Span

TEXT = "a = 1\n[b]\nc = [2, 3]\n"
WRONG = Message("wrong", "wrong")


def complaints() -> Complaints:
    return Complaints(locate(TEXT))


def spans(found: Complaints) -> list[Span]:
    return [problem.span for problem in found.sorted()]


def test_problems_come_in_the_order_of_the_file() -> None:
    found = complaints()
    found.value(("b", "c", 1), WRONG)
    found.key(("b", "c"), WRONG)
    found.value(("a",), WRONG)
    found.top(WRONG)

    assert spans(found) == [Span(1, 1), Span(1, 5, 1), Span(3, 1, 1), Span(3, 9, 1)]


def test_a_hint_stays_with_its_problem() -> None:
    found = complaints()
    hint = Message("try", "so")
    found.key(("a",), WRONG, hint)

    assert found.sorted() == (Problem(Span(1, 1, 1), WRONG, hint),)


def test_problems_that_were_found_elsewhere_are_taken() -> None:
    found = complaints()
    found.add([Problem(Span(2, 1, 3), WRONG)])

    assert spans(found) == [Span(2, 1, 3)]


def test_the_place_of_a_table_is_its_heading() -> None:
    assert complaints().place(("b",)) == Span(2, 1, 3)


def test_a_word_like_another_is_found() -> None:
    assert complaints().alike("Form", ["from", "why"]) == "from"
    assert complaints().alike("zzz", ["from", "why"]) is None


def test_where_everything_is_wrong_no_words_are_compared_any_more() -> None:
    found = complaints()
    for _ in range(PATIENCE + 1):
        found.top(WRONG)

    assert found.alike("form", ["from"]) is None
