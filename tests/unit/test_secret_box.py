"""Sealing of credentials: what opens, what doesn't, and where the key comes from."""

from __future__ import annotations

import multiprocessing
import os
import stat

import pytest
from cryptography.fernet import Fernet

from order_channel_mapping.tools.secret_box import ENVIRONMENT, KEY_FILE, KeyUnusable, SecretBox, SecretsLost, open_box

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRETS = {"access_token": "shpat_0123456789", "client_secret": "süß"}


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def test_sealed_text_hides_and_opens():
    sealed = SecretBox([OLD]).seal(SECRETS)
    assert "shpat" not in sealed
    assert SecretBox([OLD]).open(sealed) == SECRETS


def test_another_key_is_lost_not_a_crash():
    sealed = SecretBox([OLD]).seal(SECRETS)
    with pytest.raises(SecretsLost):
        SecretBox([OTHER]).open(sealed)


@pytest.mark.parametrize("damaged", ["", "not sealed", "gAAAAA==", "ü"])
def test_damaged_text_is_lost_not_a_crash(damaged):
    with pytest.raises(SecretsLost):
        SecretBox([OLD]).open(damaged)


def test_a_new_first_key_seals_and_the_old_one_still_opens():
    sealed = SecretBox([OLD]).seal(SECRETS)
    both = SecretBox([NEW, OLD])
    assert both.open(sealed) == SECRETS
    resealed = both.resealed(sealed)
    assert SecretBox([NEW]).open(resealed) == SECRETS
    assert both.resealed(resealed) is None
    with pytest.raises(SecretsLost):
        SecretBox([OTHER]).resealed(sealed)


@pytest.mark.parametrize(
    "key",
    ["", "hunter2-hunter2", "ü" * 44, "A" * 43, OLD[:-4]],
    ids=["empty", "words", "not ASCII", "unpadded", "cut off"],
)
def test_what_is_not_a_key_is_said_without_showing_it(key):
    with pytest.raises(KeyUnusable) as raised:
        SecretBox([key])
    assert ENVIRONMENT in str(raised.value)
    assert not key or key not in str(raised.value)


def test_the_box_shows_no_key():
    assert OLD not in repr(SecretBox([OLD])) + str(vars(SecretBox([OLD])))


def test_the_environment_comes_before_the_configuration_and_that_before_the_file(tmp_path, monkeypatch):
    configuration = tmp_path / "odoo.conf"
    configuration.write_text(f"[options]\nworkers = 2\n\n[order_channel_mapping]\nsecret_key = {NEW}, {OLD}\n")
    file_box = open_box(None, str(tmp_path), create=True)
    sealed = {key: SecretBox([key]).seal(SECRETS) for key in (OLD, NEW, OTHER)}

    configured = open_box(str(configuration), str(tmp_path))
    assert configured.open(sealed[OLD]) == configured.open(sealed[NEW]) == SECRETS
    assert SecretBox([NEW]).open(configured.seal(SECRETS)) == SECRETS

    monkeypatch.setenv(ENVIRONMENT, OTHER)
    first = open_box(str(configuration), str(tmp_path))
    assert SecretBox([OTHER]).open(first.seal(SECRETS)) == SECRETS
    # what the other places' keys sealed is not lost
    for text in (sealed[OLD], sealed[NEW], file_box.seal(SECRETS)):
        assert first.open(text) == SECRETS
        assert SecretBox([OTHER]).open(first.resealed(text)) == SECRETS


def test_a_key_that_is_set_later_makes_no_key_file(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, NEW)
    with pytest.raises(SecretsLost):
        open_box(None, str(tmp_path), create=True).open(SecretBox([OLD]).seal(SECRETS))
    assert not list(tmp_path.iterdir())


def test_a_mistyped_key_seals_nothing_and_loses_nothing(tmp_path, monkeypatch):
    sealed = open_box(None, str(tmp_path), create=True).seal(SECRETS)
    for text, number in (("not a key", "1 of 1"), (f"{NEW},{OLD[:-3]}", "2 of 2")):
        monkeypatch.setenv(ENVIRONMENT, text)
        assert open_box(None, str(tmp_path)).open(sealed) == SECRETS
        with pytest.raises(KeyUnusable, match=f"{number} in {ENVIRONMENT}") as raised:
            open_box(None, str(tmp_path), create=True)
        assert not any(key in str(raised.value) for key in ("not a key", NEW, OLD[:-3]))
    assert open_box(None, str(tmp_path)).open(SecretBox([NEW]).seal(SECRETS)) == SECRETS


def test_a_broken_key_file_is_no_matter_where_a_key_is_set(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, NEW)
    path = tmp_path / KEY_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe")
    box = open_box(None, str(tmp_path), create=True)
    assert box.open(box.seal(SECRETS)) == SECRETS
    with pytest.raises(SecretsLost):
        box.open(SecretBox([OLD]).seal(SECRETS))


def test_reading_makes_no_key(tmp_path):
    with pytest.raises(KeyUnusable):
        open_box(None, str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_key_file_is_private_and_made_once(tmp_path):
    sealed = open_box(None, str(tmp_path), create=True).seal(SECRETS)
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert open_box(None, str(tmp_path), create=True).open(sealed) == SECRETS
    assert os.listdir(path.parent) == [path.name]
    assert "filestore" not in path.parts


def _seal_in(folder, results):
    results.put(open_box(None, folder, create=True).seal(SECRETS))


def test_workers_that_make_the_key_at_once_agree_on_it(tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_seal_in, args=(str(tmp_path), results)) for _ in range(8)]
    for worker in workers:
        worker.start()
    sealed = [results.get(timeout=20) for _ in workers]
    for worker in workers:
        worker.join()
    box = open_box(None, str(tmp_path))
    assert [box.open(text) for text in sealed] == [SECRETS] * len(workers)


def test_a_key_file_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / KEY_FILE.parent).write_text("in the way")
    with pytest.raises(KeyUnusable, match=ENVIRONMENT):
        open_box(None, str(tmp_path), create=True)
    path = tmp_path / "other" / KEY_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(KeyUnusable, match="not text"):
        open_box(None, str(tmp_path / "other"))


@pytest.mark.parametrize("text", ["[options\n", "[order_channel_mapping]\nother = 1\n", "\xff"])
def test_a_configuration_without_a_key_is_passed_over(tmp_path, text):
    configuration = tmp_path / "odoo.conf"
    configuration.write_text(text, "latin-1")
    box = open_box(str(configuration), str(tmp_path), create=True)
    assert box.open(box.seal(SECRETS)) == SECRETS
