"""How near two words are, typing mistakes forgiven."""

SURE = 0.8  # from here on a word is what was typed, or begins with it


def similarity(typed: str, word: str) -> float:
    """How well a word answers what was typed, from 0 (not at all) to 1 (the same).

    Args:
        typed: What a person typed, lower case.
        word: A word from the registry, lower case.
    """
    if typed == word:
        return 1.0
    if word.startswith(typed):
        return SURE + 0.15 * len(typed) / len(word)
    if len(typed) > 2 and typed in word:  # noqa: PLR2004 - two letters are in most words
        return 0.5 + 0.1 * len(typed) / len(word)
    return 0.0


def forgiving(typed: str, word: str) -> float:
    """As ``similarity`` for a word with typing mistakes, where nothing was found without them.

    A word that goes on after what was typed answers it too, a little worse: ``kubrenet`` is near to
    ``kubernetes``.
    """
    allowed = mistakes_allowed(typed)
    if not allowed or not may_be_near(typed, word):
        return 0.0
    mistakes, used = nearest_beginning(typed, word)
    if mistakes > allowed:
        return 0.0
    return 0.78 - 0.12 * mistakes - 0.1 * (len(word) - used) / len(word)


def mistakes_allowed(typed: str) -> int:
    """How many mistakes are still the same word: none in a short one, two in a long one."""
    if len(typed) <= 3:  # noqa: PLR2004 - "ntp" with one mistake is every word of three letters
        return 0
    return 1 if len(typed) <= 6 else 2  # noqa: PLR2004 - the longer, the surer


def may_be_near(typed: str, word: str) -> bool:
    """A quick look that rules out most words: a third of the letter pairs must be there.

    One mistake spoils two pairs at most, a pair of letters in the wrong order three.
    """
    if len(word) < len(typed) - 2:
        return False
    pairs = [typed[at : at + 2] for at in range(len(typed) - 1)]
    return sum(pair in word for pair in pairs) * 3 >= len(pairs)


def nearest_beginning(typed: str, word: str) -> tuple[int, int]:
    """Fewest mistakes between what was typed and any beginning of a word.

    A mistake is a letter too many, too few, another one, or two in the wrong order.

    Args:
        typed: What was typed.
        word: The word.

    Returns:
        The number of mistakes, and how many letters of the word that beginning has.
    """
    last = _distances(typed, word)
    best = min(last)
    # Of equally good beginnings the longest: the whole word rather than a part of it.
    return best, max(at for at, mistakes in enumerate(last) if mistakes == best)


def distance(typed: str, word: str) -> int:
    """Mistakes between two whole words (optimal string alignment)."""
    return _distances(typed, word)[-1]


def _distances(typed: str, word: str) -> list[int]:
    """Mistakes between what was typed and each beginning of a word, the empty one first."""
    before: list[int] = []
    above = list(range(len(word) + 1))
    for at, letter in enumerate(typed, 1):
        row = [at]
        for to, other in enumerate(word, 1):
            cost = min(above[to] + 1, row[to - 1] + 1, above[to - 1] + (letter != other))
            swapped = at > 1 and to > 1 and letter == word[to - 2] and typed[at - 2] == other
            row.append(min(cost, before[to - 2] + 1) if swapped else cost)
        before, above = above, row
    return above
