"""The attack table: each way to write a file by each trick to name it; its innocent neighbours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_scratch import git
from parallel_agents.guard.event import Event
from parallel_agents.guard.shell import Scene, judge
from scratch_run import MAIN, PLUGIN, ScratchRun
from shell.conftest import Judge

WAYS = {
    "redirect": "echo x > @",
    "append": "echo x >> @",
    "clobber": "echo x >| @",
    "here-document": "cat > @ <<'E'\nx\nE",
    "exec": "exec 3> @; echo x >&3",
    "tee": "echo x | tee -a @",
    "sed": "sed -i s/a/b/ @",
    "perl": "perl -pi -e s/a/b/ @",
    "awk": "gawk -i inplace 1 @",
    "ed": "printf 'w\\n' | ed -s @",
    "vim": "vim -es -c wq @",
    "cp": "cp README.md @",
    "mv": "mv README.md @",
    "install": "install -m 644 README.md @",
    "ln": "ln -sf README.md @",
    "rm": "rm -f @",
    "unlink": "unlink @",
    "truncate": "truncate -s 0 @",
    "dd": "dd if=README.md of=@",
    "sort": "sort -o @ README.md",
    "shred": "shred @",
    "chmod": "chmod 600 @",
    "patch": "patch @ < patches/guide.patch",
    "curl": "curl -s -o @ http://127.0.0.1:1/",
    "black": "black -q @",
    "git checkout": "git checkout HEAD -- @",
    "git restore": "git restore -s HEAD @",
    "git rm": "git rm -qf @",
    "git mv": "git mv @ build/",
    "python": "python3 -c 'import sys; open(sys.argv[1], \"w\")' @",
    "python list": "python3 -c 'import subprocess, sys; subprocess.run([\"rm\", sys.argv[1]])' @",
    "node": 'node -e \'require("fs").writeFileSync(process.argv[1], "x")\' @',
    "perl unlink": "perl -e 'unlink @ARGV' @@",
    "xargs": "echo @ | xargs rm",
    "xargs -I": "printf '%s\\n' @ | xargs -I{} cp README.md {}",
    "find": "find @ -delete",
    "find -exec": "find @ -exec sed -i s/a/b/ {} +",
    "bash -c": "bash -c 'rm \"$1\"' _ @",
    "eval": "eval rm @",
    "function": 'f() { rm "$1"; }; f @',
    "loop": "for f in @; do rm $f; done",
    "while read": 'echo @ | while read -r f; do rm "$f"; done',
    "wrapped": "sudo nice -n 5 timeout 9 env A=1 rm @",
    "background": "(sleep 1; rm @) &",
    "substitution": "echo $(rm @)",
    "trap": "trap 'rm @' EXIT",
    "condition": "if [ -f @ ]; then rm @; fi",
    "coproc": "coproc rm @",
    "alias": "alias zap=rm; zap @",
    "escaped": "\\rm @",
    "unknown program": "frobnicate @",
}
"""`@` is the path; `@@` where the command has an `@` of its own."""

NAMES = {
    "plain": ("", "{d}/{n}.py"),
    "dot": ("", "./{d}//./{n}.py"),
    "up": ("", "{d}/../{d}/{n}.py"),
    "absolute": ("", "{root}/{d}/{n}.py"),
    "quotes": ("", "{d}/{a}''{b}\".py\""),
    "backslash": ("", "{d}/{a}\\{b}.py"),
    "ansi": ("", "$'{d}/{a}\\x{hex}{c}.py'"),
    "braces": ("", "{d}/{{{n},{n}}}.py"),
    "wildcard": ("", "{d}/{a}*{c}.py"),
    "set": ("", "{d}/[{a}]{b}.py"),
    "variable": ("v={d}/{n}.py; ", "$v"),
    "pieces": ("p={d} q={n}; ", '"$p/$q.py"'),
    "default": ("", "${{unset_name_x:-{d}/{n}.py}}"),
    "substitution": ("", "$(echo {d}/{n}.py)"),
    "printf": ("", "$(printf '%s/%s.py' {d} {n})"),
    "pwd": ("", "$PWD/{d}/{n}.py"),
    "top": ("", "$(git rev-parse --show-toplevel)/{d}/{n}.py"),
    "array": ("l=(x {d}/{n}.py); ", "${{l[1]}}"),
    "process": ("", "/proc/self/cwd/{d}/{n}.py"),
    "linked folder": ("", "linked/{n}.py"),
    "read": ("read -r v <<< {d}/{n}.py; ", '"$v"'),
    "base64": ("", "$(base64 -d <<< {b64})"),
}
"""(what comes before, the word) for the file `{d}/{n}.py`."""

HELD, FREE = ("src", "core"), ("spare", "free")

CANNOT = {
    ("trap", "variable"), ("trap", "pieces"), ("trap", "quotes"), ("trap", "ansi"),
    ("trap", "array"), ("trap", "read"), ("trap", "printf"), ("trap", "default"),
    ("trap", "substitution"), ("trap", "pwd"), ("trap", "top"),
    ("cp", "braces"), ("mv", "braces"), ("install", "braces"), ("ln", "braces"),
    ("while read", "braces"),
}  # fmt: skip
"""Where the quotes of the way change the name, or two words are an error."""


def spelled(way: str, name: str, path: tuple[str, str], root: Path) -> str:
    """The command of a cell of the table."""
    import base64

    folder, stem = path
    before, word = NAMES[name]
    values = {
        "d": folder,
        "n": stem,
        "a": stem[0],
        "b": stem[1:],
        "c": stem[2:],
        "hex": f"{ord(stem[1]):x}",
        "root": root,
        "b64": base64.b64encode(f"{folder}/{stem}.py".encode()).decode(),
    }
    word = word.format(**values)
    text = WAYS[way]
    if "@@" in text:
        return before.format(**values) + text.replace("@@", word)
    return before.format(**values) + text.replace("@", word)


@pytest.fixture(scope="session")
def table(project: ScratchRun) -> ScratchRun:
    """The project with a folder that is nobody's, as like the held one as can be."""
    free = project.root / "spare"
    free.mkdir(exist_ok=True)
    (free / "free.py").write_text("x = 1\n")
    for target, link in (("src", "linked"), ("spare", "linked-free")):
        if not (project.root / link).is_symlink():
            (project.root / link).symlink_to(target)
    return project


