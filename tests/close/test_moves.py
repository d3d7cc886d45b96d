"""Each way to close a door, planned for a machine that exists only in the test."""

import signal
from dataclasses import replace

import pytest

from house import BOX_ID, door, doors, meaning, process
from house import SSHD as SSHD_PROCESS
from papers import Papers
from scenery import HOST_NETNS
from tojimari.app import join
from tojimari.close.move import Manager, Move, Situation, Unit
from tojimari.close.selinux import Labels
from tojimari.core import catalog
from tojimari.core.door import Door
from tojimari.core.endpoint import Transport
from tojimari.core.plan import Element, Kind, Step, Target
from tojimari.core.socket import Container, InsideView, Listener, Namespace

MOVES = {one.name: one for one in catalog.entries("tojimari.close.moves", "MOVE", Move)}
HTTP = (Target(Transport.TCP, 80),)
NGINX = "/etc/nginx/nginx.conf"
FILES = Papers(
    {
        NGINX: "http { server { listen 80; listen [::]:80; } server { listen 443 ssl; } }\n",
        "/etc/ssh/sshd_config": "Port 22\n",
    }
)
WORKER = process(813, "nginx", unit="nginx.service", user="www-data")
WEB = (
    door("0.0.0.0", 80, WORKER),
    door("::", 80, WORKER, v6only=True),
    door("0.0.0.0", 443, WORKER),
    door("0.0.0.0", 22, SSHD_PROCESS),
)


class Fake:
    """A service manager that knows what it was told."""

    def __init__(self, *units: Unit, manager: Manager = Manager.SYSTEMD) -> None:
        self.units = {one.name: one for one in units}
        self.manager = manager

    def unit(self, name: str) -> Unit | None:
        return self.units.get(name)


def joined(*listeners: Listener) -> tuple[Door, ...]:
    view = InsideView("h", 0.0, (Namespace(HOST_NETNS, "host", is_host=True),), listeners, (), (),
                      "procfs")  # fmt: skip
    return join.doors(view, meaning)


SITUATION = Situation(
    targets=HTTP,
    doors=joined(*WEB),
    units=Fake(Unit("nginx.service", restart="always"), Unit("ssh.service")),
    files=FILES,
    starts={813: 5000},
    seconds=60,
)


def planned(name: str, situation: Situation = SITUATION) -> Step:
    return MOVES[name].plan(situation)


def refusal(name: str, situation: Situation) -> str:
    step = planned(name, situation)
    assert step.refused is not None
    assert step.deeds == ()
    return step.refused.code


def test_the_smallest_way_comes_first() -> None:
    sizes = sorted(MOVES.values(), key=lambda one: one.size)
    unasked = [one.name for one in sizes if not one.asked]
    assert unasked == ["unit", "config", "firewall", "process"]
    assert [one.name for one in sizes if one.asked] == ["ufw", "firewalld"]


def test_a_unit_is_stopped_and_kept_from_starting_and_both_can_be_undone() -> None:
    step = planned("unit")
    assert step.commands == (
        "systemctl stop nginx.service",
        "env SYSTEMCTL_SKIP_SYSV=1 systemctl disable --quiet nginx.service",
    )
    assert [one.reverse for one in step.deeds] == [
        ("systemctl", "start", "nginx.service"),
        ("env", "SYSTEMCTL_SKIP_SYSV=1", "systemctl", "enable", "--quiet", "nginx.service"),
    ]
    assert step.stops == (Target(Transport.TCP, 443),)
    assert [one.code for one in step.breaks] == ["also-closes"]


def test_a_socket_that_would_start_it_again_is_stopped_first() -> None:
    units = Fake(
        Unit("nginx.service", sockets=("nginx.socket",)),
        Unit("nginx.socket", services=("nginx.service",)),
    )
    step = planned("unit", replace(SITUATION, units=units))
    assert step.commands[0] == "systemctl stop nginx.socket nginx.service"
    assert step.deeds[0].reverse == ("systemctl", "start", "nginx.socket", "nginx.service")
    assert step.commands[1].endswith(" disable --quiet nginx.socket nginx.service")


def test_what_did_not_run_before_does_not_run_after_undoing() -> None:
    units = Fake(
        Unit("nginx.service", sockets=("nginx.socket",)),
        Unit("nginx.socket", active=False, state="disabled"),
    )
    step = planned("unit", replace(SITUATION, units=units))
    assert step.deeds[0].reverse == ("systemctl", "start", "nginx.service")
    assert step.commands[1].endswith("systemctl disable --quiet nginx.service")


