from tojimari.lab import fittings


def test_a_unit_of_our_own_stays_in_the_foreground() -> None:
    file = fittings.unit("svn", "/usr/bin/svnserve", user="nobody", settings=("Nice=1",))
    assert file.path == "/etc/systemd/system/svn.service"
    assert "Type=exec\nExecStart=/usr/bin/svnserve\nUser=nobody\nNice=1\n[Install]" in file.text


def test_a_drop_in_is_laid_over_the_unit_of_a_package() -> None:
    file = fittings.drop_in("chrony.service", "[Unit]", "ConditionCapability=")
    assert file.path == "/etc/systemd/system/chrony.service.d/lab.conf"
    assert file.text == "[Unit]\nConditionCapability=\n"


def test_an_imitation_runs_the_lab_s_own_code_as_nobody() -> None:
    text = fittings.imitation("printer", "mute", "--port", "9100", settings=("Nice=1",)).text
    assert "python3 -P -m tojimari.lab.imitations.mute --port 9100\nUser=nobody\n" in text
    assert "Environment=PYTHONPATH=/opt/tojimari/code\n" in text
    assert "Nice=1\n" in text
