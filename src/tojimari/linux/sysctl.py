"""What the kernel was told about port numbers (``/proc/sys``), each network namespace its own.

Source: Documentation/networking/ip-sysctl.rst; IPv6 goes by the same settings.
"""

from dataclasses import dataclass
from pathlib import Path

from tojimari.core.intent import PortRange

FOLDER = Path("/proc/sys/net/ipv4")


@dataclass(frozen=True, slots=True)
class PortSettings:
    """The settings of the network namespace that we are in. None is what could not be read.

    Attributes:
        ephemeral: From where the kernel takes a number for a program that did not choose one:
            the near ends of outgoing connections, mostly.
        reserved: Numbers that it leaves out there (``ip_local_reserved_ports``).
        unprivileged_start: The first number that a program may open without CAP_NET_BIND_SERVICE.
    """

    ephemeral: PortRange | None = None
    reserved: tuple[PortRange, ...] = ()
    unprivileged_start: int | None = None

    def hands_out(self, port: int) -> bool:
        """Whether the kernel may give this number to whoever asks for any."""
        if self.ephemeral is None or port not in self.ephemeral:
            return False
        return not any(port in one for one in self.reserved)

    def is_privileged(self, port: int) -> bool:
        """Whether an ordinary program is refused this number; False where nothing was read."""
        return self.unprivileged_start is not None and port < self.unprivileged_start


def port_settings(folder: Path = FOLDER) -> PortSettings:
    """What is set now.

    Args:
        folder: Where the settings are; a test has its own.
    """
    ephemeral = _ranges((_read(folder / "ip_local_port_range") or "").replace("\t", "-"))
    start = _read(folder / "ip_unprivileged_port_start")
    return PortSettings(
        ephemeral=ephemeral[0] if ephemeral else None,
        reserved=_ranges(_read(folder / "ip_local_reserved_ports") or ""),
        unprivileged_start=int(start) if start and start.isdecimal() else None,
    )


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _ranges(text: str) -> tuple[PortRange, ...]:
    """``8080,9000-9100``; what is no range is left out."""
    found: list[PortRange] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        try:
            found.append(PortRange(int(first), int(last or first)))
        except ValueError:
            continue
    return tuple(found)
