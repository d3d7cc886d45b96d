"""Classic filters (BPF, linux/filter.h): their jumps only lead to the two ends."""

from collections.abc import Sequence

Step = tuple[int, int, int, int]
NO, YES, ON = "no", "yes", ""
# SKF_AD_OFF with SKF_AD_PROTOCOL and SKF_AD_VLAN_TAG_PRESENT: what the kernel knows of a frame.
PROTOCOL, TAGGED = 0xFFFFF000, 0xFFFFF030

LOAD, LOAD_HALF, LOAD_BYTE, LOAD_LENGTH = 0x20, 0x28, 0x30, 0x80
LOAD_HALF_BEYOND, LOAD_BYTE_BEYOND, LOAD_HEADER, TO_X = 0x48, 0x50, 0xB1, 0x07
AND, ADD_X, SUBTRACT, SHIFT_RIGHT = 0x54, 0x0C, 0x14, 0x74
IF_EQUAL, IF_ANY, IF_LEAST, IF_LEAST_X = 0x15, 0x45, 0x35, 0x3D
_RETURN = 0x06

# A frame with a tag is of another network than the probes were sent to (IEEE 802.1Q); the kernel
# has taken the tag off before anybody sees the frame.
UNTAGGED = [(LOAD, ON, ON, TAGGED), (IF_EQUAL, ON, NO, 0)]


def sieve(made: Sequence[tuple[int, str, str, int]], seen: int) -> list[Step]:
    """Lay out the steps.

    Args:
        made: Operation, where to go if true and if false, value.
        seen: Bytes of a frame that are handed on at ``YES``; at ``NO``, and where a step reads
            beyond the frame, it is not.
    """
    ends = {NO: len(made), YES: len(made) + 1}
    found: list[Step] = []
    for at, (operation, true, false, value) in enumerate(made):
        over = [ends[one] - at - 1 if one else 0 for one in (true, false)]
        found.append((operation, over[0], over[1], value))
    return [*found, (_RETURN, 0, 0, 0), (_RETURN, 0, 0, seen)]
