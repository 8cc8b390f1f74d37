#!/bin/sh
# Starts parallel-agents with a Python environment of its own: `sh server/launch.sh COMMAND...`
#
# The environment lies in the plugin's data folder, which outlives updates, or in .venv of a checkout. It is made on the
# first start and when the pins change (environment.sh); on any other start only one comparison stands before Python.
set -u

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
root=$(CDPATH='' cd -- "$here/.." && pwd -P) || exit 1

if [ -n "${CLAUDE_PLUGIN_DATA:-}" ]; then
    venv=$CLAUDE_PLUGIN_DATA/venv
else
    venv=$root/.venv
fi

if ! { [ -x "$venv/bin/python" ] && cmp -s "$root/constraints.txt" "$venv/pins"; }; then
    sh "$root/server/environment.sh" "$venv" || exit 1
fi
venv=$(CDPATH='' cd -- "$venv" && pwd -P) || exit 1 # this very one, also when the link moves on

# Isolated (-I) and by path: with -m the working directory, the user's repository, would come first on sys.path, and
# a folder there named `git` or `mcp` would be imported in place of ours. The user's PYTHON* variables stay untouched
# for the checks that the server runs.
exec "$venv/bin/python" -I -X utf8 "$root/server/parallel_agents/__main__.py" "$@"