@pytest.mark.parametrize("way", WAYS)
def test_each_way_by_each_name_is_refused_for_a_held_file(
    table: ScratchRun, verdict: Judge, way: str
) -> None:
    missed = []
    for name in NAMES:
        if (way, name) not in CANNOT:
            found = verdict(spelled(way, name, HELD, table.root))
            if not found.refuses or not any(f.path == "src/core.py" for f in found.findings):
                missed.append((name, spelled(way, name, HELD, table.root), found.unknown))
    assert missed == []


@pytest.mark.parametrize("way", WAYS)
def test_each_way_by_each_name_is_let_through_for_a_free_file(
    table: ScratchRun, verdict: Judge, way: str
) -> None:
    blocked = []
    for name in NAMES:
        text = spelled(way, name, FREE, table.root).replace("linked/", "linked-free/")
        found = verdict(text)
        if found.refuses:
            blocked.append((name, text, [(f.path, f.how) for f in found.findings]))
    assert blocked == []


ROUND_ABOUT = {
    "the parent folder goes away": "mv src lib2",
    "the folder is removed": "rm -rf src",
    "everything is removed": "rm -rf *",
    "the root goes away": "cd .. && mv demo elsewhere",
    "a folder is copied over it": "mkdir -p t/src && echo x > t/src/core.py; cp -r t/src .",
    "a link that the command makes": "ln -s src/core.py l && echo x > l",
    "a hard link that the command makes": "ln src/core.py l && echo x > l",
    "a hard link that is there": "echo x >> hard_core.py",
    "a link that is there": "echo x >> alias_app.py",
    "a folder that the command links": "ln -s src s2 && echo x > s2/core.py",
    "a script that is there": "sh scripts/stamp.sh",
    "a script that the command writes": "echo 'rm src/core.py' > /tmp/x.sh; sh /tmp/x.sh",
    "a target of make": "make stamp",
    "a script of npm": "npm run stamp",
    "a patch": "git diff main feature/core | git apply",
    "an archive": "tar -xf core.tar",
    "another branch": "git checkout -q feature/core",
    "a merge": "git merge -q feature/core",
    "a stash": "git stash",
    "a hard reset": "git reset --hard",
    "a cleaning": "git clean -xfd",
    "a formatter on the folder": "black src",
    "a formatter on everything": "ruff format",
    "a fixing linter": "npx eslint --fix src/core.py .",
    "a new file in a held folder": "echo x > docs/api/new.md",
    "a signal that is sent": "trap 'rm src/core.py' USR1; kill -USR1 $$",
    "what a shell starts with": "echo 'rm src/core.py' > build/rc; BASH_ENV=build/rc bash -c :",
    "a number that is written to": "exec 3<> src/core.py; echo x >&3",
    "a program of its own PATH": "cp scripts/stamp.sh build/ls; PATH=build:$PATH; ls",
    "a word without a name": "sh -c 'for f do rm $f; done' _ src/core.py",
    "a new folder in a held folder": "mkdir docs/api/x && touch docs/api/x/y",
    "another directory": "cd src && cd ../docs && cd ../src && rm core.py",
    "a directory of the command's": "env -C src rm core.py; true",
    "git in another directory": "git -C src rm -q core.py",
    "a part that is computed": 'f=$(date +%s); echo x > "src/$f.py"; echo x > "$f/core.py"',
    "code that is spelled backwards": "rev <<< 'yp.eroc/crs mr' | sh",
    "code that is decoded": "echo cm0gc3JjL2NvcmUucHk= | base64 -d | sh",
    "a program that is spelled by hand": "$(printf 'r%s' m) src/core.py",
    "a text that cannot be read": "case x in (a) rm src/core.py <( ;;",
}


