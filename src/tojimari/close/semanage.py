"""SELinux's labels of numbers on this machine, asked of semanage."""

from tojimari.close import deeds
from tojimari.close.grammar import Files
from tojimari.close.selinux import PROGRAM, Labels
from tojimari.core.errors import HostError

ENFORCE = "/sys/fs/selinux/enforce"


def labels(files: Files) -> Labels | None:
    """The labels of this machine; None where SELinux does not enforce.

    Args:
        files: Where ``/sys`` is looked for.
    """
    if (files.text(ENFORCE) or "").strip() != "1":
        return None
    words = (PROGRAM, "port", "--list", "--noheading")
    try:
        return Labels(deeds.run(words), deeds.run((*words, "--locallist")))
    except HostError:
        return Labels()