@pytest.mark.parametrize("state", ["static", "enabled-runtime", "generated"])
def test_a_unit_that_nothing_can_switch_off_is_masked(state: str) -> None:
    units = Fake(Unit("nginx.service", state=state))
    step = planned("unit", replace(SITUATION, units=units))
    assert step.commands[1] == "systemctl mask --quiet nginx.service"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("enabled", ["stop", "disable", "mask"]),
        ("disabled", ["stop", "mask"]),
        ("masked", ["stop"]),  # and undoing leaves it masked
    ],
)
def test_a_unit_is_masked_if_that_is_asked_for(state: str, words: list[str]) -> None:
    units = Fake(Unit("nginx.service", state=state))
    step = planned("unit", replace(SITUATION, units=units, mask=True))
    assert [one.typed.partition("systemctl ")[2].split()[0] for one in step.deeds] == words


def test_units_that_stop_with_it_are_said_and_start_again() -> None:
    units = Fake(Unit("nginx.service", dependents=("shop.service",)))
    step = planned("unit", replace(SITUATION, units=units))
    assert [one.code for one in step.breaks] == ["also-closes", "dependents"]
    assert step.deeds[0].reverse[-1] == "shop.service"


@pytest.mark.parametrize(
    ("manager", "links", "commands"),
    [
        (
            Manager.OPENRC,
            ("/etc/runlevels/default/nginx",),
            ("rc-service nginx stop", "rc-update del nginx default"),
        ),
        (
            Manager.SYSV,
            ("/etc/rc2.d/S01nginx", "/etc/rc3.d/S01nginx"),
            ("service nginx stop", "update-rc.d nginx disable"),
        ),
        (Manager.SYSV, ("/etc/rc2.d/K01nginx",), ("service nginx stop",)),
    ],
)
def test_other_service_managers_are_spoken_to_in_their_words(
    manager: Manager, links: tuple[str, ...], commands: tuple[str, ...]
) -> None:
    script = {"/etc/init.d/nginx": "DAEMON=/usr/sbin/nginx\n"}
    files = Papers({**FILES.texts, **script, **dict.fromkeys(links, "")})
    # No control group tells of which service a process is.
    holder = process(813, "nginx", user="www-data")
    here = replace(
        SITUATION,
        doors=joined(door("0.0.0.0", 80, holder), door("0.0.0.0", 443, holder)),
        units=Fake(manager=manager),
        files=files,
    )
    step = planned("unit", here)
    assert step.commands == commands
    assert step.stops == (Target(Transport.TCP, 443),)
    assert planned("config", here).commands[-1] == commands[0].replace("stop", "restart")
    assert refusal("unit", replace(here, files=FILES)) == "no-script"
    assert refusal("config", replace(here, files=FILES)) == "no-unit"


def test_a_container_is_stopped_as_a_whole() -> None:
    box = process(900, "redis", container=Container("docker", BOX_ID, "shop-cache"))
    here = replace(
        SITUATION,
        targets=(Target(Transport.TCP, 6379),),
        doors=joined(door("0.0.0.0", 6379, box), door("0.0.0.0", 6380, box)),
    )
    step = planned("unit", here)
    assert step.commands == ("docker stop shop-cache",)
    assert step.stops == (Target(Transport.TCP, 6380),)


def test_a_program_of_no_unit_is_not_stopped_by_one() -> None:
    someone = process(777, "python3", unit="session-3.scope")
    here = replace(SITUATION, doors=joined(door("0.0.0.0", 80, someone)))
    assert refusal("unit", here) == "no-unit"
    assert refusal("unit", replace(here, doors=())) == "nobody"


def test_a_rebind_writes_each_line_and_restarts_and_undoing_restarts_after_the_file_is_back() -> (
    None
):
    step = planned("config")
    kinds = [(one.kind, one.command[:2], one.reverse[:2]) for one in step.deeds]
    assert kinds == [
        (Kind.RUN, (), ("systemctl", "restart")),
        (Kind.WRITE, (), ()),
        (Kind.RUN, ("nginx", "-t"), ()),
        (Kind.RUN, ("systemctl", "restart"), ()),
    ]
    assert b"listen 127.0.0.1:80; listen [::1]:80; } server { listen 443" in step.deeds[1].after
    assert step.stops == ()
    assert [one.code for one in step.breaks] == ["restarts"]