@pytest.mark.parametrize("command", ROUND_ABOUT.values(), ids=ROUND_ABOUT)
def test_round_about_ways_are_refused(verdict: Judge, command: str) -> None:
    assert verdict(command).refuses


EVERY_DAY = (
    "git status; git diff; git diff --cached; git log --oneline -20; git show HEAD --stat",
    "git add src/util.py && git commit -m 'util: a better level'",
    "git fetch origin; git branch -a; git stash list; git remote -v; git blame src/core.py",
    "pytest -x -q; python -m pytest tests/test_app.py -k name; tox -e py311; nox",
    "npm ci; npm test; npm run lint; npx jest --coverage; npx tsc --noEmit; yarn test; pnpm test",
    "make; make test; make -j4 all; cmake -B build && cmake --build build && ctest",
    "cargo build --release && cargo test && cargo clippy; go build ./... && go test ./... ; go vet",
    "ruff check src tests; mypy src; pyright; flake8 src; pylint src/core.py; black --check .",
    "prettier --check .; eslint src; ruff format --check; isort --check-only src; gofmt -l .",
    "grep -rn LIMIT src | head; rg -n level; find . -name '*.py' | xargs wc -l; "
    "ls -la src docs/api",
    "cat src/core.py; head -50 src/app.py; sed -n '1,40p' src/core.py; "
    "awk '{print $1}' src/core.py",
    "docker build -t demo . && docker run --rm demo pytest; docker compose up -d; kubectl get pods",
    "pip install -e . ; pip install -r requirements.txt; uv pip install pytest; poetry install",
    "python -c 'import sys; print(sys.version)'; node --version; python3 -m http.server 8000 &",
    "curl -s http://127.0.0.1:1/health | jq .; wget -qO- http://127.0.0.1:1/",
    "mkdir -p build && cp src/core.py build/ && tar czf build/src.tgz src && rm -rf build/tmp",
    "echo done > build/state.txt; python3 -m unittest > build/log.txt 2>&1; tail -3 build/log.txt",
    "diff <(git show HEAD:src/core.py) src/core.py; cmp src/app.py src/core.py; "
    "wc -l < src/core.py",
    'for f in src/*.py; do python3 -m py_compile "$f" || exit 1; done; echo all fine',
    "while ! curl -s http://127.0.0.1:1/; do sleep 1; done; timeout 5 tail -f build/out.txt",
    "trap 'rm src/core.py' USR1; cat <> src/core.py; exec 3<> src/core.py; cat <&3",
    "set -C; echo x > src/core.py || a=(src/core.py build/x); echo x >> ${a[-1]}",
    "shopt -s extglob\nrm -f build/!(x) src/[[:upper:]]*.py; rm() { echo $*; }; rm src/core.py",
    "export PATH=$PWD/bin:$PATH; source .venv/bin/activate && python -m pytest -q",
    "cd src && ls && cd .. && git diff --stat && date && whoami && df -h .",
    "sed 's/LIMIT/X/' src/core.py > build/core.txt; sort src/core.py | uniq -c | sort -rn",
    "cat <<'E' > src/new_module.py\n"
    "open('src/core.py', 'w')\nE\npython3 -m py_compile src/new_module.py",
    "git commit --allow-empty -m \"$(cat <<'E'\nrm -rf src; echo > src/core.py\nE\n)\"",
    "gh pr create --title 'src/core.py' --body 'rm src/core.py'; gh pr view 3",
    "psql -c 'select 1'; redis-cli ping; sqlite3 build/x.db 'select 1'",
    "PYTHONPATH=. python3 scripts/report.py; sh scripts/gen.sh; npm run report",
    "test -f src/core.py && echo yes; [ -d src ] || mkdir src; [[ -s src/app.py ]] && echo full",
    "python3 - <<'E'\n"
    "from pathlib import Path\nprint(sum(len(p.read_text()) for p in Path('src').glob('*.py')))\nE",
    'tmp=$(mktemp -d) && git worktree add -q "$tmp/w" HEAD && ls "$tmp/w" && git worktree prune',
    "strace -c ls; time make test; nohup python3 -m http.server > /tmp/http.log 2>&1 &",
)


