from tojimari.core.endpoint import Transport
from tojimari.lab import daemons


def test_a_daemon_may_stand_at_any_number() -> None:
    assert [daemons.sshd().port, daemons.sshd(80).port] == [22, 80]


def test_bind_answers_in_both_ways() -> None:
    assert [one.transport for one in daemons.bind(5300)] == [Transport.TCP, Transport.UDP]


def test_a_password_keeps_the_version_in() -> None:
    assert daemons.redis().tells_version
    assert not daemons.redis(password=True).tells_version
    assert daemons.mosquitto(password=True).product is None


def test_an_imitation_is_called_one() -> None:
    assert daemons.ollama(port=11434).imitation
    assert daemons.ollama(port=11434).package is None
