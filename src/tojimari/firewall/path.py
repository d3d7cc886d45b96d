"""The way of a packet, chain by chain, for people who ask why."""

from dataclasses import dataclass, replace

from tojimari.core.exposure import Certainty
from tojimari.firewall.answer import Piece, pieces
from tojimari.firewall.reasoner import Question, Reasoner
from tojimari.firewall.worlds import Visit


@dataclass(frozen=True, slots=True)
class Way:
    """What one source's packet met.

    Attributes:
        question: The packet, with one source.
        visits: The rules that matched it, in order; where it may go two ways, both are there.
        end: What became of it.
    """

    question: Question
    visits: tuple[Visit, ...]
    end: Piece


def ways(reasoner: Reasoner, question: Question) -> list[Way]:
    """One way for each fate that the question's sources have, the widest open first.

    Args:
        reasoner: Whom to ask.
        question: A packet, with all its sources.
    """
    found = pieces(reasoner.program, reasoner.ask(question))
    order = [Certainty.YES, Certainty.MAYBE, Certainty.NO]
    return [
        way(reasoner, replace(question, sources=_one_of(piece)))
        for piece in sorted(found, key=lambda piece: order.index(piece.certainty))
    ]


def way(reasoner: Reasoner, question: Question) -> Way:
    """The way of a packet from one source.

    Args:
        reasoner: Whom to ask.
        question: A packet whose sources are one address.
    """
    walk = reasoner.ask(question, path=True)
    return Way(question, tuple(walk.visits), pieces(reasoner.program, walk)[0])


def _one_of(piece: Piece) -> list[int]:
    """An address from the middle of the first run: the ends are networks and broadcasts."""
    first, end = piece.sources[0], piece.sources[1]
    middle = first + (end - first) // 2
    return [middle, middle + 1]
