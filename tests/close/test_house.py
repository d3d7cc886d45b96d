"""What may go wrong while a door is closed, in real houses: nobody confirms, everything is killed,
somebody else opens it again, the operator sits behind that very door.
"""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from streets import Streets, inside
from tojimari.lab.launch import Street
from visits import PATIENCE, VISITOR, by_ssh, knocked, let_in, snapshot, tojimari, until

FILES = "192.0.2.11"

# Says back what it hears; its supervisor starts it again whatever happens to it.
ECHO = """import socketserver

class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while said := self.request.recv(99):
            self.request.sendall(said)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

Server(("", 8081), Echo).serve_forever()
"""
STUBBORN = """[Service]
ExecStart=/usr/bin/python3 /root/echo.py
Restart=always
RestartSec=0
[Install]
WantedBy=multi-user.target
"""

# A container as Docker makes one: a network of its own, reached by destination NAT alone, behind a
# firewall that lets nobody in.
BOX = r"""
set -e
ip netns add box
ip link add bridge0 type veth peer name eth0 netns box
ip addr add 172.17.0.1/16 dev bridge0; ip link set bridge0 up
ip -n box addr add 172.17.0.2/16 dev eth0; ip -n box link set eth0 up; ip -n box link set lo up
ip -n box route add default via 172.17.0.1
mkdir -p /run/proc; mount -t proc proc /run/proc; echo 1 >/run/proc/sys/net/ipv4/ip_forward
nft -f - <<'RULES'
table ip nat {
    chain PREROUTING {
        type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local tcp dport 8080 dnat to 172.17.0.2:80
    }
}
table inet ufw {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname "lo" accept
        tcp dport 8080 drop
    }
}
RULES
systemd-run --quiet --unit=box ip netns exec box python3 -m http.server 80
"""


@pytest.fixture
def town(streets: Streets) -> Street:
    return streets.up("town")


@pytest.fixture
def visitor(town: Street) -> Iterator[tuple[Street, tuple[str, ...]]]:
    """Somebody who may log in to the web house, and the words by which they do."""
    yield town, let_in(town, "web")
    inside(town, "web", "rm", "-f", "/root/.ssh/authorized_keys")


@pytest.fixture
def stubborn(town: Street) -> Iterator[Street]:
    """A service that starts again by itself, at 8081 of the files house."""
    path = "/etc/systemd/system/stubborn.service"
    start = f"cat >{path}; systemctl daemon-reload; systemctl enable --quiet --now stubborn"
    inside(town, "files", "sh", "-c", "cat >/root/echo.py", said=ECHO)
    inside(town, "files", "sh", "-c", start, said=STUBBORN)
    assert until(lambda: knocked(town, "files", 8081), "open") == "open"
    yield town
    stop = f"systemctl disable --quiet --now stubborn; rm -f {path}; systemctl daemon-reload"
    inside(town, "files", "sh", "-c", stop)


def back(street: Street, house: str, before: list[str], *units: str) -> list[str]:
    """Wait until everything is as it was; what is not, after patience has ended."""
    deadline = time.monotonic() + PATIENCE
    while (after := snapshot(street, house, units)) != before and time.monotonic() < deadline:
        pass
    return sorted(set(before) ^ set(after))


@pytest.mark.parametrize("way", ["unit", "config", "firewall"])
def test_what_nobody_confirms_undoes_itself_with_no_tojimari_alive(town: Street, way: str) -> None:
    before = snapshot(town, "files", ["vsftpd.service"])
    code, said = tojimari(town, "files", "close", "21", "--by", way, "--yes", "--for", "3s")
    assert code == 0, said
    assert knocked(town, "files", 21) != "open"
    living = inside(town, "files", "sh", "-c", "pgrep -f [t]ojimari.close || true")
    assert living == ""
    assert until(lambda: knocked(town, "files", 21), "open") == "open"
    assert back(town, "files", before, "vsftpd.service") == []
    listed = json.loads(tojimari(town, "files", "journal", "--json")[1])["changes"]
    assert listed[-1]["state"] == "undone"


@pytest.mark.parametrize("begun", [1, 2, 3, 4, 5, 6])
def test_what_is_killed_half_way_is_put_back_by_the_timer_alone(town: Street, begun: int) -> None:
    before = snapshot(town, "mail", ["dovecot.service"])
    # Killed as soon as the journal says that so many deeds were begun.
    script = f"""
tojimari close 143 --by config --yes --for 4s >/dev/null 2>&1 &
until grep -l '"begun":[{begun}-9],"state":"applying"' /var/lib/tojimari/journal/*.json 2>/dev/null
do kill -0 $! || break; done
kill -9 $!; wait $!; echo $?
"""
    ended = inside(town, "mail", "bash", "-c", script).splitlines()[-1]
    assert ended in {"137", "0"}  # it may have been faster; then nobody confirms it
    assert until(lambda: knocked(town, "mail", 143), "open") == "open"
    assert back(town, "mail", before, "dovecot.service") == []
    state = json.loads(tojimari(town, "mail", "journal", "--json")[1])["changes"][-1]["state"]
    assert state in {"undone", "applying"}
    if state == "applying":  # killed before the timer was set: then nothing else was begun
        tojimari(town, "mail", "undo")


