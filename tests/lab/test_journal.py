import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

from tojimari.lab import journal
from tojimari.lab.journal import Entry


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    entry = Entry("tojimari-lab-1", "town", 1.5)
    journal.write(path, entry)
    assert journal.read(path) == entry
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_read_where_nothing_is(tmp_path: Path) -> None:
    journal.erase(tmp_path / "journal.json")
    assert journal.read(tmp_path / "journal.json") is None


def _hold(folder: Path, inside: Event, leave: Event) -> None:
    with journal.alone(folder):
        inside.set()
        leave.wait()


def test_a_killed_holder_lets_the_next_one_in(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    inside, leave = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(tmp_path, inside, leave))
    holder.start()
    assert inside.wait(20)
    holder.kill()
    with journal.alone(tmp_path):
        pass
    holder.join()
    assert holder.exitcode == -9
