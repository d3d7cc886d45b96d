"""Which ports any rule may send elsewhere (DNAT, redirect): a quick look at the rules themselves.

Nothing that is left out here can be sent on; what is named here may be, and is to be asked.
"""

from collections.abc import Iterator

from tojimari.firewall.ruleset import (
    PORT_PROTOCOLS,
    DataMap,
    Field,
    Match,
    Rule,
    Ruleset,
    Translate,
    Translation,
)

EVERY_PORT = (0, 0xFFFF)
_MOVING = {Translation.DESTINATION, Translation.REDIRECT}


def ports(ruleset: Ruleset) -> dict[int, list[tuple[int, int]]]:
    """By protocol (IANA number), the runs of ports that rules may send elsewhere.

    Args:
        ruleset: Every rule.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for table in ruleset.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                for one in rule.expressions:
                    if isinstance(one, Translate) and one.kind in _MOVING:
                        for protocol, run in _of(rule, one):
                            found.setdefault(protocol, []).append(run)
    return found


def _of(rule: Rule, translate: Translate) -> Iterator[tuple[int, tuple[int, int]]]:
    protocols = set(PORT_PROTOCOLS)
    runs: list[tuple[int, int]] | None = None
    for match in rule.expressions:
        if not isinstance(match, Match) or len(match.operands) != 1 or match.negated:
            continue
        operand = match.operands[0]
        if operand.what is Field.PROTOCOL and match.set_name is None:
            protocols &= {
                number
                for element in match.elements
                if isinstance(element[0], tuple)
                for number in PORT_PROTOCOLS
                if element[0][0] <= number <= element[0][1]
            }
        if operand.what is Field.DESTINATION_PORT:
            protocols &= set(operand.protocols) or protocols
            if match.set_name is None and operand.mask is None:
                runs = [one[0] for one in match.elements if isinstance(one[0], tuple)]
    if runs is None:
        runs = _mapped(translate.by)
    for protocol in sorted(protocols):
        for run in runs:
            yield protocol, run


def _mapped(by: DataMap | None) -> list[tuple[int, int]]:
    """The ports that a map of the rule's own names; every port where it is another's, or none."""
    if by is None or by.map_name is not None or len(by.operands) != 1:
        return [EVERY_PORT]
    if by.operands[0].what is not Field.DESTINATION_PORT or by.operands[0].mask is not None:
        return [EVERY_PORT]
    return [element[0] for element, _ in by.entries if isinstance(element[0], tuple)]
