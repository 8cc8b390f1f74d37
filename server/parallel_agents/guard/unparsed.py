"""The shell rule where there is no parser: a command that mentions what another holds is refused.

Nothing is parsed here: a command is a bag of words. That stops the honest mistake, and too much
besides (a mention that only reads is refused as well).
"""

from __future__ import annotations

import os

from parallel_agents.guard.answer import TOOLS
from parallel_agents.guard.mentions import UPROOTING, Held, last_name, split, words
from parallel_agents.guard.refusals import holder
from parallel_agents.guard.runs import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from parallel_agents.guard.event import Event
    from parallel_agents.guard.runs import Run

OWN_NAMES = ("parallel-", "launch.sh")
"""How our command line is started: by its name, also as a wildcard, or by the launcher."""

_SWEEPING = frozenset(
    ("stash", "checkout", "switch", "reset", "restore", "clean")
    # and what brings in other work
) | frozenset(("merge", "rebase", "pull", "cherry-pick", "revert", "am"))
_EVERYTHING = {
    "add": frozenset(("-A", "--all", "-u", "--update", ".", "*", ":/")),
    "commit": frozenset(("-a", "-am", "--all")),
}


def own_verb(command: str, verbs: Container[str]) -> str | None:
    """The word by which `command` asks our command line for what agents may not do there."""
    for line in split(command):
        spoken = words(line)
        if not spoken or last_name(spoken[0]) == "git":
            continue
        for at, word in enumerate(spoken):
            if last_name(word).startswith(OWN_NAMES):
                later = spoken[at + 1 :]
            elif "parallel_agents" in word and any("py" in w or "uv" in w for w in spoken[:at]):
                later = words(command)  # `python -c` says the verb in a line of its own
            else:
                continue
            for name in later:
                if name in verbs:
                    return name
    return None


def objection(command: str, event: Event, run: Run) -> tuple[str, str] | None:
    """(task, reason) why the command is refused in this run, or None."""
    table = run.table
    mine = table.of(event.key)
    said = frozenset(words(command))
    inside = next((w for w in words(command, joined=True) if _is_inside_state(w, said)), None)
    if inside is not None:
        return "", (
            f"The command names {inside}, and the state of parallel-agents and of git is not for "
            f"agents to touch by hand. Next: {TOOLS}list_status shows the state; use git commands "
            "for the repository."
        )
    others = [claim for claim in table.claims if claim is not mine]
    if table.strategy == "files" and (others or not event.is_main):
        sweeping = next(filter(None, map(_sweep, split(command))), None)
        if sweeping:
            return "", (
                f"`git {sweeping}` touches the files of every agent in this work tree. Next: leave "
                f"your changes as they are: {TOOLS}release_task commits exactly the files of your "
                "claim."
            )
    found = Held(others).mentioned(command, event.cwd, run.main, mine.files if mine else ())
    if found is None:
        return None
    word, path, claim = found
    return claim.task, (
        f"The command mentions {word}, and {path} is held by {holder(claim)}. Next: work on the "
        "files of your own claim, and name them so that no file of another agent is meant; if "
        f"your task cannot do without this one, call {TOOLS}fail_task and name it in the reason."
    )


def _is_inside_state(word: str, said: frozenset[str]) -> bool:
    names = word.lower().rstrip("/").split("/")
    if FOLDER in names:
        return True
    if ".git" not in names:
        return False
    # `--exclude-dir=.git` and `-path './.git/*'` are how one stays out of it.
    below = names[names.index(".git") + 1 :]
    return below not in ([], ["*"], ["**"]) or not UPROOTING.isdisjoint(said)


def _sweep(line: str) -> str | None:
    """The git command in `line` that would touch more than the files it names, or None."""
    spoken = line.split()
    names = [os.path.basename(word) for word in spoken]
    if "git" not in names:
        return None
    rest = spoken[names.index("git") + 1 :]
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in ("-C", "-c") else rest[1:]
    if not rest:
        return None
    verb, options = rest[0], rest[1:]
    if verb in _SWEEPING and not (verb == "stash" and options[:1] in (["list"], ["show"])):
        return verb
    everything = _EVERYTHING.get(verb, frozenset())
    return next((f"{verb} {option}" for option in options if option in everything), None)
