from tojimari.core.socket import Evidence, Owner
from tojimari.sockets.candidates import MANY, Candidates
from tojimari.sockets.owners import Owners

PATHS = {7: "/system.slice/ssh.service"}
GONE = 1 << 30


def candidates(members: list[int], *refused: int) -> Candidates:
    asked: list[str] = []

    def processes(path: str) -> list[int]:
        asked.append(path)
        assert asked == [PATHS[7]]  # once
        return members

    return Candidates(Owners(PATHS), PATHS, processes, lambda pid: pid in refused)


def test_a_process_that_could_not_be_read_may_be_the_holder() -> None:
    (found,) = candidates([GONE, GONE + 1], GONE).of(7)
    assert (found.evidence, found.pid, found.unit) == (Evidence.CGROUP, GONE, "ssh.service")


def test_where_all_could_be_read_only_the_group_is_named() -> None:
    expected = (Owner(Evidence.CGROUP, unit="ssh.service", cgroup=PATHS[7]),)
    assert candidates([GONE]).of(7) == expected


def test_where_too_many_could_not_be_read_only_the_group_is_named() -> None:
    crowd = list(range(GONE, GONE + MANY + 1))
    (found,) = candidates(crowd, *crowd).of(7)
    assert found.pid is None


def test_a_group_is_asked_once() -> None:
    made = candidates([GONE], GONE)
    assert made.of(7) is made.of(7)


def test_of_an_unknown_group_nothing_is_known() -> None:
    assert candidates([]).of(8) == ()
