"""Secrets at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments import vault

OLD, NEW = "0a" * 32, "0b" * 32


@given(st.text())
def test_what_was_sealed_opens_again(text: str) -> None:
    assert vault.decrypt([NEW], vault.encrypt([NEW], text)) == text


def test_a_sealed_value_shows_nothing_and_is_never_the_same_twice() -> None:
    first, second = (vault.encrypt([NEW], "hunter2" * 9) for _ in range(2))
    assert b"hunter2" not in first
    assert first != second


def test_the_first_key_seals_and_any_key_opens() -> None:
    before = vault.encrypt([OLD], "secret")
    after = vault.encrypt([NEW, OLD], "secret")
    assert vault.decrypt([NEW, OLD], before) == "secret"
    assert vault.decrypt([NEW], after) == "secret"
    with pytest.raises(vault.VaultError, match="does not have"):
        vault.decrypt([OLD], after)


def test_a_missing_key_is_told_apart_from_a_changed_value() -> None:
    sealed = vault.encrypt([OLD], "secret")
    with pytest.raises(vault.VaultError, match="does not have"):
        vault.decrypt([NEW], sealed)


def test_a_secret_opens_only_for_what_it_belongs_to() -> None:
    sealed = vault.encrypt([NEW], "secret", belongs_to="environment 7")
    assert vault.decrypt([NEW], sealed, belongs_to="environment 7") == "secret"
    with pytest.raises(vault.VaultError, match="was changed"):
        vault.decrypt([NEW], sealed, belongs_to="environment 8")


@pytest.mark.parametrize("place", range(len(vault.encrypt([NEW], "x"))))
def test_every_changed_byte_is_noticed(place: int) -> None:
    sealed = bytearray(vault.encrypt([NEW], "x"))
    sealed[place] ^= 1
    with pytest.raises(vault.VaultError):
        vault.decrypt([NEW], bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"plain text that was never sealed"])
def test_what_is_not_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(vault.VaultError, match="not in the vault's format"):
        vault.decrypt([NEW], sealed)


@pytest.mark.parametrize("key", ["", "short", "0a" * 31, "0a" * 33, "zz" * 32, "0a" * 32 + "\n"])
def test_a_key_that_is_no_key_is_refused_without_repeating_it(key: str) -> None:
    for act in (lambda: vault.encrypt([key], "x"), lambda: vault.fingerprint(key, "x")):
        with pytest.raises(vault.VaultError, match="64 hexadecimal digits") as refused:
            act()
        assert not key or key not in str(refused.value)


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(vault.VaultError, match="no vault key"):
        vault.encrypt([], "x")


def test_a_fingerprint_tells_secrets_apart_and_depends_on_the_key() -> None:
    prints = {vault.fingerprint(key, text) for key in (OLD, NEW) for text in ("", "a", "b")}
    assert len(prints) == 6
    assert vault.fingerprint(NEW, "a") == vault.fingerprint(NEW, "a")
    assert all(len(text) == 12 for text in prints)