def test_a_move_writes_the_number_and_reloads() -> None:
    step = planned("config", replace(SITUATION, port=8080))
    assert step.commands == ("nginx -t -q", "systemctl reload-or-restart nginx.service")
    assert step.opens == 8080
    assert "+http { server { listen 8080; listen [::]:8080;" in step.difference


def test_only_an_address_of_its_own_family_is_written() -> None:
    here = replace(SITUATION, addresses=("192.0.2.1",))
    assert refusal("config", here) == "no-slot"


def test_what_listens_to_this_machine_alone_is_not_bound_again() -> None:
    here = replace(SITUATION, doors=joined(door("127.0.0.1", 80, WORKER)))
    assert refusal("config", here) == "loopback"


def test_a_program_whose_files_nobody_understands_is_left_to_the_other_ways() -> None:
    strange = process(5, "strange", unit="strange.service")
    here = replace(SITUATION, doors=joined(door("0.0.0.0", 80, strange)))
    assert refusal("config", here) == "not-understood"
    assert refusal("config", replace(here, doors=())) == "nobody"


def test_doors_that_share_a_line_of_addresses_are_said_to_go_with_it() -> None:
    redis = process(51, "redis-server", unit="redis-server.service")
    here = Situation(
        targets=(Target(Transport.TCP, 6379),),
        doors=joined(door("0.0.0.0", 6379, redis), door("0.0.0.0", 6380, redis)),
        units=Fake(Unit("redis-server.service")),
        files=Papers({"/etc/redis/redis.conf": "bind *\nport 6379\ntls-port 6380\n"}),
    )
    assert planned("config", here).stops == (Target(Transport.TCP, 6380),)


def test_a_socket_unit_is_restarted_with_its_service_out_of_the_way() -> None:
    systemd = process(1, "systemd", "/usr/lib/systemd/systemd", unit="ssh.socket")
    here = Situation(
        targets=(Target(Transport.TCP, 22),),
        doors=joined(door("::", 22, systemd)),
        units=Fake(Unit("ssh.socket", services=("ssh.service",)), Unit("ssh.service")),
        files=Papers({"/usr/lib/systemd/system/ssh.socket": "[Socket]\nListenStream=22\n"}),
        port=2222,
    )
    step = planned("config", here)
    assert step.commands == (
        "systemctl daemon-reload",
        "systemctl stop ssh.service",
        "systemctl restart ssh.socket",
    )
    assert step.deeds[3].path == "/etc/systemd/system/ssh.socket.d/tojimari.conf"
    assert step.deeds[3].before is None


def test_the_firewall_is_told_for_everybody_for_some_or_for_all_but_some() -> None:
    everybody = planned("firewall").deeds[0]
    assert (everybody.elements, everybody.seconds) == ((Element("closed", "tcp . 80"),), 60)
    some = planned("firewall", replace(SITUATION, sources=("192.0.2.0/24",))).deeds[0]
    assert some.elements == (Element("closed4", "tcp . 80 . 192.0.2.0/24"),)
    but = planned("firewall", replace(SITUATION, allowed=("192.0.2.0/24",))).deeds[0]
    assert but.elements == (
        Element("allowed4", "tcp . 80 . 192.0.2.0/24"),
        Element("closed", "tcp . 80"),
    )
    assert refusal("firewall", replace(SITUATION, port=8080)) == "no-move"


def test_a_process_is_named_by_its_start_and_its_unit_may_start_it_again() -> None:
    step = planned("process")
    (ending,) = [one for one in step.deeds if one.kind is Kind.SIGNAL]
    assert (ending.pid, ending.started, ending.signal) == (813, 5000, signal.SIGTERM)
    assert [one.code for one in step.breaks] == ["restarted", "also-closes"]
    assert step.deeds[0].reverse == ("systemctl", "start", "nginx.service")
    killing = planned("process", replace(SITUATION, kill=True))
    assert [one.signal for one in killing.deeds if one.pid] == [signal.SIGKILL]


