from tojimari.core.endpoint import Transport
from tojimari.lab import street
from tojimari.lab.scene import House, Scene, Segment

WEB = House("web", "", number=10)
GUEST = House("guest", "", segment=Segment.MARKET)

# From a machine that runs sshd (22), a client on 34242, and chronyd (123).
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0100007F:85C2 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0
"""
UDP6 = """\
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:007B 00000000000000000000000000000000:0000 07 00000000:0
   1: 00000000000000000000000000000000:1234 00000000000000000000000001000000:0035 01 00000000:0
"""


def test_the_router_has_number_one_in_every_segment() -> None:
    lines = street.router_lines()
    assert "addr add 192.0.2.1/24 dev br-street" in lines
    assert "addr add 2001:db8:3::1/64 dev br-outside nodad" in lines


def test_a_cable_goes_from_each_house_to_its_bridge() -> None:
    assert street.plug_lines([WEB]) == [
        "link add web type veth peer name eth0 netns web",
        "link set web master br-street up",
    ]


def test_a_house_knows_its_router() -> None:
    lines = street.house_lines(WEB)
    assert "addr add 192.0.2.10/24 dev eth0" in lines
    assert "route add default via 2001:db8:1::1" in lines


def test_a_house_that_asks_by_dhcp_is_given_no_address() -> None:
    assert street.house_lines(GUEST) == ["link set lo up", "link set eth0 up"]


def test_the_hosts_file_names_the_whole_street() -> None:
    text = street.hosts_file(Scene("x", "", (WEB, GUEST), ()))
    assert "192.0.2.10 web.lab.example web\n2001:db8:1::10 web.lab.example web\n" in text
    assert "guest" not in text


def test_listening_ports_are_told_from_others() -> None:
    assert street.listening(TCP, Transport.TCP) == {22}
    assert street.listening(UDP6, Transport.UDP) == {123}
