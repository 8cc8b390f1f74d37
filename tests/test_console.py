"""Tests of `verbs.console`."""

from __future__ import annotations

import io
import sys
import threading
import time

import pytest
from parallel_agents.core.errors import NeedsPerson, NotNow
from parallel_agents.verbs import console as module
from parallel_agents.verbs.console import Console

PATIENTLY = 30.0
"""Seconds after which a test has failed."""


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_refusal_is_the_code_the_sentence_and_the_next_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console().refuse(NotNow("busy", "It is busy.", "call claim_task.", 7))
    assert capsys.readouterr() == ("", "[busy] It is busy.\nNext: call `parallel-agents claim`.\n")


def test_a_refusal_in_json_is_one_object_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console(as_json=True).refuse(NotNow("busy", "Für.", "Wait.", 7))
    assert capsys.readouterr() == (
        '{"error": {"code": "busy", "sentence": "F\\u00fcr.", "next_step": "Wait.", "rev": 7}}\n',
        "",
    )


def test_what_a_terminal_would_obey_is_shown_instead(capsys: pytest.CaptureFixture[str]) -> None:
    Console().say("a\tb\x1b[31m\r\n\u202ec")
    assert capsys.readouterr().out == "a       b\\x1b[31m\\r\n\\u202ec\n"


def test_a_step_that_takes_long_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    console, told, say = Console(), threading.Event(), Console.note

    def note(text: str) -> None:
        say(console, text)
        told.set()

    monkeypatch.setattr(console, "note", note)
    with console.busy("running the check"):
        assert told.wait(PATIENTLY)
    assert capsys.readouterr() == ("", "... running the check\n")


def test_how_far_a_long_step_is_is_told_and_not_too_often(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Console().busy("comparing") as told:
        for seconds in (0.0, 3.0, 0.5, 1.0):
            now[0] += seconds
            told("reading imports", int(now[0]), 200)
    assert capsys.readouterr().err == (
        "... reading imports: 103 of 200\n... reading imports: 104 of 200\n"
    )


def test_a_quick_step_passes_in_silence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PATIENCE", PATIENTLY)
    with Console().busy("running the check"):
        pass
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(PATIENTLY / 2)
            assert not thread.is_alive()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("y\n", True), ("YES\n", True), ("\n", False), ("yess\n", False), ("", False)],
)
def test_only_a_yes_is_a_yes(monkeypatch: pytest.MonkeyPatch, typed: str, meant: bool) -> None:
    type_in(monkeypatch, typed)
    assert Console().confirm("Sure?") is meant


def test_a_choice_is_asked_for_until_it_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "c\n B \n")
    assert Console().choose("Which", ["a", "b"]) == "b"
    assert "Please answer a, b, or just Enter." in capsys.readouterr().err


def test_enter_chooses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "\n")
    assert Console().choose("Which", ["a", "b"]) is None


def test_an_input_that_ends_is_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "")
    with pytest.raises(NeedsPerson, match="no_answer"):
        Console().choose("Which", ["a", "b"])


def test_nobody_can_be_asked_where_there_is_no_terminal() -> None:
    assert not Console().has_person
