"""The manifests, the pins and the files that set a machine up."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
RUNTIME = [Requirement(r) for r in PYPROJECT["project"]["dependencies"]]
POSTGRES = [Requirement(r) for r in PYPROJECT["project"]["optional-dependencies"]["postgres"]]
DEV = [Requirement(r) for r in PYPROJECT["dependency-groups"]["dev"]]


def pins_by_section() -> dict[str, dict[str, str]]:
    """Name to version, below each comment of `constraints.txt`."""
    sections: dict[str, dict[str, str]] = {}
    for line in (PROJECT / "constraints.txt").read_text().splitlines():
        if line.startswith("# "):
            section = sections.setdefault(line[2:], {})
        elif line:
            name, version = line.split("==")
            section[name] = version
    return {title: pins for title, pins in sections.items() if pins}


def needed_by(requirements: list[Requirement]) -> set[str]:
    """The names of all distributions that these lead to, as this interpreter has them."""
    needed: set[str] = set()
    waiting = [(r, extra) for r in requirements for extra in ("", *r.extras)]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = f"{name}[{extra}]"
        if key in needed or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        needed |= {key, name}
        for text in distribution(name).requires or ():
            further = Requirement(text)
            if further.marker and not further.marker.evaluate({"extra": extra}):
                continue
            further.marker = None
            waiting += [(further, e) for e in ("", *further.extras)]
    return {name for name in needed if "[" not in name}


def manifest(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PROJECT / ".claude-plugin" / name).read_text())
    return loaded


def test_constraints_and_the_pins_of_uv_agree() -> None:
    written = [f"{n}=={v}" for pins in pins_by_section().values() for n, v in pins.items()]
    assert sorted(written) == PYPROJECT["tool"]["uv"]["constraint-dependencies"]


def test_every_declared_dependency_is_pinned_within_its_range() -> None:
    server, development = pins_by_section().values()
    for requirement in (*RUNTIME, *POSTGRES):
        assert server[canonicalize_name(requirement.name)] in requirement.specifier
    for requirement in DEV:
        assert development[canonicalize_name(requirement.name)] in requirement.specifier


def test_what_the_server_needs_stands_under_its_own_heading() -> None:
    """So that a package which moves there changes the file, and with it every environment."""
    server, development = pins_by_section().values()
    assert needed_by(RUNTIME) <= set(server)
    assert needed_by(DEV) <= set(server) | set(development)


def test_the_tests_run_on_the_pinned_versions() -> None:
    pins = {n: v for section in pins_by_section().values() for n, v in section.items()}
    present = {name: distribution(name).version for name in needed_by(RUNTIME + DEV)}
    assert present == {name: pins[name] for name in present}


@pytest.mark.parametrize(
    "name",
    [
        *("pyproject.toml", "constraints.txt", "Makefile", ".ci/run", "bin/parallel-agents"),
        *("server/launch.sh", "server/environment.sh"),
        *(".claude-plugin/plugin.json", ".claude-plugin/marketplace.json"),
    ],
)
def test_no_host_is_named_where_packages_are(name: str) -> None:
    assert "://" not in (PROJECT / name).read_text()


@pytest.mark.parametrize(
    "name", ["server/launch.sh", "server/environment.sh", "bin/parallel-agents"]
)
def test_the_scripts_parse_with_sh(name: str) -> None:
    subprocess.run(("sh", "-n", str(PROJECT / name)), check=True)


def test_the_manifest_at_the_root_is_a_relative_link_to_the_real_one() -> None:
    assert (PROJECT / "plugin.json").readlink() == Path(".claude-plugin/plugin.json")
    assert not (PROJECT / ".claude-plugin" / "plugin.json").is_symlink()


def test_the_versions_agree() -> None:
    assert manifest("plugin.json")["version"] == PYPROJECT["project"]["version"]


def test_what_the_manifest_names_is_there() -> None:
    plugin = manifest("plugin.json")
    server = plugin["mcpServers"]["tasks"]
    launcher = server["args"][0].replace("${CLAUDE_PLUGIN_ROOT}", str(PROJECT))
    paths = [*(PROJECT / p for p in plugin["agents"]), Path(launcher)]
    paths += [PROJECT / folder / "SKILL.md" for folder in plugin["skills"]]
    paths += [PROJECT / "hooks" / "hooks.json"]
    assert [str(p) for p in paths if not p.is_file()] == []


def test_the_tools_are_in_the_prompt_from_the_start() -> None:
    assert manifest("plugin.json")["mcpServers"]["tasks"]["alwaysLoad"] is True


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_missing_client_fails_in_ci_and_is_skipped_elsewhere(
    ci: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/client", "-k", "valid"),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status
    assert "CLAUDE_BIN does not name a Claude Code client" in done.stdout
