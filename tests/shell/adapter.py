"""The shell guard as a judge of corpora asks it: `adapter.py setup` once, then `adapter.py hook`.

`setup` starts a real run in the current repository by the command line of the product: one task
with the paths of SHELL_GUARD_LOCKS (a JSON list, absolute), approved and claimed by `holder`.
`hook` hands the event on standard input to the hook that the manifest names, as the client does,
from the main conversation: what no task has is then free to be written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent.parent.parent
COMMAND = ["/bin/sh", str(PLUGIN / "bin" / "parallel-agents")]


def setup() -> None:
    """Start the run."""
    root = os.getcwd()
    locks = [os.path.relpath(path, root) for path in json.loads(os.environ["SHELL_GUARD_LOCKS"])]
    plan = {
        "goal": "hold the files that the corpus protects",
        "tasks": [
            {"id": "held", "title": "Hold them", "instructions": "Hold them.", "files": locks}
        ],
    }
    shown = json.loads(run(["plan", "-", "--json"], json.dumps(plan)))
    unfinished = put_aside(Path(root))
    run(["approve", shown["plan_id"], "--strategy", "files", "--yes"])
    run(["claim", "held", "--agent", "holder"])
    for path, content in unfinished.items():
        path.write_bytes(content)  # the holder's work, begun under its claim


def put_aside(root: Path) -> dict[Path, bytes]:
    """What is changed and not committed: a plan does not start from it. It is as committed now."""
    names = git(root, "diff", "--name-only", "-z", "HEAD").decode().split("\0")
    kept = {root / name: (root / name).read_bytes() for name in names if name}
    for path in kept:
        path.write_bytes(git(root, "show", f"HEAD:{path.relative_to(root)}"))
    return kept


def git(root: Path, *words: str) -> bytes:
    """What git prints."""
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True).stdout


def run(words: list[str], given: str = "") -> str:
    """Run our command line; its standard output."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("CLAUDE")}
    done = subprocess.run(
        [*COMMAND, *words], input=given, capture_output=True, text=True, check=False, env=env
    )
    if done.returncode:
        sys.exit(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def hook() -> None:
    """Become the hook; its answer is this process's."""
    event = json.load(sys.stdin)
    for field in ("agent_id", "agent_type"):
        event.pop(field, None)
    manifest = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())["hooks"]["PreToolUse"]
    (entry,) = [e for e in manifest if e["matcher"] == "Bash|Monitor"]
    words = [entry["hooks"][0]["command"], *entry["hooks"][0]["args"]]
    words = [word.replace("${CLAUDE_PLUGIN_ROOT}", str(PLUGIN)) for word in words]
    os.chdir(event["cwd"])
    done = subprocess.run(words, input=json.dumps(event).encode(), check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    {"setup": setup, "hook": hook}[sys.argv[1]]()
