"""Damaged conversations, as many as there is time for: no dialogue may break, hang or grow.

    bench/fuzz_services.py [--seconds N] [--protocol NAME] [--seed N]

Each protocol gets its share of the time. A recording is changed (slices replaced, doubled, cut,
joined with another's) and played to the dialogue. Allowed is a service, None, a peer error or
"damaged"; everything else is printed with the seed and the turns that made it, and counted.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from recordings import ALL, NAMES, Recorded, replayed
from tojimari.core.errors import PeerError
from tojimari.services.octets import DamagedError
from tojimari.services.recording import SERVER, Turn

LONGEST = 0.5  # seconds for one replay; a slower one is a finding


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each protocol's family")
    parser.add_argument("--protocol", default="", help="only this file of services/protocols")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    names = [name for name in NAMES if chosen.protocol in {"", name}]
    found = 0
    total = 0
    for name in names:
        chance = random.Random(f"{chosen.seed}:{name}")  # noqa: S311 - noise that can be repeated
        until = time.monotonic() + chosen.seconds / (1 if chosen.protocol else len(names))
        while time.monotonic() < until:
            total += 1
            found += broken(chance, name)
    print(f"seed {chosen.seed}: {total} conversations of {len(names)} protocols, {found} broke")
    sys.exit(bool(found))


def broken(chance: random.Random, name: str) -> int:
    """Play one damaged recording; 1 where something happened that may not."""
    recorded = chance.choice([one for one in ALL if one.module == name])
    turns = changed(chance, recorded)
    chunk = chance.choice((None, None, 1, 7))
    began = time.monotonic()
    try:
        replayed(recorded, recorded.spoken, turns, chunk)
    except (PeerError, DamagedError):
        pass
    except Exception as error:  # noqa: BLE001 - every other error is what is looked for
        print(f"{name}: {type(error).__name__}: {error}\n  {turns!r}")
        return 1
    if time.monotonic() - began > LONGEST:
        print(f"{name}: {time.monotonic() - began:.1f} s\n  {turns!r}")
        return 1
    return 0


def changed(chance: random.Random, recorded: Recorded) -> tuple[Turn, ...]:
    """The recording with some of the server's words changed."""
    return tuple(
        Turn(SERVER, noisy(chance, turn.data)) if turn.who == SERVER else turn
        for turn in shuffled(chance, recorded.turns)
    )


def shuffled(chance: random.Random, turns: Sequence[Turn]) -> list[Turn]:
    """The turns, now and then with one left out, doubled, or taken from another recording."""
    kept = list(turns)
    match chance.randrange(8):
        case 0:
            del kept[chance.randrange(len(kept)) :]
        case 1:
            kept.insert(chance.randrange(len(kept) + 1), chance.choice(kept))
        case 2:
            kept.insert(chance.randrange(len(kept) + 1), chance.choice(chance.choice(ALL).turns))
        case _:
            pass
    return kept


def noisy(chance: random.Random, data: bytes) -> bytes:
    """Some bytes, a few slices of which are noise, zeros, all ones, or repeated."""
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((1, 2, 4, 16, 200)))
        piece = data[start:end]
        size = len(piece)
        with_what = (chance.randbytes(size), b"", bytes(size), b"\xff" * size, piece * 50)
        data = data[:start] + chance.choice(with_what) + data[end:]
    return data


if __name__ == "__main__":
    main()
