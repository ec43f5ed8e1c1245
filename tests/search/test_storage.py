"""Opening a store: what may be shown of its URL, and what is wrong with it."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from studies.storage import opened, shown, sqlite_url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ada:secret@db.example:5432/studies",
        "postgresql+psycopg://ada@db.example:5432/studies?password=secret",
        "postgresql+psycopg://ada:se%40cret@db.example:5432/studies?sslpassword=secret",
    ],
)
def test_secrets_are_not_shown(url: str) -> None:
    """Password and query are left out of what is shown of a URL."""
    assert shown(url) == "postgresql+psycopg://ada@db.example:5432/studies"


@pytest.mark.parametrize("url", ["ada:secret@studies", "", "nosql://ada:secret@x/y", "s:/x"])
def test_a_url_that_is_none_is_named_without_its_secret(url: str) -> None:
    """One line says what a URL looks like and does not repeat the one that was given."""
    with pytest.raises(UserError, match="the storage must be a URL such as") as said:
        shown(url)
    assert "secret" not in str(said.value)


def test_an_unescaped_password_is_not_taken_for_a_host() -> None:
    """What follows an @ in a password is not shown as the host."""
    with pytest.raises(UserError, match="must be percent-encoded, an @ as %40") as said:
        shown("postgresql+psycopg://ada:hush@secret@db.example/studies")
    assert "secret" not in str(said.value)


def test_what_fails_inside_is_not_taken_for_a_driver(tmp_path: Path) -> None:
    """A package that is missing while the store is open is said by its own name."""
    with pytest.raises(ImportError, match="torch"), opened(sqlite_url(tmp_path)):
        raise ImportError("torch")


def test_reading_makes_no_store(tmp_path: Path) -> None:
    """Where there is no store, reading says so and makes none."""
    with (
        pytest.raises(UserError, match=r"handtuned\.db is not there; run a study first"),
        opened(sqlite_url(tmp_path / "new"), read_only=True),
    ):
        pass
    assert not (tmp_path / "new").exists()
