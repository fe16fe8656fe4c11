import pytest

from sidelight.errors import CodecError, ConfigError
from sidelight.programs import (
    find_program,
    read_output,
    run_program,
    version_line,
)


def test_a_program_gets_its_input_and_gives_its_output(install):
    path = install("upper", "sys.stdout.write(sys.stdin.read().upper() + ''.join(args))")
    assert run_program([str(path), "x", "y"], b"abc") == b"ABCxy"


def test_a_failing_program_has_the_last_word(install):
    path = install("broken", "print('reading', file=sys.stderr); sys.exit('no such profile')")
    with pytest.raises(CodecError, match=r"^broken failed with status 1: no such profile$"):
        run_program([str(path)])


def test_a_program_that_says_nothing_fails_all_the_same(install):
    with pytest.raises(CodecError, match="mute failed with status 3: no message"):
        run_program([str(install("mute", "sys.exit(3)"))])


def test_a_program_that_cannot_start_is_named(tmp_path):
    with pytest.raises(CodecError, match=r"gone cannot be started: .*No such file"):
        run_program([str(tmp_path / "gone")])


def test_a_program_that_does_not_end_is_stopped(install):
    path = install("sleeper", "import time; time.sleep(60)")
    with pytest.raises(CodecError, match=r"^sleeper has not ended after 0\.1 s and was stopped$"):
        run_program([str(path)], limit_s=0.1)


def test_a_missing_program_comes_with_its_remedy():
    with pytest.raises(ConfigError, match="nowhere-to-be-found is not on the PATH: build it"):
        find_program("nowhere-to-be-found", "build it")


def test_a_program_is_found_on_the_path(install):
    path = install("here", "")
    assert find_program("here", "") == str(path)


@pytest.mark.parametrize("content", [None, b""])
def test_a_program_that_wrote_nothing_is_an_error(tmp_path, content):
    if content is not None:
        (tmp_path / "out.bin").write_bytes(content)
    with pytest.raises(CodecError, match=r"vtm ended without an error and wrote nothing to out\.b"):
        read_output(tmp_path / "out.bin", "vtm")


def test_the_version_is_found_wherever_it_is_printed(install):
    path = install("old", "print('usage'); sys.exit('Old Encoder Version 0.9')")
    assert version_line((str(path),)) == "Old Encoder Version 0.9"


def test_a_program_without_a_version_says_so(install):
    assert version_line((str(install("quiet", "print('hello')")),)) == "version unknown"
