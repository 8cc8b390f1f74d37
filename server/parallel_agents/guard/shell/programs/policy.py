"""What programs do with their arguments, as data: one line for each class of programs.

    name|name   ARGS:role  LAST:role  FIRST:role  -o:role  SKIP:n  IF:-i,--in-place
                UNLESS:--check  EXT:.py,.pyi  DEFAULT:.  WRITES:file,file  MAYBE:file,file
                IN:-C,--prefix  RUNS

`ARGS` is what happens to the words that are no options (default `read`), `FIRST` and `LAST` to one
of them, `-o` to the value of that option (`-` where it is no path), `SKIP` leaves out as many words
(a script, a sub-command). With `IF` the roles of the words count only where one of the options is
given, with `UNLESS` only where none is. `WRITES` are files that are written in any case, `MAYBE`
files that are often rewritten though not asked for, in the folder that an option of `IN` names.
`RUNS`: it runs code that is not seen. `FORMATS` is a folder that is formatted as well, unless files
follow the option `NAMING`. `HERE`: it makes files where it is called, unless one of these options
is given. `WHOLE`: what follows one dash is one option, not letters. Roles: read,
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
chroot|fakechroot|firejail|dumb-init|tini|ssh-agent|dbus-launch|gosu|su-exec|setuidgid|
s6-setuidgid|retry|nocache|pkexec
unshare -S --setuid -G --setgid -R --root -w --wd --map-users --map-groups --map-user --map-group
    --propagation --setgroups --load-interp
bwrap --bind --ro-bind --dev-bind --chdir --setenv --unsetenv --proc --dev --tmpfs --dir --symlink
nsenter -t --target -S --setuid -G --setgid
setpriv --reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps
    --bounding-set --securebits --pdeathsig --selinux-label --apparmor-profile --landlock-access
    --landlock-rule --seccomp-filter
runuser -u --user -g --group -G --supp-group -w --whitelist-environment -s --shell
runcon -u -r -t -l --user --role --type --range
chpst -u -U -e -m -d -o -p -f -c -l -L -/ -b
aa-exec -p --profile -n --namespace
cgexec|systemd-cat|systemd-inhibit -g -t -p --what --who --why --mode
envdir|catatonit|watchexec|logsave|mispipe|valgrind|ld-linux-x86-64.so.2|ld-linux-aarch64.so.1|
ld-linux.so.2|ld-musl-x86_64.so.1|ld.so
choom -n --adjust -p
cpulimit -l -p -P -e
trickle -d -u -s -w
capsh -p
perf.stat -e -o -r -x -p -t -C -I --output --event
perf.record -e -o -F -c -p -t -C --output --event --call-graph
perf.trace -e -o -p -t -C --output
numactl -N -m -C -i -p --cpunodebind --membind --physcpubind --interleave --preferred
timelimit -t -T -s -S
op.run --env-file --environment
doppler.run -p --project -c --config --token
aws-vault.exec -d --duration -r --region
sudo -u --user -g --group -h --host -p --prompt -C --close-from -D --chdir -r --role -t --type -T
    -U --other-user -R --chroot
doas -u -C
nice -n --adjustment
ionice -c -n -p
nohup|setsid|unbuffer|command|builtin|chronic|faketime|setarch|linux64|linux32|
prlimit|catchsegv|eatmydata|torsocks|rlwrap|busybox|toybox|dbus-run-session|entr|ifne|bunx|
pnpx|pipenv.run|hatch.run|rye.run|bun.x|bundle.exec|rtx.exec|mise.exec|mise.x|asdf.exec|
pyenv.exec|rbenv.exec|direnv.exec|nix.shell|cross-env|gtimeout
stdbuf -i -o -e
time|gtime -o -f
exec -a
caffeinate -t
chrt -T -P -D
taskset
strace -e -o -s -p -P -E -a -b -I -O -S -u -U -X --output --trace --user
ltrace -e -o -s -p -a -n -u -l -x -F -A -D
fakeroot -i -s
proxychains|env-cmd -f
xvfb-run -n -s -e -f
systemd-run -p --property -u --unit -E --setenv -M --machine -H --host --uid --gid --nice
    --working-directory --slice --description --on-active --on-calendar --service-type
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
