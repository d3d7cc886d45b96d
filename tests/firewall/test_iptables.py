import pytest

from firewall.worlds import ask, dump, reasoner
from tojimari.core.errors import UsageError
from tojimari.firewall.reading import from_texts
from tojimari.firewall.ruleset import ICMP, UDP

YES, NO = "certainly", "certainly-not"


@pytest.mark.parametrize(
    ("match", "port", "matches"),
    [
        ("-s 8.8.8.0/24", 22, True),
        ("-s ! 8.8.8.0/24", 22, False),
        ("! -s 8.8.8.0/255.255.255.0", 22, False),
        ("-s 1.1.1.1,8.8.8.8", 22, True),
        ("-d 192.168.0.2", 22, True),
        ("-i eth0", 22, True),
        ("-i eth+", 22, True),
        ("! -i eth0", 22, False),
        ("-i lo", 22, False),
        ("-p tcp", 22, True),
        ("-p 6", 22, True),
        ("-p ! tcp", 22, False),
        ("-p all", 22, True),
        ("-p tcp --dport ssh", 22, True),
        ("-p tcp -m tcp --dport 20:22", 22, True),
        ("-p tcp -m tcp --dport :21", 22, False),
        ("-p tcp -m tcp --dport 23:", 22, False),
        ("-p tcp ! --dport 22", 22, False),
        ("-p tcp --dport ! 22", 22, False),
        ("-p udp --dport 22", 22, False),
        ("-p tcp -m multiport --dports 21,22:23", 22, True),
        ("-p tcp -m multiport --ports 22", 22, True),
        ("-p tcp -m multiport --ports 40000", 22, True),
        ("-p tcp -m multiport ! --ports 40000", 22, False),
        ("-p tcp --sport 40000", 22, True),
        ("-p tcp --syn", 22, True),
        ("-p tcp ! --syn", 22, False),
        ("-p tcp --tcp-flags ALL SYN", 22, True),
        ("-p tcp --tcp-flags SYN,ACK ACK", 22, False),
        ("-p icmp --icmp-type 8", 22, False),
        ("-m state --state NEW", 22, True),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", 22, False),
        ("-m conntrack --ctstate NEW,DNAT", 22, True),
        ("-m conntrack --ctstate DNAT", 22, False),
        ("-m conntrack ! --ctstate DNAT", 22, True),
        ("-m conntrack --ctstatus ASSURED", 22, False),
        ("-m conntrack --ctdir ORIGINAL", 22, True),
        ("-m conntrack --ctproto tcp", 22, True),
        ("-m conntrack --ctorigdstport 22", 22, True),
        ("-m conntrack --ctorigdst 192.168.0.2", 22, True),
        ("-m conntrack --ctorigsrc 8.8.8.8", 22, True),
        ("-m mark --mark 0x1/0x1", 22, False),
        ("-m mark ! --mark 0x1", 22, True),
        ("-m connmark --mark 0", 22, True),
        ("-m iprange --src-range 8.8.8.0-8.8.8.9", 22, True),
        ("-m iprange ! --dst-range 192.168.0.1-192.168.0.9", 22, False),
        ("-m addrtype --dst-type LOCAL", 22, True),
        ("-m addrtype --dst-type LOCAL --limit-iface-in", 22, True),
        ("-m addrtype ! --dst-type BROADCAST,MULTICAST", 22, True),
        ("-m addrtype --src-type LOCAL", 22, False),
        ("-m pkttype --pkt-type broadcast", 22, False),
        ("-m rpfilter", 22, True),
        ("-m rpfilter --loose --invert", 22, False),
        ("-m policy --dir in --pol none", 22, True),
        ("-m policy --dir in --pol ipsec --reqid 1", 22, False),
        ("-m comment --comment \"it's \\\"so\\\"\"", 22, True),
        ("-m recent --set --name x --rsource", 22, True),
        ("-f", 22, False),
        ("! -f", 22, True),
        ("-m rt --rt-type 0", 22, False),
        ("-m nfacct --nfacct-name x", 22, True),
        ("-c 12 34", 22, True),
    ],
)  # fmt: skip
def test_a_match_decides(match: str, port: int, matches: bool) -> None:
    rule = f"-A INPUT {match} -j DROP"
    answer = ask(reasoner(dump(rule)), port)
    assert answer.startswith(f"{NO if matches else YES} |"), answer


@pytest.mark.parametrize(
    ("match", "doubt"),
    [
        ("-m mac --mac-source 02:00:00:00:00:01", "-m mac --mac-source 02:00:00:00:00:01"),
        ("-m string ! --string x", "! -m string --string x"),
        ("-p tcp --tcp-option 7", "--tcp-option 7"),
        ("-p tcp --dport nonsense", "--dport nonsense"),
        ("-s host.example", "-s host.example"),
        ("-s 0.0.0.1/0.0.0.255", "-s 0.0.0.1/0.0.0.255"),
        ("-m set --match-set missing src", "@missing"),
        ("-m set --set missing src", "-m set --set missing src"),
        ("-m rpfilter --accept-local", "rpfilter --accept-local"),
        ("-m socket", "-m socket"),
    ],
)
def test_what_is_not_modelled_is_said(match: str, doubt: str) -> None:
    answer = ask(reasoner(dump(f"-A INPUT {match} -j DROP")), 22)
    assert answer == f"maybe | policy of INPUT | doubt {doubt}"