def test_some_processes_are_never_ended() -> None:
    first = process(1, "systemd")
    assert refusal("process", replace(SITUATION, doors=joined(door("::", 80, first)))) == "first"
    assert refusal("process", replace(SITUATION, spared=frozenset({813}))) == "own"
    assert refusal("process", replace(SITUATION, starts={})) == "gone"
    assert refusal("process", replace(SITUATION, port=81)) == "no-move-by-ending"
    kernel = replace(SITUATION, targets=(Target(Transport.UDP, 4789),), doors=doors())
    assert refusal("process", kernel) == "kernel"


RULE = "### tuple ### {} {} 80 0.0.0.0/0 any {} in{}\n"


def behind_ufw(*rules: str, ipv6: tuple[str, ...] | None = None, **more: object) -> Situation:
    """A machine that ufw guards; its rules for IPv6 are the same where none are given."""
    other = [one.replace("0.0.0.0/0", "::/0") for one in rules] if ipv6 is None else ipv6
    files = Papers(
        {
            "/etc/ufw/ufw.conf": "ENABLED=yes\nLOGLEVEL=low\n",
            "/etc/default/ufw": "# IPv6\nIPV6=yes\n",
            "/etc/ufw/user.rules": "".join(rules),
            "/etc/ufw/user6.rules": "".join(other),
        }
    )
    return replace(SITUATION, files=files, **more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - the test names the fields


def spoken(step: Step) -> list[tuple[str, str]]:
    assert step.rules
    return [(one.typed, " ".join(one.reverse)) for one in step.deeds]


def test_where_ufw_has_no_rule_for_the_same_one_is_put_before_all_others() -> None:
    # A rule for both transports is for other packets; and so is one for a single network.
    step = planned("ufw", behind_ufw(RULE.format("allow", "any", "0.0.0.0/0", "")))
    assert spoken(step) == [("ufw prepend deny 80/tcp", "ufw delete deny 80/tcp")]
    from_some = replace(behind_ufw(), sources=("192.0.2.0/24", "2001:db8::7/128"))
    assert spoken(planned("ufw", from_some)) == [
        (
            "ufw prepend deny from 192.0.2.0/24 to any port 80 proto tcp",
            "ufw delete deny from 192.0.2.0/24 to any port 80 proto tcp",
        ),
        (
            "ufw prepend deny from 2001:db8::7 to any port 80 proto tcp",
            "ufw delete deny from 2001:db8::7 to any port 80 proto tcp",
        ),
    ]
    but = replace(behind_ufw(), allowed=("192.0.2.7/32",))
    assert [one for one, _ in spoken(planned("ufw", but))] == [
        "ufw prepend deny 80/tcp",
        "ufw prepend allow from 192.0.2.7 to any port 80 proto tcp",
    ]


@pytest.mark.parametrize(
    ("action", "comment", "reverse"),
    [
        ("allow", "", "ufw allow 80/tcp"),
        ("limit", "", "ufw limit 80/tcp"),
        ("allow_log", "", "ufw allow log 80/tcp"),
        ("allow_log-all", "", "ufw allow log-all 80/tcp"),
        ("allow", " comment=7468652073686f70", "ufw allow 80/tcp comment the shop"),
    ],
)
def test_where_ufw_has_a_rule_for_the_same_it_is_changed_in_its_place_and_back(
    action: str, comment: str, reverse: str
) -> None:
    line = RULE.format(action, "tcp", "0.0.0.0/0", comment)
    (deed,) = planned("ufw", behind_ufw(line)).deeds
    assert (deed.typed, " ".join(deed.reverse)) == ("ufw deny 80/tcp", reverse)
    assert (deed.path, deed.before) == ("/etc/ufw/user.rules", line.strip().encode())
    assert deed.after == b"### tuple ### deny tcp 80 0.0.0.0/0 any 0.0.0.0/0 in"


def test_ufw_is_left_alone_where_its_rule_would_change_nothing_or_more_than_that() -> None:
    same = RULE.format("deny", "tcp", "0.0.0.0/0", "")
    assert refusal("ufw", behind_ufw(same)) == "ufw-denies"
    allows = RULE.format("allow", "tcp", "0.0.0.0/0", "")
    assert refusal("ufw", behind_ufw(allows, ipv6=())) == "ufw-differ"
    some = RULE.format("allow", "tcp", "192.0.2.0/24", "")
    assert refusal("ufw", behind_ufw(some, allowed=("192.0.2.0/24",))) == "ufw-own"
    assert refusal("ufw", behind_ufw(port=8080)) == "no-move"
    assert refusal("ufw", SITUATION) == "no-ufw"


def test_what_is_sent_on_to_a_container_is_said_to_pass_such_rules() -> None:
    nobody = replace(behind_ufw(), doors=())
    assert [one.code for one in planned("ufw", nobody).breaks] == ["stays-closed", "passes"]
    assert [one.code for one in planned("ufw", behind_ufw()).breaks] == ["stays-closed"]
    firewalld = replace(SITUATION, zones=("public",), doors=())
    assert planned("firewalld", firewalld).breaks[-1].code == "passes"


def test_firewalld_is_told_in_every_zone_for_now_and_for_later() -> None:
    step = planned("firewalld", replace(SITUATION, zones=("public", "work")))
    rule = 'rule priority="-32767" port port="80" protocol="tcp" drop'
    assert [one.command for one in step.deeds] == [
        ("firewall-cmd", "--quiet", *kept, f"--zone={zone}", f"--add-rich-rule={rule}")
        for zone in ("public", "work")
        for kept in (("--permanent",), ())
    ]
    assert all(
        one.reverse == tuple(word.replace("--add-", "--remove-") for word in one.command)
        for one in step.deeds
    )
    assert refusal("firewalld", SITUATION) == "no-firewalld"
    assert refusal("firewalld", replace(SITUATION, zones=("public",), port=1)) == "no-move"


def test_firewalld_lets_some_in_before_it_keeps_the_others_out() -> None:
    here = replace(SITUATION, zones=("public",), allowed=("192.0.2.0/24",))
    rules = [one.command[-1].partition("=")[2] for one in planned("firewalld", here).deeds]
    assert rules[::2] == [
        (
            'rule priority="-32768" family="ipv4" source address="192.0.2.0/24"'
            ' port port="80" protocol="tcp" accept'
        ),
        'rule priority="-32767" port port="80" protocol="tcp" drop',
    ]
    some = replace(SITUATION, zones=("public",), sources=("2001:db8::/64",))
    (rule, _) = [one.command[-1].partition("=")[2] for one in planned("firewalld", some).deeds]
    assert rule == (
        'rule priority="-32767" family="ipv6" source address="2001:db8::/64"'
        ' port port="80" protocol="tcp" drop'
    )


def test_an_earlier_rule_of_ours_is_not_made_again_since_undoing_would_take_it_out() -> None:
    written = (
        '<zone>\n  <rule priority="-32767">\n    <port port="80" protocol="tcp"/>\n'
        "    <drop/>\n  </rule>\n</zone>\n"
    )
    files = Papers({"/etc/firewalld/zones/public.xml": written})
    here = replace(SITUATION, zones=("work", "public"), files=files)
    assert refusal("firewalld", here) == "firewalld-drops"
    other = replace(here, targets=(Target(Transport.TCP, 443),))
    assert planned("firewalld", other).refused is None


LABELS = Labels(
    "http_cache_port_t              tcp      8080, 8118, 8123, 10001-10010\n"
    "http_port_t                    tcp      80, 81, 443, 488, 8008, 8009, 8443, 9000\n"
)


def test_a_move_gives_the_label_before_anything_else_and_takes_it_back_last() -> None:
    step = planned("config", replace(SITUATION, port=10005, labels=LABELS))
    assert step.deeds[0].typed == "semanage port -m -t http_port_t -p tcp 10005"
    assert step.deeds[2].kind is Kind.WRITE
    assert step.commands[-1].startswith("systemctl reload-or-restart")
    said = planned("config", replace(SITUATION, port=10005, labels=Labels()))
    assert "selinux-said" in [one.code for one in said.breaks]
    closing = planned("config", replace(SITUATION, labels=LABELS))
    assert all(one.command[:1] != ("semanage",) for one in closing.deeds)


def test_a_plan_says_the_profile_with_the_rest() -> None:
    web = "http { server { listen 8080; } }\n"
    files = Papers(
        {**FILES.texts, "/etc/nginx/nginx.conf": web, "/proc/813/attr/current": "x (enforce)"}
    )
    here = replace(
        SITUATION,
        targets=(Target(Transport.TCP, 8080),),
        doors=joined(door("0.0.0.0", 8080, WORKER)),
        files=files,
        port=81,
    )
    assert "apparmor" in [one.code for one in planned("config", here).breaks]
