from tojimari.core.message import Message
from tojimari.policy.problem import NOWHERE, Level, PolicyError, Problem, Span

WRONG = Problem(Span(3, 7, 2), Message("bad-network", "wrong"))


def test_the_code_of_a_problem_is_that_of_its_message() -> None:
    assert WRONG.code == "bad-network"


def test_a_problem_is_a_mistake_unless_it_is_said_otherwise() -> None:
    assert WRONG.level is Level.ERROR


def test_a_problem_of_the_whole_file_comes_first() -> None:
    assert min(WRONG.span, NOWHERE) == Span(0, 0, 0)


def test_the_error_names_the_file_and_the_first_mistake() -> None:
    error = PolicyError("x.toml", (WRONG, WRONG))

    assert str(error) == "x.toml cannot be used, mistakes: 2; the first is in line 3"
    assert error.hint.text.format_map(error.hint.values) == "tojimari policy lint x.toml"
    assert error.exit_code == 2
