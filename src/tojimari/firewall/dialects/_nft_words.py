"""nftables' rules in nft's own words, from their JSON."""

from collections.abc import Sequence

from tojimari.firewall.dialects._nft_fields import Json, listed, members, word

_PLAIN_META = {
    "iif",
    "iifname",
    "oif",
    "oifname",
    "iifgroup",
    "oifgroup",
}  # nft(8): written without "meta"


def spelled(statements: Sequence[Json], comment: str = "") -> str:
    """A rule as ``nft list ruleset`` writes it; what we cannot spell stands as it came."""
    words = [_statement(one) for one in statements]
    if comment:
        words.append(f'comment "{comment}"')
    return " ".join(one for one in words if one)


def _statement(node: Json) -> str:  # noqa: C901, PLR0911, PLR0912 - one branch a kind
    if not isinstance(node, dict) or len(node) != 1:
        return str(node)
    kind, value = next(iter(node.items()))
    if kind == "match":
        operator = word(value, "op")
        shown = "" if operator in {"==", "in"} else f"{operator} "
        parts = members(value)
        left = parts.get("left")
        if "&" in members(left) and not shown:
            shown = "== "
        return f"{_expression(left)} {shown}{_value(parts.get('right'), left)}"
    if kind in {"jump", "goto"}:
        return f"{kind} {word(value, 'target')}"
    if kind == "vmap":
        parts = members(value)
        return f"{_expression(parts.get('key'))} vmap {_value(parts.get('data'))}"
    if kind == "mangle":
        parts = members(value)
        return f"{_expression(parts.get('key'))} set {_value(parts.get('value'))}"
    if kind in {"dnat", "snat", "redirect", "masquerade", "tproxy"}:
        return _nat(kind, value)
    if kind == "limit":
        return _limit(value)
    if kind == "ct count":
        over = "over " if members(value).get("inv") else ""
        return f"ct count {over}{members(value).get('val')}"
    if kind == "reject":
        how = word(value, "type")
        detail = members(value).get("expr")
        return "reject" + (f" with {how}{f' {detail}' if detail else ''}" if how else "")
    if kind == "log":
        prefix = word(value, "prefix")
        return f'log prefix "{prefix}"' if prefix else "log"
    if kind == "set":
        parts = members(value)
        inner = " ".join(_statement(one) for one in listed(parts.get("stmt")) if one is not None)
        content = f"{_expression(parts.get('elem'))} {inner}".strip()
        return f"{word(value, 'op')} @{word(value, 'set').lstrip('@')} {{ {content} }}"
    if kind == "counter":
        return "counter"
    if kind == "xt":
        return f"xt {word(value, 'type')} {word(value, 'name')}"
    if kind in {"ct helper", "ct timeout", "quota"} and isinstance(value, str):
        return f'{kind} "{value}"'
    if value is None:
        return kind
    return f"{kind} {_expression(value)}"


def _nat(kind: str, value: Json) -> str:
    parts = members(value)
    family = word(value, "family")
    address, port = parts.get("addr"), parts.get("port")
    words = [kind, family] if family else [kind]
    if address is not None or port is not None:
        target = _value(address) if address is not None else ""
        if ":" in target and port is not None and isinstance(address, str):
            target = f"[{target}]"
        words.append(f"to {target}{f':{_value(port)}' if port is not None else ''}")
    return " ".join(words)


def _limit(value: Json) -> str:
    if isinstance(value, str):
        return f'limit name "{value}"'
    parts = members(value)
    unit = word(value, "rate_unit")
    over = "over " if parts.get("inv") else ""
    return f"limit rate {over}{parts.get('rate')}{f' {unit}' if unit else ''}/{parts.get('per')}"


def _expression(node: Json) -> str:  # noqa: PLR0911 - one return a kind
    if not isinstance(node, dict) or len(node) != 1:
        return _value(node)
    kind, value = next(iter(node.items()))
    if kind == "payload":
        name = word(value, "protocol")
        if name:
            return f"{name} {word(value, 'field')}"
        parts = members(value)
        return f"@{parts.get('base')},{parts.get('offset')},{parts.get('len')}"
    if kind == "meta":
        key = word(value, "key")
        return key if key in _PLAIN_META else f"meta {key}"
    if kind == "ct":
        direction = word(value, "dir")
        return " ".join(one for one in ("ct", direction, word(value, "key")) if one)
    if kind == "fib":
        flags = " . ".join(str(one) for one in listed(members(value).get("flags")))
        return f"fib {flags} {word(value, 'result')}"
    if kind == "exthdr":
        return f"{word(value, 'name')} {word(value, 'field')}".strip()
    return _value(node)


def _value(node: Json, left: Json = None) -> str:  # noqa: C901, PLR0911 - one branch a kind
    if isinstance(node, bool):
        return ("exists" if node else "missing") if "fib" in members(left) else str(int(node))
    if isinstance(node, str):
        quoted = word(members(left).get("meta"), "key") in _PLAIN_META and not node.startswith("@")
        return f'"{node}"' if quoted else node
    if isinstance(node, list):
        return ",".join(_value(one, left) for one in node)
    if not isinstance(node, dict) or len(node) != 1:
        return str(node)
    kind, value = next(iter(node.items()))
    if kind == "set":
        return f"{{ {', '.join(_entry(one, left) for one in listed(value))} }}"
    if kind == "prefix":
        return f"{word(value, 'addr')}/{members(value).get('len')}"
    if kind == "range":
        return "-".join(_value(one) for one in listed(value))
    if kind == "concat":
        return " . ".join(_expression(one) for one in listed(value))
    if kind == "elem":
        return _value(members(value).get("val"), left)
    if kind in {"&", "|", "^"}:
        return f" {kind} ".join(_expression(one) for one in listed(value))
    if kind == "map":
        parts = members(value)
        return f"{_expression(parts.get('key'))} map {_value(parts.get('data'))}"
    if kind in {"payload", "meta", "ct", "fib", "exthdr"}:
        return _expression(node)
    return f"{kind} {_value(value)}"


def _entry(node: Json, left: Json) -> str:
    if isinstance(node, list) and len(node) == 2:  # noqa: PLR2004 - two ends, or two parts
        return f"{_value(node[0], left)} : {_statement(node[1]) if _is_verdict(node[1]) else _value(node[1])}"  # noqa: E501 - one ruleset, kept readable as it is
    return _value(node, left)


def _is_verdict(node: Json) -> bool:
    return bool(members(node).keys() & {"accept", "drop", "return", "continue", "jump", "goto"})
