"""Files are written whole or not at all."""

import errno
import hashlib
import json
from pathlib import Path

import pytest

from pipeline.errors import UserError, exit_on_user_error
from pipeline.files import replacing, sha256, write_json, write_text


def test_new_content_takes_the_old_ones_place(tmp_path: Path) -> None:
    """On success the file holds the new content, its folder is made, nothing else is left."""
    path = tmp_path / "a/b/file.txt"
    write_text(path, "old\n")
    write_text(path, "new é\n")
    assert path.read_bytes() == "new é\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_failure_inside_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A writer that fails half-way leaves the old content and no temporary file."""
    path = tmp_path / "file.txt"
    path.write_text("old")

    def half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("ha")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_failure_before_anything_is_written_is_the_callers(tmp_path: Path) -> None:
    """The writer's own error comes through, not one about the file that was never there."""

    def nothing() -> None:
        with replacing(tmp_path / "file.txt"):
            raise KeyError("missing")

    with pytest.raises(KeyError, match="missing"):
        nothing()
    assert list(tmp_path.iterdir()) == []


def test_content_is_not_in_place_before_it_is_whole(tmp_path: Path) -> None:
    """While it is being written, a reader still finds the old file."""
    path = tmp_path / "file.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent  # the same disk, so that it can be moved at once
    assert path.read_text() == "new"


def test_json_keeps_the_order_of_keys_and_ends_its_last_line(tmp_path: Path) -> None:
    """Keys stand in the order given, characters as they are; what was written is read back."""
    path, value = tmp_path / "file.json", {"b": 1, "a": ["é", 0.1]}
    write_json(path, value)
    text = path.read_text(encoding="utf-8")
    assert text.startswith('{\n  "b": 1,\n  "a": [\n    "é",')
    assert text.endswith("}\n")
    assert json.loads(text) == value


def test_digest_is_of_all_bytes(tmp_path: Path) -> None:
    """The digest of a file larger than a read's buffer is that of its bytes."""
    path, content = tmp_path / "file", bytes(range(256)) * 2000
    path.write_bytes(content)
    assert sha256(path) == hashlib.sha256(content).hexdigest()


def of(number: int) -> OSError:
    """An error of the system about a file named out.csv."""
    return OSError(number, "reason", "out.csv")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("rule, value; remedy"), "error: rule, value; remedy"),
        *(
            (
                of(number),
                "error: cannot write or read out.csv: reason; "
                "check that the folder exists and belongs to you",
            )
            for number in (errno.EACCES, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
        ),
        (of(errno.ENOSPC), "error: out.csv: reason; make room there, then run it again"),
        (of(errno.EROFS), "error: out.csv: reason; make room there, then run it again"),
        (
            OSError(errno.ENOSPC, "reason"),
            "error: output: reason; make room there, then run it again",
        ),
    ],
    ids=["user", "forbidden", "no folder", "a folder", "exists", "full", "read-only", "nameless"],
)
def test_what_a_user_can_mend_ends_in_one_line(error: Exception, line: str) -> None:
    """Mistakes and the system's refusals leave a command with one line, not a traceback."""

    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as left:
        exit_on_user_error(command)
    assert left.value.code == line  # Python prints it on stderr and exits with 1


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError(errno.EIO, "broken disk")])
def test_what_a_user_cannot_mend_is_raised(error: Exception) -> None:
    """A bug and a broken disk keep their traceback."""

    def command() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        exit_on_user_error(command)
    assert caught.value is error
