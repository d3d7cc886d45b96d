import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tojimari.linux import procfs
from tojimari.linux.procfs import Mount

GONE = 1 << 30  # more than any process number (PID_MAX_LIMIT of linux/threads.h)


def test_we_are_among_the_processes() -> None:
    assert os.getpid() in procfs.processes()


def test_proc_itself_is_mounted() -> None:
    assert Mount("/", "/proc", "proc") in procfs.mounts()


def test_a_process_that_has_gone_has_no_mounts() -> None:
    assert procfs.mounts(GONE) == []


MOUNTINFO = r"""
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
99 31 0:4 net:[4026532181] /run/netns/my\040house rw shared:3 - nsfs nsfs rw
98 31 0:4 / /a\134b\x rw - ext4 /dev/vda rw
not a line
"""


def test_mountinfo_is_read_with_its_escapes() -> None:
    assert list(procfs.parse_mounts(MOUNTINFO)) == [
        Mount("/", "/sys/fs/cgroup", "tmpfs"),
        Mount("net:[4026532181]", "/run/netns/my house", "nsfs"),
        Mount("/", r"/a\b\x", "ext4"),
    ]


@given(st.text())
def test_no_text_crashes_the_reader(text: str) -> None:
    assert len(list(procfs.parse_mounts(text))) <= len(text)


def test_a_namespace_is_known_by_its_inode() -> None:
    assert procfs.namespace("self", "net") == Path("/proc/self/ns/net").stat().st_ino


def test_a_process_that_has_gone_is_in_no_namespace() -> None:
    assert procfs.namespace(GONE, "net") is None


@pytest.mark.parametrize(
    ("link", "inode"),
    [("net:[4026531840]", 4026531840), ("socket:[7]", 7), ("/dev/null", None), ("net:[x]", None)],
)
def test_the_number_of_a_link(link: str, inode: int | None) -> None:
    assert procfs.inode_of(link) == inode


def test_a_process_has_a_name() -> None:
    assert procfs.name(os.getpid()) == Path("/proc/self/comm").read_text("utf-8").rstrip()
    assert procfs.name(GONE) is None


def test_we_are_no_part_of_the_kernel() -> None:
    assert not procfs.is_kernel_thread(os.getpid())
    assert not procfs.is_kernel_thread(GONE)


def test_a_thread_of_the_kernel_is_one(root: None) -> None:
    del root
    assert procfs.name(2) == "kthreadd"
    assert procfs.is_kernel_thread(2)


def test_a_process_is_visible_until_it_has_gone() -> None:
    assert procfs.is_visible(os.getpid())
    assert not procfs.is_visible(GONE)


def test_a_nested_process_namespace_is_not_the_first(root: None) -> None:
    del root
    body = "from tojimari.linux import procfs; print(procfs.is_first_process_namespace())"
    wrapper = ["unshare", "--pid", "--fork", "--mount-proc"]
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", body], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
