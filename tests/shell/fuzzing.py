"""Hostile and broken commands without end: `python -m shell.fuzzing [COUNT [SEED]]`.

Each is judged; an exception, or an input that takes more than `MOST` seconds of processor time,
ends the run with the input.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from parallel_agents.guard.event import Event
from parallel_agents.guard.shell import Scene, judge
from parallel_agents.guard.shell.budget import SECONDS
from scratch_run import MAIN, PLUGIN, ScratchRun
from shell import ground

MOST = 2 * SECONDS
"""Seconds of processor time: the budget, and as much again for what is between two looks at it."""

# fmt: off
PIECES = (
    "'", '"', '`', '$(', ')', '${', '}', '((', '))', '<<EOF\n', '\nEOF\n', '<<<', '<(', '>(',
    '|', '&&', '||', ';', '&', '\n', '\\', '#', '*', '?', '[', ']', '{a,b}', '{1..9}', '~', '!',
    '=', '$', '>', '>>', '<', '>|', '2>&1', '<>', '&>', 'if ', 'then ', 'fi;', 'for x in ',
    'do ', 'done;', 'case x in ', 'esac', 'while ', 'function f ', '() {', "$'\\x41'", '$"',
    '\t', '\x00', '\xe9', '\ue000', '\ue001', '\ud800', '\U0001f600', 'src/app.py', '../', '/',
    'rm ', 'eval ', 'xargs ', 'cd ', 'git ', 'sed -i ', 'python3 -c ', 'find . -exec ', '$x',
    '${x:-', '${x//', '@', '-',
)
# fmt: on
HOSTILE = (
    "\n".join("a=$a$a" for _ in range(60)),
    "a=x; " + "a=$a$a$a$a; " * 40 + "echo > $a",
    "{a,b}" * 60 + " > src/app.py",
    "echo " + "{1..9999999}" * 4,
    "(" * 9000 + "rm src/app.py" + ")" * 9000,
    "$(" * 3000 + "rm src/app.py" + ")" * 3000,
    "`" * 5001 + "rm src/app.py",
    '"$(' * 2000,
    "if true; then " * 3000,
    "for i in a b c; do " * 400 + "rm $i; " + "done; " * 400,
    "f() { f; f; }; f",
    "f() { g; g; }; g() { f; f; }; f; g",
    "while true; do a=$a/x; rm $a; done",
    "eval " * 3000 + "x",
    "bash -c '" * 300,
    "x=" + "*/" * 5000 + "; rm $x",
    "rm " + "*/" * 3000,
    "rm " + "[a-z]" * 6000,
    "cat " + "<<A " * 2000 + "\n" + "A\n" * 2000,
    "a" * 70_000,
    "; ".join("echo x > f%d" % n for n in range(6000)),  # noqa: UP031
    "find / -name app.py -exec rm {} \\;",
    "tar -x -sc -f core.tar --transform s --transform s, --xform ''",
    "rm -rf /*/*/*/*",
    "alias a=b b=a; a; b",
    "python3 -c '" + "(" * 5000 + "'",
    "python3 -c '" + "x=" * 9000 + "1'",
    "python3 - <<E\n" + "def f(x): return f(x) + f(x)\nf('a')\n" + "E",
    "perl -e '" + "open(" * 3000 + "'",
    "awk '" + "print > " * 5000 + "'",
    "awk 'BEGIN{a=\"" + "x" * 3000 + '"; ' + "a=a a; " * 60 + "print > a}'",
    "python3 - <<E\nx='a'\nwhile True: x = x + x\nE",
    "python3 - <<E\nd = {}; d['a'] = d; print(d == d, [d] in [[d]])\nE",
    "python3 - <<E\nfor a in range(9**9):\n for b in range(9**9): open(str(b), 'w')\nE",
    "python3 - <<E\nimport re; re.match('(a*)*b', 'a' * 1000)\nE",
    "make -f - <<E\n"
    + "".join(f"A{n}=\\$(A{n + 1})\\$(A{n + 1})\n" for n in range(60))
    + "\\$(A0)\nE",
    "git " + "-c a.b=c " * 3000 + "status",
    "sed " + "-e 's/a/b/w x' " * 3000,
    "xargs " * 4000,
    "sudo " * 6000 + "rm src/app.py",
    "! " * 8000 + "true",
    "a | " * 8000 + "b",
    "a && " * 8000 + "b",
    "case x in " + "a) ;; " * 5000 + "esac",
    "x=(" + "a " * 20_000 + ') ; echo "${x[@]}"',
    'set -- {a..z}{a..z}{a..z}; rm "$@"',
)
"""Inputs that are made to be dear."""


def commands(count: int, seed: int) -> Iterator[str]:
    """The hostile ones, and `count` commands of the corpora that are cut, joined and broken."""
    yield from HOSTILE
    rng = random.Random(seed)
    known = [c.command for name in ("corpus.jsonl", "improvised.jsonl") for c in ground.cases(name)]
    for _ in range(count):
        text = rng.choice(known)
        for _ in range(rng.randrange(1, 6)):
            text = _broken(text, rng, known)
        yield text[:80_000]


def _broken(text: str, rng: random.Random, known: list[str]) -> str:
    at, to = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
    match rng.randrange(8):
        case 0:
            return text[:at] + rng.choice(PIECES) + text[at:]
        case 1:
            return text[:at] + text[min(to, at + 9) :]
        case 2:
            return text[:at] + rng.choice(known)[: rng.randrange(80)] + text[at:]
        case 3:
            return f"{text[:at]}$({text[at:to]}){text[to:]}"
        case 4:
            return text[:at] + "".join(rng.choices(PIECES, k=6)) + text[at:]
        case 5:
            return text[:at] + text[at:to] * rng.randrange(2, 5) + text[to:]
        case 6:
            return f"{rng.choice(known)}{rng.choice((';', '|', '&&', ' ', chr(10)))}{text}"
        case _:
            quote = rng.choice("'\"")
            return (
                f"{rng.choice(('bash -c', 'eval', 'python3 -c', 'node -e'))} {quote}{text}{quote}"
            )


def run(run: ScratchRun, count: int, seed: int) -> tuple[Counter[str], float]:
    """Judge all; (how often each level, the most seconds that one took). Raises `Failed`."""
    levels: Counter[str] = Counter()
    longest = 0.0
    for text in commands(count, seed):
        event = Event(run.event(MAIN, "Bash", command=text))
        begun = time.thread_time()
        try:
            verdict = judge(text, str(run.root), Scene(event, run.runs(), str(PLUGIN)))
        except Exception as error:
            raise Failed(f"{traceback.format_exc()}\n{text!r}") from error
        spent = time.thread_time() - begun
        levels[verdict.level] += 1
        longest = max(longest, spent)
        if spent > MOST:
            raise Failed(f"{spent:.2f} s for {text!r}"[:3000])
    return levels, longest


class Failed(Exception):
    """Raised with the input that the guard did not stand."""


def main(count: int = 100_000, seed: int = 0) -> None:
    """Judge `count` broken commands in a scratch project."""
    with tempfile.TemporaryDirectory() as top:
        root = ground.build(Path(top, "demo"))
        project = ScratchRun(root)
        project.claim("hold", *ground.LOCKS, agent="holder", session="other")
        levels, longest = run(project, count, seed)
    told = ", ".join(f"{level} {times}" for level, times in sorted(levels.items()))
    sys.stdout.write(f"{sum(levels.values())} inputs: {told}; at most {longest:.2f} s\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