def test_a_limit_is_open_for_the_patient() -> None:
    limited = reasoner(
        dump("-A INPUT -p tcp --dport 22 -m limit --limit 3/min -j ACCEPT", policy="DROP")
    )
    assert ask(limited, 22) == (
        f"{YES} | -p tcp --dport 22 -m limit --limit 3/min -j ACCEPT | limit limit 3/min"
    )


def test_a_port_that_needs_a_knock_first_is_unsure() -> None:
    knock = "-A INPUT -p tcp --dport 22 -m recent --rcheck --seconds 30 --name k -j ACCEPT"
    answer = ask(reasoner(dump(knock, policy="DROP")), 22)
    assert answer.startswith("maybe | ")
    assert answer.endswith("doubt recent --rcheck --seconds 30")


@pytest.mark.parametrize(
    ("target", "mark"),
    [
        ("--set-mark 0x5", 5),
        ("--set-mark 0x1/0x3", 1),
        ("--set-xmark 0x7/0xff", 7),
        ("--or-mark 0x6", 6),
        ("--and-mark 0x0", 0),
        ("--xor-mark 0x9", 9),
    ],
)
def test_marks_are_followed(target: str, mark: int) -> None:
    rules = dump(f"-A PREROUTING -j MARK {target}", table="mangle")
    test = dump(f"-A INPUT -m mark --mark {mark} -j DROP")
    assert ask(reasoner(rules + test), 22).startswith(NO)


def test_marks_are_saved_and_restored() -> None:
    rules = dump(
        "-A PREROUTING -j MARK --set-mark 0xff",
        "-A PREROUTING -j CONNMARK --save-mark --nfmask 0x0f --ctmask 0x0f",
        "-A PREROUTING -j MARK --set-mark 0x0",
        "-A PREROUTING -j CONNMARK --restore-mark",
        table="mangle",
    )
    assert ask(reasoner(rules + dump("-A INPUT -m mark --mark 0xf -j DROP")), 22).startswith(NO)


@pytest.mark.parametrize("target", ["HMARK --hmark-mod 2", "MARK --set-mark x", "MARK", "CONNMARK"])
def test_a_mark_that_is_not_known_is_said(target: str) -> None:
    chain = "-A PREROUTING -j"
    test = dump("-A INPUT -m mark --mark 1 -j DROP", "-A INPUT -m connmark --mark 1 -j DROP")
    answer = ask(reasoner(dump(f"{chain} {target}", table="mangle") + test), 22)
    assert answer.startswith("maybe")


@pytest.mark.parametrize(
    ("target", "end"),
    [
        ("DNAT --to-destination 192.0.2.9:80", " | to 192.0.2.9:80"),
        ("DNAT --to-destination 192.0.2.9", " | to 192.0.2.9:8080"),
        ("DNAT --to-destination :81", " | to 192.168.0.2:81"),
        ("REDIRECT --to-ports 82", " | to 192.168.0.2:82"),
        ("REDIRECT", ""),
        ("NETMAP --to 192.0.2.0/24", " | to 192.0.2.2:8080"),
    ],
)
def test_translations_are_followed(target: str, end: str) -> None:
    rules = dump(f"-A PREROUTING -p tcp --dport 8080 -j {target}", table="nat")
    assert ask(reasoner(rules + dump()), 8080).endswith(end)


@pytest.mark.parametrize(
    "target",
    ["DNAT --to-destination 192.0.2.1-192.0.2.9:80-90", "DNAT --to-destination nonsense"],
)
def test_one_of_several_destinations_is_followed_as_such(target: str) -> None:
    nat = dump(f"-A PREROUTING -p tcp --dport 8080 -j {target}", table="nat")
    filtered = dump("-A FORWARD -d 192.0.2.5 -j DROP")
    answer = ask(reasoner(nat + filtered), 8080)
    assert answer.startswith("maybe")


def test_what_is_not_tracked_is_not_translated() -> None:
    raw = dump("-A PREROUTING -p tcp --dport 8080 -j CT --notrack", table="raw")
    nat = dump("-A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80", table="nat")
    assert ask(reasoner(raw + nat), 8080) == f"{YES} | nothing"


@pytest.mark.parametrize("target", ["NFQUEUE --queue-num 0", "TPROXY --on-port 1", "UNHEARDOF"])
def test_what_somebody_else_decides_is_unsure(target: str) -> None:
    answer = ask(reasoner(dump(f"-A INPUT -p tcp --dport 22 -j {target}")), 22)
    assert answer.startswith("maybe")


@pytest.mark.parametrize("target", ["LOG", "CT --helper ftp", "SET --add-set x src", "TCPMSS", ""])
def test_targets_without_a_verdict_go_on(target: str) -> None:
    jump = f"-j {target}" if target else ""
    rules = dump(f"-A INPUT {jump}".rstrip(), "-A INPUT -j DROP")
    assert ask(reasoner(rules), 22) == f"{NO} | -j DROP"


