"""Tests of encryption at rest: keys rotate, and changed data or other keys fail."""

from __future__ import annotations

import base64

import pytest
from pydantic import SecretStr

from socialboost.errors import SettingsError
from socialboost.security.sealing import Courier, Sealer

OLD, NEW = (SecretStr(base64.urlsafe_b64encode(bytes([n]) * 32).decode()) for n in (1, 2))
TOKEN = SecretStr("12345:" + "c" * 35)
EVENT = '{"payload":{"amount":"99.99"},"note":"Ї"}'.encode()


def test_sealed_data_is_unreadable_and_can_be_opened() -> None:
    sealed = Sealer([OLD]).seal(EVENT)
    assert EVENT not in sealed
    assert b"99.99" not in base64.urlsafe_b64decode(sealed)
    assert Sealer([OLD]).unseal(sealed) == EVENT


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    sealed = Sealer([OLD]).seal(EVENT)
    both = Sealer([NEW, OLD])
    assert both.unseal(sealed) == EVENT
    renewed = both.reseal(sealed)
    assert Sealer([NEW]).unseal(renewed) == EVENT
    with pytest.raises(SettingsError, match="PAYMENT_DATA_KEY"):
        Sealer([OLD]).unseal(renewed)


def test_a_changed_record_does_not_open() -> None:
    sealed = bytearray(Sealer([OLD]).seal(EVENT))
    sealed[len(sealed) // 2] ^= 1
    with pytest.raises(SettingsError, match="PAYMENT_DATA_KEY"):
        Sealer([OLD]).unseal(bytes(sealed))


def test_sealed_data_in_a_message_opens_with_the_token() -> None:
    sealed = Courier(TOKEN).seal(EVENT)
    assert sealed.isascii()
    assert b"99.99" not in base64.urlsafe_b64decode(sealed)
    assert Courier(TOKEN).unseal(sealed) == EVENT
    assert Courier(SecretStr("12345:" + "d" * 35)).unseal(sealed) is None
    assert Courier(TOKEN).unseal("nonsense") is None


def test_unsealed_data_of_an_older_release_is_read() -> None:
    assert Courier(TOKEN).unseal(EVENT.decode()) == EVENT
