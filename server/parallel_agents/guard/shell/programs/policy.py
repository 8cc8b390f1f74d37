"""What programs do with their arguments, as data: one line for each class of programs.

    name|name   ARGS:role  LAST:role  FIRST:role  -o:role  SKIP:n  IF:-i,--in-place
                UNLESS:--check  EXT:.py,.pyi  DEFAULT:.  WRITES:file,file  MAYBE:file,file
                IN:-C,--prefix  RUNS

`ARGS` is what happens to the words that are no options (default `read`), `FIRST` and `LAST` to one
of them, `-o` to the value of that option (`-` where it is no path), `SKIP` leaves out as many words
(a script, a sub-command). With `IF` the roles of the words count only where one of the options is
given, with `UNLESS` only where none is. `WRITES` are files that are written in any case, `MAYBE`
files that are often rewritten though not asked for, in the folder that an option of `IN` names.
`RUNS`: it runs code that is not seen. `HERE`: it makes files where it is called, unless one of
these options is given. `WHOLE`: what follows one dash is one option, not letters. Roles: read,
write (the content), entry (the name gets another file or none), tree (with all that is below),
format (with all below that has one of the endings `EXT`), folder (is made), touch (is made if
missing), into (files of unknown names in it), prefix (files whose names begin so), code (a command
that is run). Options that are not in the line are looked at by `strangers.options`.
"""

from __future__ import annotations

from parallel_agents.guard.shell.programs.projecttable import PROJECT
from parallel_agents.guard.shell.programs.readers import READERS, RUNNERS
from parallel_agents.guard.shell.programs.tooltable import TOOLS

_WRAPPERS = """
chroot|firejail|bwrap|nsenter|runcon|start-stop-daemon
screen -S -t -p -X -h
sudo -u -g -h -p -C -D -r -t -T -U
doas -u -C
nice -n --adjustment
ionice -c -n -p
nohup|setsid|unbuffer|command|builtin|chronic|faketime|unshare|setarch|linux64|linux32|
prlimit|catchsegv|eatmydata|torsocks|rlwrap|busybox|toybox|dbus-run-session|entr|ifne|bunx|
pnpx|pipenv.run|hatch.run|rye.run|bun.x|bundle.exec|rtx.exec|mise.exec|mise.x|asdf.exec|
pyenv.exec|rbenv.exec|direnv.exec|nix.shell|cross-env|gtimeout
stdbuf -i -o -e
time|gtime -o -f
exec -a
caffeinate -t
chrt -T -P -D
taskset -c
strace -e -o -s -p -P -E
ltrace -e -o -s -p
fakeroot -i -s
proxychains|env-cmd -f
xvfb-run -n -s -e -f
systemd-run -p --property --unit
watch -n --interval
npx -p --package -c --call
uvx --from --with --python -p
pipx.run --spec
uv.run --with --python -p --extra --group --directory --project --env-file --with-requirements
    --only-group
poetry.run -C --directory -P
pdm.run|yarn.dlx -p
pixi.run -e
conda.run -n -p --name --prefix
mamba.run -n -p
npm.exec -p --package -w --workspace --prefix
npm.x -p --package
pnpm.exec -C --dir -F --filter
pnpm.dlx --package
yarn.exec --cwd
coverage.run --source --rcfile --omit --include --data-file --context
hyperfine -w -r -m -M --warmup --runs --export-json --export-markdown --setup --prepare -p -n
dotenv -f -e
"""
"""Programs that run the command behind their options; with the options that have a value."""


def rules(*names: str) -> dict[str, str] | None:
    """The roles of the first of these names (`npm.install` before `npm`) that is in the table."""
    table = _table(TOOLS + PROJECT, _rules)
    for name in names:
        line = table.get(name)
        if line is not None:
            found: dict[str, str] = {}
            for token in line:
                key, _, role = token.partition(":")
                found[key] = role
            return found
    return None


def wrapped(name: str) -> str | None:
    """The options with a value of a program that runs another command; None where it is none."""
    found = _table(_WRAPPERS, _wrappers).get(name)
    return None if found is None else " ".join(found)


_rules: dict[str, list[str]] = {}
_wrappers: dict[str, list[str]] = {}


def _table(text: str, kept: dict[str, list[str]]) -> dict[str, list[str]]:
    """The lines of a table by program; a line goes on behind `|`, and where it is indented."""
    if not kept:
        joined = text.replace("|\n", "|").replace(",\n    +", ",").replace("\n    ", " ")
        for line in joined.splitlines():
            programs, *tokens = line.split() or ("",)
            for name in programs.split("|"):
                kept[name] = tokens
    return kept


__all__ = ["READERS", "RUNNERS", "rules", "wrapped"]
