"""The words of an iptables rule, read one after the other.

Source: iptables(8), section PARAMETERS; iptables/xshared.c for the negation of old versions.
"""

from abc import ABC, abstractmethod

from tojimari.firewall.dialect import Sets
from tojimari.firewall.ruleset import Element, Expression, Field, Match, Operand

TARGETS = {"-j", "--jump", "-g", "--goto"}


class Words(ABC):
    """A cursor over a rule's words, and the conditions found so far."""

    def __init__(self, family: int, sets: Sets) -> None:
        """Nothing read yet."""
        self.family = family
        self.sets = sets
        self.expressions: list[Expression] = []
        self.comment = ""
        self.protocol: int | None = None
        self.negated = False
        self._words: list[str] = []
        self._at = 0

    @property
    def last(self) -> str:
        """The word that was read last."""
        return self._words[self._at - 1]

    @abstractmethod
    def option(self, word: str) -> None:
        """One option, whose values the cursor stands before."""

    @abstractmethod
    def close_module(self) -> None:
        """What the options of a module mean together; called where it ends."""

    def read(self, words: list[str]) -> list[str]:
        """Read up to the target; returns the target and all behind it."""
        self._words, self._at = words, 0
        while self._at < len(words):
            word = words[self._at]
            if word in TARGETS:
                break
            self._at += 1
            if word == "!":
                self.negated = True
                continue
            self.option(word)
            self.negated = False
        self.close_module()
        return words[self._at :]

    def take(self) -> str:
        """The option's next value; an old-style negation before it is seen."""
        if self._at < len(self._words) and self._words[self._at] == "!":
            self.negated = True
            self._at += 1
        if self._at >= len(self._words):
            return ""
        self._at += 1
        return self._words[self._at - 1]

    def skip(self) -> list[str]:
        """The values of an option that nobody looks at."""
        taken: list[str] = []
        while self._at < len(self._words):
            word = self._words[self._at]
            if word == "!" or (word.startswith("-") and len(word) > 1 and not word[1:].isdigit()):
                break
            taken.append(word)
            self._at += 1
        return taken

    def add(self, operand: Operand, *elements: Element) -> None:
        """A condition: the operand is one of the elements, or none where it is negated."""
        self.expressions.append(Match((operand,), elements, negated=self.negated))

    def doubt(self, text: str, protocols: frozenset[int] = frozenset()) -> None:
        """A condition that we do not model, for the protocols that it can concern."""
        shown = f"! {text}" if self.negated else text
        self.expressions.append(Match((Operand(Field.UNKNOWN, protocols=protocols, text=shown),)))

    def constant(self, *, holds: bool) -> None:
        """A condition whose answer is the same for every plain first packet."""
        if holds is self.negated:
            self.expressions.append(Match((Operand(Field.FAMILY),), (((0, 0),),)))