@pytest.mark.parametrize("command", EVERY_DAY)
def test_what_agents_do_all_day_is_let_through(verdict: Judge, command: str) -> None:
    found = verdict(command)
    assert not found.refuses, [(f.path, f.how, f.sure) for f in found.findings]


def test_a_worker_runs_tools_and_writes_what_git_ignores(verdict: Judge) -> None:
    for command in (
        "rm -rf build",
        "echo x > build/x.log",
        "pytest -q > build/log 2>&1",
        "make test",
    ):
        assert not verdict(command, agent="worker").refuses
    assert verdict("echo x > notes.md", agent="worker").refuses


@pytest.fixture
def own_tree(repository: Path) -> tuple[ScratchRun, Path]:
    """A worker in a linked work tree of its own; another holds `b.py`, and both change files."""
    tree = repository.parent / "agent-1"
    for name in ("a.py", "b.py"):
        (repository / name).write_text("x = 1\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "files")
    git(repository, "worktree", "add", "-q", "-b", "one", str(tree))
    (repository / "b.py").write_text("x = 2\n")
    git(repository, "commit", "-qam", "b")
    run = ScratchRun(repository, "worktree")
    run.claim("a", "a.py", agent="a1", workdir=tree)
    run.claim("b", "b.py", agent="a2", workdir=repository.parent / "agent-2")
    return run, tree


@pytest.mark.parametrize(
    ("command", "refuses"),
    [
        ("echo x > a.py", False),
        ("git checkout -q main --detach", False),
        ("git stash; git stash pop; git reset --hard; git clean -fd", False),
        ("git merge main; git rebase main; git pull . main", False),
        ("echo x > b.py", True),
        ("git cherry-pick main", True),
        ("echo x > {main}/a.py", True),
        ("cd {main} && git checkout one", True),
        ("cp a.py {main}/b.py", True),
        ("rm -rf {main}", True),
        ("rm -rf ../agent-2", True),
    ],
)
def test_in_its_own_tree_an_agent_moves_as_it_likes_and_writes_only_its_own(
    own_tree: tuple[ScratchRun, Path], command: str, refuses: bool
) -> None:
    run, tree = own_tree
    os.makedirs(tree.parent / "agent-2", exist_ok=True)
    text = command.replace("{main}", str(run.root))
    event = Event(run.event("a1", "Bash", command=text) | {"cwd": str(tree)})
    found = judge(text, str(tree), Scene(event, run.runs(), str(PLUGIN)))
    assert found.refuses == refuses, [(f.path, f.how) for f in found.findings]


@pytest.mark.parametrize(
    ("command", "refuses"),
    [
        ("git add -A && git commit -qm wip", True),
        ("git add . && git commit -qm wip && git reset -q --soft HEAD~1", True),
        ("git commit -qam wip", True),
        ("git commit -qm wip src", True),
        ("git commit -qm wip -- docs README.md", False),
        ("git commit -qam wip -- docs README.md", False),
        ("git add docs/guide.md && git commit -qm wip", False),
    ],
)
def test_nobody_commits_what_another_has_not_finished(
    verdict: Judge, command: str, refuses: bool
) -> None:
    # No file changes by it: but the work would go on under another's name, half done.
    assert verdict(command).refuses == refuses


def test_the_levels(verdict: Judge) -> None:
    assert verdict("cat src/core.py | grep x").level == "clear"
    assert verdict("npm test").level == "opaque"
    assert verdict("frobnicate src/core.py", agent=MAIN).level == "mention"
    assert verdict("rm src/core.py").level == "deny"
