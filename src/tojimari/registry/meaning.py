"""What a door usually means, in short: by the program that holds it, else by its number."""

from functools import lru_cache

from tojimari.core.endpoint import Endpoint, Transport
from tojimari.core.meaning import Meaning
from tojimari.registry import assignments, defacto, words
from tojimari.registry.words import Head

# They open doors on behalf of others, so their name says what speaks there only at the few numbers
# that they serve themselves (inetd's echo, say).
OPENS_FOR_OTHERS = frozenset({"inetd", "xinetd", "systemd", "init", "launchd"})


def of(endpoint: Endpoint, programs: tuple[str, ...] = ()) -> Meaning:
    """The registry's word for a door.

    Args:
        endpoint: The door.
        programs: Base names of the executables that hold it, the surest first.
    """
    return _of(endpoint.port, endpoint.transport, programs)


@lru_cache(maxsize=4096)
def _of(port: int, transport: Transport, programs: tuple[str, ...]) -> Meaning:
    by_program = _by_program(port, transport, programs)
    head = by_program or words.head_of(port, transport)
    users = defacto.of(port, transport)
    return Meaning(
        assignment=assignments.usual_name(port, transport),
        usual=users[0].name if users else None,
        service=head.name if head is not None else None,
        by_program=by_program is not None,
        kind=head.kind if head is not None else None,
        internet=head.internet if head is not None else None,
    )


def _by_program(port: int, transport: Transport, programs: tuple[str, ...]) -> Head | None:
    for program in programs:
        head = words.head_by_program(program, port, transport)
        if head is None:
            continue
        if program not in OPENS_FOR_OTHERS or any(
            door.holds(port, transport) for door in head.doors
        ):
            return head
    return None
