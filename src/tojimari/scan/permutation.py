"""An order in which every number of a range comes once, found without remembering any.

Neighbours in the order are far apart in the space, so that no host and no network is knocked at in
a burst; any place in the order can be asked for by itself, so that a checkpoint is one number, and
a share of a scan is a stretch.

A Feistel network of four rounds permutes the smallest power of two that holds the range; a result
outside of the range is put in again until one is inside, less than twice on average.

Source: Luby and Rackoff, "How to Construct Pseudorandom Permutations from Pseudorandom Functions"
(1988), for four rounds; Black and Rogaway, "Ciphers with Arbitrary Finite Domains" (2002), section
4, for walking the cycle. Nobody's secret hangs on it: the round function only mixes well.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    U64: TypeAlias = NDArray[np.uint64]

ROUNDS = 4
LARGEST = 1 << 63
TABLED = 12  # bits of the larger half up to which all that a round can do fits a processor's cache
WORTH_TABLES = 1  # places per entry of a table from which making it pays
_WORD = (1 << 64) - 1

# The constants of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
# generators", 2014): the golden ratio as the step, and Stafford's Mix13 as the finaliser.
_STEP = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@dataclass(frozen=True, slots=True)
class Permutation:
    """The numbers from 0 to a size, exclusive, each once.

    Attributes:
        size: 1 to 2^63.
        seed: The same seed gives the same order; 64 bits of it count.
    """

    size: int
    seed: int
    _keys: tuple[int, ...] = field(init=False, repr=False)
    _right: int = field(init=False, repr=False)
    _left: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the keys of the rounds.

        Raises:
            ValueError: There is no such range.
        """
        if not 1 <= self.size <= LARGEST:
            msg = f"cannot put {self.size} numbers in an order"
            raise ValueError(msg)
        bits = max(2, (self.size - 1).bit_length())
        keys = tuple(mixed(self.seed + (one + 1) * _STEP & _WORD) for one in range(ROUNDS))
        object.__setattr__(self, "_keys", keys)
        object.__setattr__(self, "_right", bits // 2)
        object.__setattr__(self, "_left", bits - bits // 2)

    def at(self, index: int) -> int:
        """The number at a place in the order.

        Raises:
            IndexError: There is no such place.
        """
        self._hold(index)
        index = self._forth(index)
        while index >= self.size:
            index = self._forth(index)
        return index

    def index(self, number: int) -> int:
        """The place of a number in the order: what ``at`` undoes.

        Raises:
            IndexError: There is no such number.
        """
        self._hold(number)
        number = self._back(number)
        while number >= self.size:
            number = self._back(number)
        return number

    def stretch(self, first: int, end: int) -> list[int]:
        """``at`` of a run of places, the quickest way that needs no numpy.

        Args:
            first: The first place.
            end: The one after the last.

        Raises:
            IndexError: There are no such places.
        """
        if not 0 <= first <= end <= self.size:
            raise IndexError(end)
        if self._left > TABLED or end - first < WORTH_TABLES << self._left:
            return [self.at(one) for one in range(first, end)]
        return self.tabled(first, end)

    def tabled(self, first: int, end: int) -> list[int]:
        """``stretch``, with what each round does to each half looked up; quick where it is long."""
        width, mask, size = self._right, (1 << self._right) - 1, self.size
        tables = [
            [mixed(half ^ key) >> 64 - kept for half in range(1 << given)]
            for key, kept, given in zip(
                self._keys,
                (self._left, self._right) * 2,
                (self._right, self._left) * 2,
                strict=True,
            )
        ]
        one, two, three, four = tables
        found: list[int] = []
        for index in range(first, end):
            number = index
            while True:
                right = number & mask
                left = number >> width ^ one[right]
                right ^= two[left]
                left ^= three[right]
                number = left << width | right ^ four[left]
                if number < size:
                    break
            found.append(number)
        return found

    def column(self, indices: "U64") -> "U64":
        """``at`` of many.

        Args:
            indices: Shape (n,), each below the size; not changed.

        Returns:
            Shape (n,), a new array.
        """
        return self._walked(indices, backwards=False)

    def indices(self, numbers: "U64") -> "U64":
        """``index`` of many; shapes as in ``column``."""
        return self._walked(numbers, backwards=True)

    def _hold(self, number: int) -> None:
        if not 0 <= number < self.size:
            raise IndexError(number)

    def _forth(self, number: int) -> int:
        left, right = number >> self._right, number & (1 << self._right) - 1
        first, second, third, fourth = self._keys
        left ^= mixed(right ^ first) >> 64 - self._left
        right ^= mixed(left ^ second) >> 64 - self._right
        left ^= mixed(right ^ third) >> 64 - self._left
        right ^= mixed(left ^ fourth) >> 64 - self._right
        return left << self._right | right

    def _back(self, number: int) -> int:
        left, right = number >> self._right, number & (1 << self._right) - 1
        first, second, third, fourth = self._keys
        right ^= mixed(left ^ fourth) >> 64 - self._right
        left ^= mixed(right ^ third) >> 64 - self._left
        right ^= mixed(left ^ second) >> 64 - self._right
        left ^= mixed(right ^ first) >> 64 - self._left
        return left << self._right | right

    def _walked(self, numbers: "U64", *, backwards: bool) -> "U64":
        import numpy as np  # noqa: PLC0415 - 60 ms, for those who have columns

        found = self._rounds(numbers, backwards=backwards)
        (outside,) = np.nonzero(found >= np.uint64(self.size))
        while len(outside):
            again = self._rounds(found[outside], backwards=backwards)
            found[outside] = again
            outside = outside[again >= np.uint64(self.size)]
        return found

    def _rounds(self, numbers: "U64", *, backwards: bool) -> "U64":
        import numpy as np  # noqa: PLC0415 - the same

        width = np.uint64(self._right)
        halves = [numbers >> width, numbers & np.uint64((1 << self._right) - 1)]
        away = (np.uint64(64 - self._left), np.uint64(64 - self._right))
        order = range(ROUNDS - 1, -1, -1) if backwards else range(ROUNDS)
        for turn in order:
            side = turn % 2
            keyed = halves[1 - side] ^ np.uint64(self._keys[turn])
            halves[side] = halves[side] ^ (mixed_column(keyed) >> away[side])
        joined: U64 = halves[0] << width | halves[1]
        return joined


def mixed(word: int) -> int:
    """64 bits, each depending on all of the given 64: SplitMix64's finaliser."""
    word = (word ^ word >> 30) * _FIRST & _WORD
    word = (word ^ word >> 27) * _SECOND & _WORD
    return word ^ word >> 31


def mixed_column(words: "U64") -> "U64":
    """``mixed`` of many; the given array is overwritten and returned."""
    import numpy as np  # noqa: PLC0415 - the same

    words ^= words >> np.uint64(30)
    words *= np.uint64(_FIRST)
    words ^= words >> np.uint64(27)
    words *= np.uint64(_SECOND)
    words ^= words >> np.uint64(31)
    return words


def shard(total: int, number: int, count: int) -> tuple[int, int]:
    """The stretch of an order that is one of several equal shares.

    Args:
        total: Length of the order.
        number: Which share, from 1.
        count: How many shares.

    Returns:
        First and end, exclusive. The shares of all numbers join without a gap.

    Raises:
        ValueError: There is no such share.
    """
    if not 1 <= number <= count:
        msg = f"there is no share {number} of {count}"
        raise ValueError(msg)
    return total * (number - 1) // count, total * number // count
