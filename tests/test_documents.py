"""What the documents name is there, and what they show can be done."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from documents import ROOT, Document, anchor, first_cells
from parallel_agents import cli
from parallel_agents.coordination.watching import progress_line
from parallel_agents.core.model import FAILURES_TO_BLOCK, STALE_AFTER, State, Strategy
from parallel_agents.git.process import OLDEST_GIT
from parallel_agents.guard.runs import STRICTNESS
from parallel_agents.guard.watch.evidence import OVERWRITTEN
from parallel_agents.mcp_server.tools import published
from parallel_agents.planning.advice import Rule
from parallel_agents.planning.independence import Level
from parallel_agents.store.planfiles import PLAN, PROPOSAL
from refusal_codes import raised, reasons

README = Document("README.md")
CONTRIBUTING = Document("CONTRIBUTING.md")
SKILL = Document("skill/SKILL.md")
WORKER = Document("agents/worker.md")
PROTOCOL = Document("references/lock-protocol.md")
EXAMPLES = Document("references/examples.md")
DOCUMENTS = (README, CONTRIBUTING, Document("CHANGELOG.md"), SKILL, WORKER, PROTOCOL, EXAMPLES)

every_document = pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)

PLUGIN = "${CLAUDE_PLUGIN_ROOT}/"
PREFIX = "mcp__plugin_parallel-agents_tasks__"
TOOLS = {tool.name: tool for tool in published()}
VERBS = re.findall(r"^    (\w+) ", cli._parser().format_help(), re.MULTILINE)

SELF_EXPLAINING = {
    *(
        "bad_agent",
        "bad_path",
        "bad_state",
        "bad_task_id",
        "cycle",
        "duplicate_task",
        "empty_files",
    ),
    *("unknown_task", "unknown_plan", "no_commit", "not_completed", "not_stuck"),
}
"""Codes about one wrong argument, or one thing that is gone: their own text says all there is."""

OTHER_WORDS = {
    *("client", "lead", "middleware", "repository", "cents"),  # of tests, and of the examples
    *("core", "guard", "tasks"),  # packages, and the name of the server
    *("gh", "git", "ls", "mv", "rename", "uv"),
    "suggestions",  # of `import --json`
    "subagent_type",  # of the client's Agent tool
}
"""Single words in code that our own tools, replies and commands do not have."""

EXAMPLE_PATHS = {"src/auth/**", "tests/test_auth.py"}


def words(value: Any) -> Iterator[str]:
    """Names of properties, values of enumerations and words in code in a JSON schema."""
    match value:
        case dict():
            yield from value.get("properties", {})
            yield from (v for v in value.get("enum", ()) if isinstance(v, str))
            yield from re.findall(r"`(\w+)`", str(value.get("description", "")))
            for inside in value.values():
                yield from words(inside)
        case list():
            for inside in value:
                yield from words(inside)


VOCABULARY = (
    {word for tool in TOOLS.values() for word in words([tool.parameters, tool.output_schema])}
    | {*TOOLS, *VERBS, *raised(), *reasons(), *State, *Strategy, *Level, *Rule}
    | {*STRICTNESS, "strict", "env", "read_file", "search"}  # settings; others' tools
    | OTHER_WORDS
)


@pytest.fixture
def pa(capsys: pytest.CaptureFixture[str], repository: Path) -> CommandLine:
    """The command line in a repository without a plan."""
    return CommandLine(capsys, repository)


# ---------------------------------------------------------------------- what is named is there


@every_document
def test_every_link_leads_somewhere(page: Document) -> None:
    for text, link in page.links:
        if "://" in link:
            continue
        target, _, place = link.partition("#")
        path = page.path.parent / target
        if target.startswith(PLUGIN):
            path = ROOT / target.removeprefix(PLUGIN)
        assert path.exists(), f"[{text}]({link})"
        if place:
            there = Document(str(path.relative_to(ROOT))) if target else page
            assert place in there.anchors, f"[{text}]({link})"


@every_document
def test_every_word_in_code_is_one_of_ours(page: Document) -> None:
    shown = (re.fullmatch(r"([a-z_]+)(: .+)?", span) for span in page.spans)
    assert {found[1] for found in shown if found} - VOCABULARY == set()


@every_document
def test_every_tool_that_is_named_in_full_is_offered(page: Document) -> None:
    assert set(re.findall(PREFIX + r"(\w+)", page.text)) <= set(TOOLS)


@every_document
def test_every_file_that_is_named_is_there(page: Document) -> None:
    for span in page.spans:
        if not re.fullmatch(r"\.?[\w-]+(/[\w.-]*)+|[\w-]+\.(md|toml|txt|py|sh)", span):
            continue
        of_plan = {f"{at}{page}" for at in ("", "_tasks/") for page in (PLAN, PROPOSAL)}
        of_state = span.rstrip("/") in {*State, "_tasks", f"_tasks/{OVERWRITTEN}", *of_plan}
        places = (ROOT / span, ROOT / "server" / "parallel_agents" / span)
        assert of_state or span in EXAMPLE_PATHS or any(p.exists() for p in places), span


def test_the_task_folder_is_as_the_protocol_draws_it(pa: CommandLine) -> None:
    """From the proposal to the end of the run."""
    drawn = set(re.findall(r"(\w+\.md|\w+/)", PROTOCOL.section("Where the state is")))
    drawn -= {"task.md", "_tasks/", "parallel_agents/"}
    drawn.remove(f"{OVERWRITTEN}/")  # made by a hook, where something was: test_watching
    of_the_user = {".git", ".env", ".gitignore", ".worktreeinclude"}
    hidden = {s for s in PROTOCOL.spans if re.fullmatch(r"\.[a-z]+(\.\*)?", s)} - of_the_user
    folder = pa.root / "_tasks"
    seen: set[str] = set()

    def look() -> None:
        seen.update(path.name + "/" * path.is_dir() for path in folder.iterdir())

    plan = pa.propose("goal: G\ntasks: [{id: a, title: A, instructions: I, files: [src/a.txt]}]\n")
    look()
    pa.done("approve", plan, "--strategy", "worktree", "--yes")
    look()
    assert all(any(folder.glob(name)) for name in hidden), hidden
    pa.complete("ada", "a")
    pa.done("merge", "--yes")
    look()
    assert drawn <= seen
    assert {f"{state}/" for state in State} <= drawn
    assert [path.name for path in (folder / "history").iterdir()] == [plan]


# ---------------------------------------------------------------------- refusals


def test_the_protocol_explains_only_codes_that_can_be_raised() -> None:
    shown = re.findall(r"`(\w+)`", "".join(first_cells(PROTOCOL.section("Codes"))))
    assert len(shown) == len(set(shown))
    assert set(shown) <= raised()


def test_the_protocol_explains_every_code_of_the_rules() -> None:
    cells = first_cells(PROTOCOL.section("Codes"))
    shown = set(re.findall(r"`(\w+)`", "".join(cells)))
    rules = raised("core/rules", "coordination")
    assert rules - shown == SELF_EXPLAINING


def test_the_protocol_names_every_reason_to_claim_nothing() -> None:
    text = PROTOCOL.section("Claims, tokens and files")
    assert {reason for reason in reasons() if f"`{reason}`" in text} == reasons()


# ---------------------------------------------------------------------- commands


def shown_commands() -> list[str]:
    """Everything after `parallel-agents`, as the documents show it."""
    found = (command for page in DOCUMENTS for command in page.commands("parallel-agents"))
    return sorted(set(found))


@pytest.mark.parametrize("command", shown_commands())
def test_every_command_that_is_shown_can_be_written(command: str) -> None:
    said = shlex.split(command)
    assert said[0] in VERBS
    if len(said) > 1:  # a command's name alone stands for all that it takes
        assert cli._parser().parse_args(said).verb == said[0]


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_is_in_the_readme_and_takes_json(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"`parallel-agents {verb}" in README.text or f"`{verb}`" in README.text
    assert cli.main([verb, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_a_command_that_only_looks_runs_as_it_is_shown(pa: CommandLine) -> None:
    looking = [c for c in shown_commands() if c.startswith(("status", "merge --dry-run"))]
    pa.start()
    pa.complete("ada", "alpha")
    for command in looking:
        if "--watch" not in command:  # it stays until the run is over
            assert pa(*shlex.split(command)).status == 0, command
    assert looking


@every_document
def test_every_make_target_that_is_shown_is_there(page: Document) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for command in page.commands("make"):
        assert command.split()[0] in targets


def test_the_one_test_of_the_contributing_page_is_there() -> None:
    (command,) = CONTRIBUTING.commands(".venv/bin/python")
    path, _, word = command.removeprefix("-m pytest ").partition(" -k ")
    names = re.findall(r"^def (test_\w+)", (ROOT / path).read_text(), re.MULTILINE)
    assert any(word in name for name in names)


# ---------------------------------------------------------------------- what models read


def test_the_skill_fits_what_a_client_takes() -> None:
    assert set(SKILL.head) == {"name", "description"}  # `allowed-tools` would make the client ask
    assert re.fullmatch(r"[a-z0-9-]{1,64}", SKILL.head["name"])
    assert 0 < len(SKILL.head["description"]) <= 1024
    assert len(SKILL.body.splitlines()) < 500


@pytest.mark.parametrize("page", [SKILL, WORKER], ids=lambda page: page.name)
def test_a_description_speaks_in_the_third_person(page: Document) -> None:
    first_word, *rest = re.findall(r"[A-Za-z']+", page.head["description"])
    assert first_word.endswith("s")
    assert not {"I", "me", "my", "we", "our", "you", "your"} & {*rest}


@pytest.mark.parametrize("page", [SKILL, WORKER], ids=lambda page: page.name)
def test_a_model_finds_the_full_name_of_each_tool_it_is_to_call(page: Document) -> None:
    called = {name for name in TOOLS if f"`{name}`" in page.prose}
    told = set(re.findall(PREFIX + r"(\w+)", page.text))
    of_workers = {"claim_task"} if page is SKILL else set()  # in what the skill tells workers
    assert called - of_workers <= told


@pytest.mark.parametrize("page", [PROTOCOL, EXAMPLES], ids=lambda page: page.name)
def test_a_long_reference_begins_with_its_contents(page: Document) -> None:
    assert len(page.text.splitlines()) > 100
    contents = page.prose.partition("\n## ")[0]
    shown = re.findall(r"^- \[(.+)\]\(#(.+)\)$", contents, re.MULTILINE)
    assert shown == [(heading, anchor(heading)) for heading in page.headings]


def test_every_reference_is_one_link_away_from_the_skill() -> None:
    linked = {ROOT / link.removeprefix(PLUGIN) for _, link in SKILL.links}
    assert linked == set((ROOT / "references").iterdir())


# ---------------------------------------------------------------------- what is promised


def test_the_readme_names_the_versions_that_are_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugin = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text())
    git = ".".join(map(str, OLDEST_GIT))
    assert f"Python {project['requires-python'].removeprefix('>=')} or later" in README.text
    assert f"git {git} or later" in README.text
    assert f"Claude Code {plugin['engines']['claude-code'].removeprefix('>=')} or later" in (
        README.text
    )


def test_the_readme_installs_what_the_marketplace_has() -> None:
    market = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text())
    (plugin,) = market["plugins"]
    assert f"/plugin install {plugin['name']}@{market['name']}" in README.text


def test_the_readme_shows_the_plan_of_the_examples() -> None:
    (text,) = (block for block in EXAMPLES.blocks if block.startswith("Plan p"))
    head = "".join(text.splitlines(keepends=True)[:2])
    assert head in README.blocks


def test_the_exit_statuses_are_those_of_the_command_line() -> None:
    sentence = " ".join(README.text.split()).partition("Exit status: ")[2].partition(".")[0]
    shown = {int(part.split()[0]): part for part in sentence.split(", ")}
    assert sorted(shown) == [cli.DONE, cli.DEFECT, cli.USAGE, cli.REFUSED, cli.PERSON]
    assert "refused" in shown[cli.REFUSED]
    assert "person" in shown[cli.PERSON]


@pytest.mark.parametrize("page", [README, SKILL], ids=lambda page: page.name)
def test_the_limits_are_those_of_the_rules(page: Document) -> None:
    assert f"{STALE_AFTER / 60:.0f} minutes" in page.text
    assert FAILURES_TO_BLOCK == 2
    assert re.search(r"Two failures block|failed twice", page.text)
    assert "`N completed / M total (K in progress, F failed)`" in page.text
    assert "`N completed / M total (K in progress, F failed)`" in (progress_line.__doc__ or "")


@pytest.mark.parametrize("page", [README, SKILL], ids=lambda page: page.name)
def test_the_strategies_are_offered_in_their_order(page: Document) -> None:
    offered = re.findall(r"(?:\| |\*\*)([ABC])(?: \|)? `(\w+)`", page.text)
    assert offered == list(zip("ABC", Strategy, strict=True))


# ---------------------------------------------------------------------- what is not said


def tracked() -> list[Path]:
    """Every file that is, or can be, in the repository."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_file_names_a_registry_or_this_machine() -> None:
    # Written so that this file does not name them either.
    unwanted = ["py" + "pi", "python" + "hosted", "npm" + "js", "registry" + r"\.[a-z]"]
    unwanted += ["/root" + "/", r"\.\./" + "shared", "/work/" + "(main|tmp|shared)"]
    if len(ROOT.parts) > 2:  # a shorter name may be in a path that means something else
        unwanted.append(rf"(?<![\w.]){re.escape(str(ROOT))}(?![\w.-])")
    pattern = re.compile("|".join(unwanted), re.IGNORECASE)
    for path in tracked():
        if path.is_file():
            found = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found}"


@every_document
def test_no_document_names_a_place_on_one_machine(page: Document) -> None:
    assert re.findall(r"(?<![\w.])/(?:home|root|tmp|usr|work)\b", page.text) == []