def test_the_door_that_the_operator_came_in_by_is_not_closed(
    visitor: tuple[Street, tuple[str, ...]],
) -> None:
    allow = "allow 22 --from 10.0.0.0/8 --why x --policy /root/doors.toml"
    ways = ("", " --by unit", " --by config", " --by firewall")
    for words in (*(f"close 22{way}" for way in ways), allow):
        by_ssh(visitor, "printf 'schema = \"tojimari.doors/1\"\\n' >/root/doors.toml")
        code, said = by_ssh(visitor, f"tojimari {words} --yes")
        assert code == 2, words
        assert "would find no door" in said, said
        assert "--even-if-locked-out" in said
    assert (
        by_ssh(visitor, "tojimari journal --plain")[1].count("close 22 ") == 0
    )  # others close 22/tcp here
    assert by_ssh(visitor, "true")[0] == 0


def test_sshd_moves_under_its_operator_only_where_the_new_door_can_be_reached(
    visitor: tuple[Street, tuple[str, ...]],
) -> None:
    street, words = visitor
    shut = "table inet x { chain i { type filter hook input priority 0; tcp dport 2222 drop; }; }"
    by_ssh(visitor, f"nft '{shut}'")
    code, said = by_ssh(visitor, "tojimari move 22 2222 --yes")
    assert (code, "would find no door" in said) == (2, True), said
    by_ssh(visitor, "nft delete table inet x")
    code, said = by_ssh(visitor, "tojimari move 22 2222 --yes --for 10m")
    assert code == 0, said
    assert knocked(street, "web", 22) != "open"
    moved = (*words[:-1], "-p", "2222", words[-1])
    code, said = by_ssh((street, moved), "tojimari undo")
    assert code == 0, said
    assert until(lambda: knocked(street, "web", 22), "open") == "open"


def test_a_change_is_confirmed_from_a_new_session_and_not_from_the_old_one(
    visitor: tuple[Street, tuple[str, ...]],
) -> None:
    street, _ = visitor
    # The session is older than the change by more than the kernel's clock of processes is coarse.
    same = "sleep 2; tojimari close 80 --by firewall --yes --for 10m; tojimari confirm"
    code, said = by_ssh(visitor, same)
    assert code == 2, said
    assert "older than the change" in said
    assert by_ssh(visitor, "tojimari confirm")[0] == 0
    assert "expires" not in inside(street, "web", "nft", "list", "table", "inet", "tojimari")
    assert knocked(street, "web", 80) != "open"
    assert by_ssh(visitor, "tojimari undo")[0] == 0
    assert knocked(street, "web", 80) == "open"


def test_a_door_that_its_supervisor_opens_again_is_told_with_the_unit(stubborn: Street) -> None:
    code, said = tojimari(stubborn, "files", "close", "8081", "--by", "process", "--yes")
    assert code == 2
    assert "8081/tcp was closed, and stubborn.service opened it again" in said


def test_sessions_that_exist_go_on_or_are_ended_if_that_is_asked_for(stubborn: Street) -> None:
    talker = subprocess.Popen(
        stubborn.line(VISITOR, ["nc", FILES, "8081"]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    assert talker.stdin is not None
    assert talker.stdout is not None

    def heard() -> bytes:
        assert talker.stdin is not None
        assert talker.stdout is not None
        talker.stdin.write(b"x\n")
        return talker.stdout.readline()

    assert heard() == b"x\n"
    options = ("--by", "firewall", "--yes", "--for", "10m")
    code, said = tojimari(stubborn, "files", "close", "8081", *options)
    assert code == 0, said
    assert "sessions that go on: 1" in said
    assert heard() == b"x\n"
    assert tojimari(stubborn, "files", "undo")[0] == 0
    code, said = tojimari(stubborn, "files", "close", "8081", "--end-sessions", *options)
    assert code == 0, said
    with contextlib.suppress(BrokenPipeError):
        assert heard() == b""
    talker.stdin.close()
    talker.stdout.close()
    talker.wait(timeout=PATIENCE)
    assert tojimari(stubborn, "files", "undo")[0] == 0


def test_a_container_behind_nat_is_closed_where_rules_of_input_are_not_enough(
    town: Street,
) -> None:
    inside(town, "archive", "sh", "-c", BOX)
    try:
        assert until(lambda: knocked(town, "archive", 8080), "open") == "open"
        before = inside(town, "archive", "nft", "list", "ruleset")
        code, said = tojimari(town, "archive", "close", "8080", "--yes", "--for", "10m", "--json")
        assert code == 0, said
        assert json.loads(said)["change"]["move"] == "firewall"
        assert knocked(town, "archive", 8080) != "open"
        during = inside(town, "archive", "nft", "list", "ruleset")
        assert during.startswith(before)  # nobody else's table was touched
        assert tojimari(town, "archive", "undo")[0] == 0
        assert inside(town, "archive", "nft", "list", "ruleset") == before
        assert knocked(town, "archive", 8080) == "open"
    finally:
        end = "systemctl stop box; ip netns del box; nft flush ruleset"
        inside(town, "archive", "sh", "-c", end)


def test_a_dry_run_changes_nothing_and_shows_the_exact_commands(town: Street) -> None:
    before = snapshot(town, "mail", ["dovecot.service"])
    code, said = tojimari(town, "mail", "close", "143", "--dry-run")
    assert code == 0
    assert "$ systemctl stop dovecot.service" in said
    assert "+    address = 127.0.0.1, ::1" in said
    assert snapshot(town, "mail", ["dovecot.service"]) == before


def test_whoever_is_not_root_is_told_before_anything_is_planned(town: Street) -> None:
    words = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    done = subprocess.run(
        town.line("files", [*words, "env", "HOME=/nonexistent", "tojimari", "close", "21"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "only root may close" in done.stderr
