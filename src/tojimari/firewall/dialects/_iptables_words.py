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

    @abstractmethod
    def knows(self, word: str) -> bool:
        """Whether a word is an option of a condition, and of no target."""

    def read(self, words: list[str]) -> list[str]:
        """Read the conditions; returns the target with its options, wherever it stood."""
        self._words, self._at = words, 0
        target: list[str] = []
        while self._at < len(words):
            word = words[self._at]
            self._at += 1
            if word in TARGETS:
                target = [word, self.take(), *self.of_target()]
            elif word == "!":
                self.negated = True
            else:
                self.option(word)
                self.negated = False
        self.close_module()
        return target

    def of_target(self) -> list[str]:
        """The target's own options: all up to the next condition that we know."""
        taken: list[str] = []
        while self._at < len(self._words):
            word = self._words[self._at]
            if self.knows(word) or (word == "!" and self._next_is_known()):
                break
            taken.append(word)
            self._at += 1
        return taken

    def _next_is_known(self) -> bool:
        return any(self.knows(word) for word in self._words[self._at + 1 : self._at + 2])

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
        """The values of an option that nobody looks at; an old-style negation before is seen."""
        taken: list[str] = []
        following = self._words[self._at : self._at + 2]
        if following[:1] == ["!"] and not following[-1].startswith(("-", "!")):
            self.negated = True
            self._at += 1
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
