import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.core.endpoint import Transport
from tojimari.core.errors import RefusedError, UsageError
from tojimari.core.intent import Intent, PortRange
from tojimari.policy import edit
from tojimari.policy.document import read
from tojimari.policy.problem import PolicyError
from tojimari.policy.writing import Line, line

FILE = """\
# Doors of web1. Ask Hanako before you change anything.
schema = "tojimari.doors/1"

[groups]
office = ["192.0.2.0/24"] # Kyoto

# Administrators come by here.
[[door]]
why  = "Administrators log in."   # see the handbook
port = 22
from = "office"

# The shop.
# It may never be shut.
[[door]]
port = [80, 443]  # 80 only sends on to 443
from = ["internet"]
unit = "nginx.service"
why = "The shop."
# user = "www-data"

# Mail.
[[door]]
port = 25
from = ["lan"]
why = "Printers send mail."
"""
NEW = Line((PortRange(8080, 8080),), ("office",), "A trial.", until=dt.date(2027, 3, 31))


def intents(text: str) -> tuple[Intent, ...]:
    return read(text.encode()).use().intents


def meanings(text: str) -> list[Intent]:
    """The intents, whatever their lines."""
    return [replace(one, line=0) for one in intents(text)]


def at(port: int, text: str = FILE) -> Intent:
    return next(one for one in intents(text) if port in one.ports)


def test_a_new_door_comes_at_the_end() -> None:
    assert edit.add(FILE, NEW) == FILE + (
        '\n[[door]]\nport = 8080\nfrom = ["office"]\nuntil = 2027-03-31\nwhy = "A trial."\n'
    )


def test_a_file_without_a_last_line_feed_gets_one() -> None:
    assert edit.add(FILE.rstrip(), NEW) == edit.add(FILE, NEW)


def test_a_door_that_is_there_already_is_not_added() -> None:
    with pytest.raises(PolicyError) as caught:
        edit.add(FILE, replace(NEW, ports=(PortRange(25, 25),)))

    assert [one.code for one in caught.value.problems] == ["ambiguous"]


def test_a_file_with_a_mistake_is_not_edited() -> None:
    with pytest.raises(PolicyError):
        edit.add(FILE.replace("port = 25", "port = 0"), NEW)


def test_only_the_value_that_changes_is_written_anew() -> None:
    old = at(22)
    new = replace(line([old]), ports=(PortRange(2222, 2222),))

    assert edit.change(FILE, old, new) == FILE.replace("port = 22\n", "port = 2222\n")


def test_what_says_the_same_in_another_way_is_left_as_it_is() -> None:
    old = at(22)

    assert edit.change(FILE, old, line([old])) == FILE


def test_a_new_key_comes_at_the_end_of_its_door() -> None:
    old = at(25)
    new = replace(line([old]), until=dt.date(2027, 3, 31), why="Until the new printers come.")

    assert edit.change(FILE, old, new) == FILE.replace(
        'why = "Printers send mail."\n',
        'why = "Until the new printers come."\nuntil = 2027-03-31\n',
    )


def test_a_key_that_is_said_no_more_goes_with_its_line() -> None:
    old = at(443)
    shop = line([one for one in intents(FILE) if one.line == old.line])

    assert edit.change(FILE, old, replace(shop, unit=None)) == FILE.replace(
        'unit = "nginx.service"\n', ""
    )


def test_a_default_that_is_written_out_may_stay() -> None:
    text = FILE.replace("port = 25\n", 'port = 25\ntransport = "tcp"\n')
    old = at(25, text)

    assert edit.change(text, old, replace(line([old]), transports=(Transport.UDP,))) == (
        text.replace('"tcp"', '"udp"')
    )
    assert edit.change(text, old, line([old])) == text


def test_a_key_is_put_into_a_file_without_a_last_line_feed() -> None:
    old = at(25)

    changed = edit.change(FILE.rstrip(), old, replace(line([old]), optional=True))

    assert changed == FILE + "optional = true\n"


def test_a_change_that_would_not_be_a_policy_is_not_made() -> None:
    old = at(22)

    with pytest.raises(PolicyError):
        edit.change(FILE, old, replace(line([old]), ports=(PortRange(25, 25),)))


def test_a_door_goes_with_the_comment_right_above_it() -> None:
    assert edit.remove(FILE, at(22)) == FILE.replace(
        """\
# Administrators come by here.
[[door]]
why  = "Administrators log in."   # see the handbook
port = 22
from = "office"

""",
        "",
    )


def test_the_last_door_goes_with_the_blank_line_above_it() -> None:
    assert edit.remove(FILE, at(25)) == FILE[: FILE.index("\n# Mail.")]


def test_a_comment_right_under_a_door_goes_with_it() -> None:
    alone = FILE.replace("[80, 443]", "443")

    removed = edit.remove(alone, at(443, alone))

    assert "www-data" not in removed
    assert "# Mail.\n[[door]]\nport = 25" in removed


