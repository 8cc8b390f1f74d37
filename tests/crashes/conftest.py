"""The crash tests' workers, and how many faults they injected in all, said at the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from crashes.injection import Workers

IN_CI = os.environ.get("CI") == "true"
FAULTS = "faults injected"
VIOLATIONS = "violations"


@pytest.fixture(scope="session")
def strace() -> None:
    """Where there is no strace, its tests fail in CI; elsewhere they are skipped aloud."""
    if shutil.which("strace"):
        return
    reason = "strace is missing (.ci/run installs it)"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def workers(strace: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """The program whose processes are struck."""
    program = Workers(tmp_path_factory.mktemp("workers"))
    yield program
    program.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults were injected and how many violations were found."""
    properties = [
        entry
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for entry in report.user_properties
    ]
    if any(name == FAULTS for name, _ in properties):
        counted = {
            wanted: sum(int(str(value)) for name, value in properties if name == wanted)
            for wanted in (FAULTS, VIOLATIONS)
        }
        line = ", ".join(f"{number} {what}" for what, number in counted.items())
        terminalreporter.write_line(f"kill sweep: {line}")
