import pytest

from house import doors
from papers import Papers
from tojimari.app import where
from tojimari.core.endpoint import Transport
from tojimari.core.errors import UsageError
from tojimari.core.plan import Target
from tojimari.report import where as report
from tojimari.report.language import Language
from tojimari.report.view import View

FILES = Papers(
    {
        "/etc/ssh/sshd_config": "# the door\nPort 22\n",
        "/etc/nginx/nginx.conf": "http { server { listen 8080; } }\n",
    }
)


def found(*words: str) -> where.Answer:
    return where.answer(where.targets(words), doors(), FILES)


def test_the_line_is_found_by_the_program_that_holds_the_door() -> None:
    (line,) = found("22").lines
    assert (line.service, line.path, line.number, line.text) == (
        "sshd",
        "/etc/ssh/sshd_config",
        2,
        "Port 22",
    )
    assert line.owner is not None
    assert line.owner.unit == "ssh.service"


def test_a_door_that_is_shut_is_found_by_the_files() -> None:
    (line,) = found("8080").lines
    assert (line.service, line.owner) == ("nginx", None)


def test_a_number_without_a_transport_is_both() -> None:
    assert where.targets(["53", "22/tcp"]) == (
        Target(Transport.TCP, 53),
        Target(Transport.UDP, 53),
        Target(Transport.TCP, 22),
    )


@pytest.mark.parametrize("word", ["ssh", "1-5", "0", "22/sctp"])
def test_what_is_no_single_number_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        where.targets([word])


def test_a_person_reads_the_file_the_line_and_what_stands_there() -> None:
    view = View(Language.ENGLISH)
    assert list(report.texts(found("22", "8080").lines, view)) == [
        "22/tcp  sshd  /etc/ssh/sshd_config:2",
        "    Port 22",
        "8080/tcp  nginx  /etc/nginx/nginx.conf:1",
        "    http { server { listen 8080; } }",
        "    no program holds that door now",
    ]
    assert list(report.plain(found("22").lines)) == [
        "22/tcp\tsshd\t/etc/ssh/sshd_config\t2\tPort 22"
    ]


def test_where_nothing_is_found_it_is_said() -> None:
    answer = found("9/udp")
    assert answer.lines == ()
    assert report.nothing(answer.targets, View(Language.ENGLISH)).endswith("the door 9/udp.")


def test_the_document_has_the_line() -> None:
    (line,) = report.document(found("22").lines).lines
    assert (line.line, line.can_move, line.unit) == (2, True, "ssh.service")
