#!/bin/sh
# Makes the Python environment: `sh server/environment.sh DIR [dev]`, where `dev` adds what development needs.
#
# DIR is a link to a folder beside it. A new environment is built in a new folder, stamped with the pins it was built
# from (`pins`, a copy of constraints.txt), and put in place by one rename of the link. So a start sees a whole
# environment or none, an interrupted build leaves nothing that counts, and running servers keep the one they began with.
# The lock only spares work: two builds at once would both end well.
#
# Nothing goes to stdout, which may be an MCP connection, and nothing is read from stdin.
set -u
exec </dev/null >&2
trap '' PIPE # a client that gave up waiting closes stderr; the build goes on, and its next start finds it ready

WAIT=300 # seconds for another process's build, after which it is taken to hang

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
root=$(CDPATH='' cd -- "$here/.." && pwd -P) || exit 1
folder=$(dirname -- "$1")
kind=${2:-}
new=
retry="then start again (in Claude Code: /mcp, reconnect)"

say() { printf 'parallel-agents: %s\n' "$*"; }

fail() {
    say "cannot start: $*"
    exit 1
}

if ! { mkdir -p -- "$folder" && [ -w "$folder" ]; } 2>/dev/null; then
    fail "nothing can be written in $folder; make that folder writable, $retry."
fi
folder=$(CDPATH='' cd -- "$folder" && pwd -P) || exit 1
venv=$folder/${1##*/}
lock=$venv.lock
if [ -d "$venv" ] && [ ! -L "$venv" ]; then
    fail "$venv is in the way, a folder that this project did not make; move it away, $retry."
fi

is_whole() {
    [ -x "$venv/bin/python" ] && cmp -s "$root/constraints.txt" "$venv/pins" &&
        { [ -z "$kind" ] || [ -e "$venv/$kind" ]; }
}

take_lock() {
    waited=0
    lost=0
    until ln -s "$$" "$lock" 2>/dev/null; do
        if owner=$(readlink "$lock"); then
            if [ "$waited" -lt "$WAIT" ] && kill -0 "$owner" 2>/dev/null; then
                [ "$waited" -gt 0 ] || say "waiting for process $owner, which is setting up $venv."
                waited=$((waited + 1))
                sleep 1
            else
                rm -f "$lock"
            fi
        else # released at this moment, or it cannot be written at all
            lost=$((lost + 1))
            [ "$lost" -lt 100 ] || fail "the lock $lock cannot be taken; delete it, $retry."
        fi
    done
}

clean_up() {
    [ -z "$new" ] || rm -rf "$new"
    [ "$(readlink "$lock")" != "$$" ] || rm -f "$lock"
}

# Of interrupted builds and of environments replaced long ago. None younger than a day: another build may be at it.
remove_leftovers() {
    current=$folder/$(readlink "$venv")
    for old in "$venv".??????; do
        [ "$old" = "$current" ] || find "$old" -prune -mtime +0 -exec rm -rf {} + 2>/dev/null
    done
}

find_python() {
    python=
    unfit=
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        found=$(command -v "$name") || continue
        # Only running it tells: a version manager has a command for each version it could run.
        "$found" -I -c '
import sys
if sys.version_info < (3, 11):
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)' 2>/dev/null
        case $? in
        0) python=$found && return ;;
        4) unfit=${unfit:-$name} ;;
        esac
    done
    [ -z "$unfit" ] ||
        fail "$unfit lacks ensurepip and so cannot make environments; install it (Debian and Ubuntu: apt install $unfit-venv) or install uv, $retry."
    fail "neither uv nor Python 3.11 or later is on PATH; install one of them (for example: apt install python3-venv, or brew install uv), $retry."
}

write_requirements() {
    "$new/bin/python" -I -c '
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)
wanted = project["project"]["dependencies"]
if sys.argv[2]:
    wanted += project["dependency-groups"][sys.argv[2]]
print("\n".join(wanted))' "$root/pyproject.toml" "$kind" >"$new/requirements.txt"
}

# uv reads settings of the folder it runs in: here, not in the user's project.
build_with_uv() (
    cd "$root" &&
        uv venv --quiet --no-project --python '>=3.11' "$new" && write_requirements &&
        uv pip install --quiet --python "$new/bin/python" -r "$new/requirements.txt" -c constraints.txt
)

build_with_pip() {
    "$python" -I -m venv "$new" && write_requirements &&
        PIP_USER=0 "$new/bin/python" -I -m pip install --quiet --no-compile --no-input \
            --disable-pip-version-check -r "$new/requirements.txt" -c "$root/constraints.txt"
}

# Hooks run with the python3 of the machine, which may be another one than the environment's.
compile_what_hooks_import() {
    for interpreter in "$new/bin/python" python3; do
        "$interpreter" -I -m compileall -qq "$root/server/parallel_agents/core" "$root/server/parallel_agents/guard" 2>/dev/null
    done
}

put_in_place() {
    cp "$root/constraints.txt" "$new/pins" && { [ -z "$kind" ] || : >"$new/$kind"; } &&
        ln -s "${new##*/}" "$new/link" &&
        "$new/bin/python" -I -c 'import os, sys; os.replace(*sys.argv[1:])' "$new/link" "$venv"
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

! is_whole || exit 0
take_lock
! is_whole || exit 0

remove_leftovers
new=$(mktemp -d "$venv.XXXXXX") || fail "no folder can be made in $folder; make room there, $retry."
say "setting up the Python environment $venv, once: seconds with uv, up to half a minute without."
if ! { command -v uv >/dev/null && build_with_uv; }; then
    find_python
    rm -rf "$new"
    build_with_pip || fail "its packages could not be installed, for the reason above; mend that, $retry."
fi
compile_what_hooks_import
put_in_place || fail "$venv could not be put in place, for the reason above; mend that, $retry."
new=
say "the environment is ready."
