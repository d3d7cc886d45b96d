"""Nobody at home: every door is shut, and at one house nobody even answers."""

from tojimari.core.message import mark
from tojimari.lab.scene import File, House, Scene, Segment

# A machine behind a firewall that drops: silence, not "closed".
_DROP_ALL = """#!/usr/sbin/nft -f
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    }
}
"""

# The same politely: each port is refused at once.
_REJECT_SOME = """#!/usr/sbin/nft -f
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy accept;
        tcp dport 8000-8999 reject with icmpx admin-prohibited
        tcp dport 9000-9999 drop
    }
}
"""

SCENE = Scene(
    name="empty-street",
    summary=mark("Nobody serves here: closed doors, refused doors and silent ones."),
    houses=(
        House(
            name="closed",
            purpose=mark("no program listens: each door answers that it is closed"),
            number=10,
        ),
        House(
            name="silent",
            purpose=mark("a firewall drops everything: no door answers at all"),
            number=11,
            units=("nftables.service",),
            files=(File("/etc/nftables.conf", _DROP_ALL, mode=0o755),),
        ),
        House(
            name="mixed",
            purpose=mark("closed, refused by a rule (8000-8999) and silent (9000-9999) doors"),
            number=12,
            units=("nftables.service",),
            files=(File("/etc/nftables.conf", _REJECT_SOME, mode=0o755),),
        ),
        House(
            name="visitor",
            purpose=mark("nobody's server: the place to look from"),
            segment=Segment.OUTSIDE,
            number=10,
        ),
    ),
    packages=(),
    tries=(
        (
            "sudo tojimari lab run visitor nc -zv -w 1 192.0.2.10 80",
            mark("the door is closed, and says so at once"),
        ),
        (
            "sudo tojimari lab run visitor nc -zv -w 1 192.0.2.11 80",
            mark("no answer is not the same as closed"),
        ),
        (
            "sudo tojimari lab run silent tojimari look",
            mark("inside, the kernel knows that nobody listens"),
        ),
    ),
)
