"""Processes are told apart from later ones with their number, and ended with their groups."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from parallel_agents.processes import Process


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group in which another runs as well."""
    program = "import subprocess, sys; subprocess.Popen(['sleep', '600']); print(flush=True)\n"
    words = (sys.executable, "-c", program + "sys.stdin.read()")
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_a_process_is_known_again_by_its_text() -> None:
    mine = Process.of(os.getpid())

    assert mine.runs
    assert " " not in str(mine)
    assert Process.named(str(mine)) == mine
    assert Process.named("no process") is None


def test_another_process_with_the_number_is_not_the_same(
    child: subprocess.Popen[bytes],
) -> None:
    earlier = replace(Process.of(child.pid), started=f"{Process.of(child.pid).started}0")

    assert not earlier.runs
    assert not earlier.end_group()
    assert child.poll() is None


def test_a_process_of_an_earlier_boot_ends_nobody(child: subprocess.Popen[bytes]) -> None:
    assert not Process(child.pid, "another-boot:1").end_group()
    assert child.poll() is None


@pytest.mark.parametrize("leader_lives", [True, False])
def test_a_group_is_ended_also_when_its_leader_is_gone(
    child: subprocess.Popen[bytes], leader_lives: bool
) -> None:
    process = Process.of(child.pid)
    if not leader_lives:
        child.kill()
        child.wait()

    assert process.end_group()

    assert child.stdout is not None
    assert child.stdout.read() == b""  # the other one held it open too
    child.wait()
    assert not process.runs