def test_a_comment_that_touches_the_next_door_stays_with_that() -> None:
    text = FILE.replace('from = "office"\n\n', 'from = "office"\n')

    assert "# The shop.\n# It may never be shut.\n[[door]]" in edit.remove(text, at(22, text))


def test_the_only_door_may_go() -> None:
    text = 'schema = "tojimari.doors/1"\n\n[[door]]\nport = 1\nfrom = "lan"\nwhy = "x"'

    assert edit.remove(text, at(1, text)) == 'schema = "tojimari.doors/1"\n'


@pytest.mark.parametrize(("port", "left"), [(80, "port = [443]  # 80"), (443, "port = [80]  # 80")])
def test_from_a_list_of_ports_one_goes(port: int, left: str) -> None:
    assert edit.remove(FILE, at(port)) == FILE.replace("port = [80, 443]  # 80", left)


def test_from_both_transports_one_goes() -> None:
    text = FILE.replace("port = 25\n", 'port = 25\ntransport = ["tcp", "udp"]\n')

    assert '\ntransport = ["udp"]\n' in edit.remove(text, at(25, text))


def test_from_several_addresses_one_goes() -> None:
    text = FILE.replace("port = 25\n", 'port = 25\naddress = ["::1", "127.0.0.1"]\n')

    assert '\naddress = ["127.0.0.1"]\n' in edit.remove(text, at(25, text))


def test_a_door_of_two_lists_is_not_taken_apart() -> None:
    text = FILE.replace("[80, 443]", '[80, 443]\ntransport = ["tcp", "udp"]')

    with pytest.raises(RefusedError, match="line 15 means 4 doors at once"):
        edit.remove(text, at(443, text))


def test_a_line_that_has_changed_meanwhile_is_not_touched() -> None:
    with pytest.raises(UsageError, match="line 7 does not say 22/tcp any more"):
        edit.remove("# new\n" + FILE, replace(at(22), line=7))


INLINE = 'schema = "tojimari.doors/1"\ndoor = [{port = 1, from = "lan", why = "x"}]\n'


def test_doors_in_one_list_are_left_to_people() -> None:
    with pytest.raises(RefusedError):
        edit.add(INLINE, NEW)
    with pytest.raises(RefusedError):
        edit.remove(INLINE, at(1, INLINE))


def test_the_manner_of_windows_is_kept() -> None:
    text = "\ufeff" + FILE.replace("\n", "\r\n")

    added = edit.add(text, NEW)

    assert added.startswith("\ufeff# Doors")
    assert "\n" not in added.replace("\r\n", "")
    assert edit.remove(added, at(8080, added)) == text


# Files as people write them: doors, comments, blank lines and keys in any order.
COMMENT = st.sampled_from(["", "# a\n", "# a\n\n", "\n# b\n# c\n", "\n"])


@st.composite
def files(draw: st.DrawFn) -> str:
    ports = draw(st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True))
    parts = ['# head\nschema = "tojimari.doors/1"\n']
    while ports:
        taken = [ports.pop() for _ in range(min(len(ports), draw(st.integers(1, 2))))]
        port = str(taken[0]) if len(taken) == 1 else f"[{', '.join(map(str, taken))}]"
        keys = draw(st.permutations([f"port = {port}", 'from = [ "lan" ]', "why = 'x' # y"]))
        parts += [draw(COMMENT), "[[door]]\n", *(f"{key}\n{draw(COMMENT)}" for key in keys)]
    text = "".join(parts) + draw(st.sampled_from(["", "# end\n", "\n\n"]))
    return text if draw(st.booleans()) else text.rstrip("\n")


@given(files(), st.data())
def test_a_door_that_is_removed_is_the_only_thing_that_changes(
    text: str, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(intents(text)))

    removed = edit.remove(text, gone)

    assert meanings(removed) == [one for one in meanings(text) if one != replace(gone, line=0)]
    # What is left stands there in its old order, character by character.
    rest = iter(text)
    assert all(char in rest for char in removed)


@given(files(), st.integers(100, 200))
def test_what_is_added_and_removed_again_leaves_no_trace(text: str, port: int) -> None:
    added = edit.add(text, replace(NEW, ports=(PortRange(port, port),), sources=("lan",)))

    assert edit.remove(added, at(port, added)).rstrip("\n") == text.rstrip("\n")


@given(files(), st.data(), st.text(min_size=1).filter(str.strip))
def test_a_reason_that_changes_is_the_only_thing_that_changes(
    text: str, data: st.DataObject, why: str
) -> None:
    old = data.draw(st.sampled_from(intents(text)))
    siblings = [one for one in intents(text) if one.line == old.line]

    changed = edit.change(text, old, replace(line(siblings), why=why))

    assert meanings(changed) == [
        replace(one, why=why, line=0) if one in siblings else replace(one, line=0)
        for one in intents(text)
    ]
    assert changed.count("\n") == text.count("\n")
