"""The target of an iptables rule.

Source: iptables-extensions(8), section TARGET EXTENSIONS.
"""

from tojimari.firewall.intervals import IPV4, parse_address, parse_network
from tojimari.firewall.ruleset import (
    Expression,
    Field,
    NoTrack,
    SetMark,
    Table,
    Translate,
    Translation,
    Verdict,
    VerdictKind,
)

SEVERAL = "several"
ALL = 0xFFFFFFFF  # every bit of a mark

_VERDICTS = {
    "ACCEPT": VerdictKind.ACCEPT,
    "DROP": VerdictKind.DROP,
    "REJECT": VerdictKind.REJECT,
    "RETURN": VerdictKind.RETURN,
    "QUEUE": VerdictKind.QUEUE,
    "NFQUEUE": VerdictKind.QUEUE,
    # What answers in the service's place, or not at all: the service is not reached.
    "TARPIT": VerdictKind.DROP,
    "DELUDE": VerdictKind.DROP,
    "CHAOS": VerdictKind.DROP,
    "STEAL": VerdictKind.DROP,
    "MIRROR": VerdictKind.DROP,
    "TPROXY": VerdictKind.STOLEN,
    "SYNPROXY": VerdictKind.STOLEN,
}
_WITHOUT_EFFECT = {
    "LOG", "ULOG", "NFLOG", "AUDIT", "TRACE", "TCPMSS", "TCPOPTSTRIP", "CLASSIFY", "TOS", "DSCP",
    "TTL", "HL", "ECN", "CHECKSUM", "CONNSECMARK", "SECMARK", "NFACCT", "RATEEST", "IDLETIMER",
    "LED", "TEE", "CLUSTERIP", "ACCOUNT", "LOGMARK", "SYSRQ", "IPMARK", "DNETMAP", "FLOWOFFLOAD",
    "IMQ", "NETFLOW", "IPV4OPTSSTRIP", "PROTO",
}  # fmt: skip
_STANDARD = {"ACCEPT", "DROP", "RETURN", "QUEUE"}
_CALLS = {"-g": VerdictKind.GOTO, "--goto": VerdictKind.GOTO}
_ANYWHERE = (0, (1 << 128) - 1)


def statements(words: list[str], chain: str, family: int, table: Table) -> list[Expression]:  # noqa: C901, PLR0911 - one branch a kind
    """What a target does.

    Args:
        words: The target's option, its name, and its own options.
        chain: The chain that the rule is in.
        family: 4 or 6.
        table: The rule's table; sets that the target fills are marked in it.
    """
    option, name, *rest = [*words, ""]
    options = _options(rest)
    if name in table.chains and name not in _STANDARD:
        # A chain of the table is preferred to an extension of the same name (iptables.c).
        return [Verdict(_CALLS.get(option, VerdictKind.JUMP), name)]
    if name in _VERDICTS:
        return [Verdict(_VERDICTS[name])]
    if name in _WITHOUT_EFFECT:
        return []
    if name == "SET":
        for key in ("--add-set", "--del-set", "--map-set"):
            filled = table.sets.get(options.get(key, "").split(" ")[0])
            if filled is not None:
                filled.filled = True
        return []
    if name in {"MARK", "CONNMARK"}:
        return _mark(name, options)
    if name == "HMARK":
        return [SetMark(Field.MARK, Field.UNKNOWN, 0, 0)]
    if name == "NOTRACK" or (name == "CT" and "--notrack" in options):
        return [NoTrack()]
    if name == "CT":
        return []
    if name in {"DNAT", "REDIRECT", "NETMAP", "SNAT", "MASQUERADE", "SAME", "BALANCE"}:
        return [_translate(name, options, chain, family)]
    if not name:
        return []
    return [Verdict(_CALLS.get(option, VerdictKind.JUMP), name)]


def _options(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    key = ""
    for word in words:
        if word.startswith("--"):
            key = word
            # An option twice: one of several destinations (before Linux 2.6.11).
            found[key] = SEVERAL if found.get(key) else ""
        elif key:
            found[key] = f"{found[key]} {word}".strip()
    return found


def _mark(name: str, options: dict[str, str]) -> list[Expression]:
    own = Field.MARK if name == "MARK" else Field.CT_MARK
    try:
        for key, text in options.items():
            if key in {"--set-mark", "--set-xmark", "--or-mark", "--and-mark", "--xor-mark"}:
                return [_constant_mark(own, key, text)]
        mask = int(options["--mask"], 0) if "--mask" in options else ALL
        of_packet = int(options["--nfmask"], 0) if "--nfmask" in options else mask
        of_conversation = int(options["--ctmask"], 0) if "--ctmask" in options else mask
    except ValueError:
        return [SetMark(own, Field.UNKNOWN, 0, 0)]
    if "--save-mark" in options:
        return [SetMark(Field.CT_MARK, Field.MARK, of_packet, 0, ALL & ~of_conversation)]
    if "--restore-mark" in options:
        return [SetMark(Field.MARK, Field.CT_MARK, of_conversation, 0, ALL & ~of_packet)]
    return [SetMark(own, Field.UNKNOWN, 0, 0)]


def _constant_mark(own: Field, key: str, text: str) -> SetMark:
    value_text, slash, mask_text = text.partition("/")
    value = int(value_text, 0)
    mask = int(mask_text, 0) if slash else ALL
    if key == "--or-mark":
        return SetMark(own, own, ALL & ~value, value)
    if key == "--and-mark":
        return SetMark(own, own, value, 0)
    if key == "--xor-mark":
        return SetMark(own, own, ALL, value)
    kept = ALL & ~mask
    if key == "--set-mark":
        # Zero the mask's bits, then OR the value in.
        return SetMark(own, own, kept & ~value, value)
    return SetMark(own, own, kept, value)


def _translate(name: str, options: dict[str, str], chain: str, family: int) -> Expression:
    if name in {"SNAT", "MASQUERADE", "SAME"}:
        return Translate(Translation.SOURCE, family)
    if name == "REDIRECT":
        ports = options.get("--to-ports", options.get("--to-port", ""))
        return Translate(Translation.REDIRECT, family, port=_ports(ports))
    if name == "NETMAP":
        if chain == "POSTROUTING":
            return Translate(Translation.SOURCE, family)
        network = _network(options.get("--to", ""), family)
        return Translate(Translation.DESTINATION, family, address=network, prefix=True)
    target = options.get("--to-destination", options.get("--to", ""))
    address, port = _destination(target, family)
    return Translate(Translation.DESTINATION, family, address, port)


def _network(text: str, family: int) -> tuple[int, int]:
    try:
        return parse_network(text, family)
    except ValueError:
        return _ANYWHERE


def _destination(text: str, family: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """``192.0.2.1-192.0.2.9:80-90``, ``[2001:db8::1]:80``, ``:8080``."""
    if family == IPV4:
        addresses, _, ports = text.partition(":")
    elif text.startswith("["):
        addresses, _, ports = text[1:].partition("]:")
        addresses = addresses.rstrip("]")
    else:
        addresses, ports = text, ""
    if not addresses:
        return None, _ports(ports)
    first, _, last = addresses.replace("[", "").replace("]", "").partition("-")
    try:
        span = parse_address(first, family), parse_address(last or first, family)
    except ValueError:
        span = _ANYWHERE
    return span, _ports(ports)


def _ports(text: str) -> tuple[int, int] | None:
    bare = text.partition(" ")[0].partition("/")[0]
    first, _, last = bare.partition("-")
    if not first:
        return None
    if not first.isdigit() or not (last or first).isdigit():
        return 0, 0xFFFF
    return int(first), int(last or first)