def test_chains_of_ones_own_are_called_and_left() -> None:
    rules = dump(
        ":own - [0:0]",
        ":other - [0:0]",
        "-A own -p tcp --dport 22 -j RETURN",
        "-A own -p tcp --dport 23 -g other",
        "-A own -j DROP",
        "-A other -j LOG",
        "-A INPUT -j own",
        "-A INPUT -p tcp --dport 22 -j ACCEPT",
        policy="DROP",
    )
    firewall = reasoner(rules)
    assert ask(firewall, 22) == f"{YES} | -p tcp --dport 22 -j ACCEPT"
    assert ask(firewall, 23) == f"{NO} | policy of INPUT"
    assert ask(firewall, 24) == f"{NO} | -j DROP"


def test_scripts_may_insert_and_set_policies() -> None:
    rules = (
        "*filter\n-N own\n-P INPUT DROP\n-A INPUT -j DROP\n-I INPUT -p tcp --dport 22 -j ACCEPT\n"
    )
    firewall = reasoner(rules + "-I INPUT 1 -p tcp --dport 80 -j ACCEPT\nCOMMIT\n")
    assert ask(firewall, 22) == f"{YES} | -p tcp --dport 22 -j ACCEPT"
    assert ask(firewall, 80) == f"{YES} | -p tcp --dport 80 -j ACCEPT"
    assert ask(firewall, 81) == f"{NO} | -j DROP"


def test_counters_and_remarks_are_no_rules() -> None:
    text = "# Generated by iptables-save v1.4\n" + dump("[12:345] -A INPUT -j DROP")
    assert ask(reasoner(text), 22) == f"{NO} | -j DROP"


def test_both_families_may_stand_in_one_file() -> None:
    four = "# Generated by iptables-save v1.8\n" + dump("-A INPUT -j DROP")
    six = "# Generated by ip6tables-save v1.8\n" + dump("-A INPUT -p tcp --dport 22 -j DROP")
    firewall = reasoner(four + six)
    assert ask(firewall, 23) == f"{NO} | -j DROP"
    assert ask(firewall, 23, "2001:db8:1::1").startswith(f"{YES} |")
    assert ask(firewall, 22, "2001:db8:1::1").startswith(NO)


def test_icmp_is_asked_as_itself() -> None:
    rules = dump("-A INPUT -p icmp -m icmp --icmp-type 8 -j DROP")
    assert ask(reasoner(rules), 0, protocol=ICMP).startswith("maybe")


def test_sets_are_asked() -> None:
    sets = (
        "create bad hash:net family inet hashsize 1024 maxelem 65536\n"
        "add bad 8.8.8.0/24\nadd bad 8.8.8.8 nomatch\n"
        "create open hash:ip,port family inet\nadd open 9.9.9.9,udp:53\nadd open 9.9.9.9,22\n"
        "create both list:set size 8\nadd both bad\n"
    )
    rules = dump(
        "-A INPUT -m set --match-set both src -j DROP",
        "-A INPUT -m set --match-set open src,dst -j ACCEPT",
        "-A INPUT -m set ! --match-set bad src -j DROP",
    )
    firewall = reasoner(sets, rules)
    assert ask(firewall, 22, "8.8.8.9").startswith(f"{NO} | -m set --match-set both")
    assert ask(firewall, 22, "9.9.9.9").startswith(f"{YES} | -m set --match-set open")
    assert ask(firewall, 53, "9.9.9.9").startswith(f"{NO} | -m set ! --match-set bad")
    assert ask(firewall, 53, "9.9.9.9", protocol=UDP).startswith(f"{YES} |")
    assert ask(firewall, 22, "8.8.8.8").startswith(f"{NO} | -m set !")


@pytest.mark.parametrize(
    "text",
    [
        "*filter\nnonsense\n",
        "*filter\n-A\n",
        "*filter\n-X INPUT\n",
        '*filter\n-A INPUT -m comment --comment "open\n',
        "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n-A INPUT -j DROP\n",
    ],
)
def test_what_is_no_dump_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"^FILE:[1-4]: "):
        from_texts([text], ["FILE"])


@pytest.mark.parametrize(
    "text", ["", "hello", "{}", '{"nftables": 1}', "{", "create x\n", "create x hash:ip\nwhat\n"]
)
def test_what_is_no_ruleset_at_all_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        from_texts([text])


def test_those_who_were_not_seen_before_are_stopped_until_they_knock() -> None:
    rule = "-A INPUT -m recent ! --rcheck --seconds 30 -j DROP"
    answer = ask(reasoner(dump(rule)), 22)
    doubt = "recent ! --rcheck --seconds 30"
    assert answer == f"maybe | policy of INPUT | limit {doubt} | doubt {doubt}"


def test_what_stands_between_tables_is_no_rule() -> None:
    text = "root@host:~# iptables-save\r\n" + dump("-A INPUT -j DROP").replace("\n", "\r\n")
    assert ask(reasoner(text + "# Warning: legacy tables present\nbye\n"), 22) == f"{NO} | -j DROP"
