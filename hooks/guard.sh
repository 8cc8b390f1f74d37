# The way into every hook. Finds out, without starting Python or any other process, whether a run is
# active here; where none is, it ends at the price of `sh`.
#
#     sh guard.sh WHAT        (hooks.json sources it, so that a moved plugin is noticed)
#
# WHAT is edit, shell, verbs, mcp, spawn, identity, read, beat, subagent-start, subagent-stop, stop,
# stop-failure, task-stop, session-start or session-end; the event is on standard input.
#
# Mind the status: 2 is a refusal to the client, and sh itself ends with 2 where the redirection of a
# special builtin (`:`, `exec`, `set`, ...) fails. So none of them has one here.

what=$1
plugin=${0%/*}/..

# A hook that cannot decide ends with this: 2 refuses. Only guards refuse, and only while a run is
# active, but for `identity`: without it our own tools would take the model's word for who calls.
status=0
refuse_in_doubt() {
    case $what in edit | shell | verbs | mcp | spawn | identity) status=2 ;; esac
}
cannot() {
    [ $status -eq 0 ] ||
        printf 'parallel-agents: %s While a run is active, what cannot be checked is refused. Next: %s\n' "$1" "$2" >&2
    exit $status
}

# python: a Python for the guard, without asking any of them. The shims of version managers cost
# more than all the rest, and the python3 of a bare macOS opens a dialog.
find_python() {
    for python in "${CLAUDE_PLUGIN_DATA:-/nonexistent}/venv/bin/python" "$plugin/.venv/bin/python"; do
        [ -x "$python" ] && return 0
    done
    last_resort=
    IFS=:
    set -f
    for folder in $PATH; do
        python=$folder/python3
        if [ ! -f "$python" ] || [ ! -x "$python" ]; then continue; fi
        case $folder in
        */shims) last_resort=${last_resort:-$python} && continue ;;
        /usr/bin)
            [ -x /usr/bin/xcode-select ] && [ ! -d /Library/Developer/CommandLineTools ] &&
                [ ! -d /Applications/Xcode.app ] && continue
            ;;
        esac
        unset IFS
        return 0
    done
    unset IFS
    python=$last_resort
    [ -n "$python" ]
}

# value: the text behind "NAME": in $event, for the first of its keys so called. The event is cut at
# its quotes, because sh takes quadratic time to strip a pattern off a long text. What a text quotes
# itself is escaped, so such a key ends in a backslash here.
find_value() {
    value='' key='' colon=''
    IFS='"'
    set -f
    for piece in $event; do
        case $key$colon in "$1:" | "$1: ") value=$piece && break ;; esac
        key=$colon colon=$piece
    done
    unset IFS
}

# The plugin's own texts may be read without asking the user; nothing else is decided here.
allow_own_texts() {
    event=$(cat)
    find_value file_path
    root=${CLAUDE_PLUGIN_ROOT:-/nonexistent}
    case $value in
    *\\* | */../*) ;;
    "$root"/references/* | "$root"/skill/*)
        echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}'
        ;;
    esac
}

# Whether $value is the name of our worker. The client compares names without case and without
# spaces, - and _, so only letters count.
is_worker() {
    letters=
    while [ -n "$value" ]; do
        tail=${value#?}
        letter=${value%"$tail"}
        value=$tail
        case $letter in [A-Za-z:]) letters=$letters$letter ;; esac
    done
    case $letters in
    *[Pp][Aa][Rr][Aa][Ll][Ll][Ee][Ll][Aa][Gg][Ee][Nn][Tt][Ss]:[Ww][Oo][Rr][Kk][Ee][Rr]*) return 0 ;;
    esac
    return 1
}

# What a workflow starts fires no hook of its own, so its script is looked at: workers are started
# by the Agent tool, where the gate sees them.
gate_workflow() {
    case $event in
    *[Pp][Aa][Rr][Aa][Ll][Ll][Ee][Ll]*[Aa][Gg][Ee][Nn][Tt][Ss]*:*[Ww][Oo][Rr][Kk][Ee][Rr]*)
        echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"A workflow may not start parallel-agents:worker: there nothing can check that the user approved the plan. Next: start the workers with the Agent tool, after approve_plan."}}'
        ;;
    esac
    exit 0
}

# A worker needs an approved plan; any other sub-agent is none of our business, Python or not.
gate_spawn() {
    event=$(cat)
    case $event in
    \{*\}) ;;
    *) cannot "the client's event for this call is garbled." "try again." ;;
    esac
    find_value tool_name
    if [ "$value" = Workflow ]; then
        gate_workflow
    fi
    find_value subagent_type
    is_worker || exit 0
    if [ $# -eq 0 ]; then
        echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"No plan is approved in this repository, so no parallel-agents:worker may start. Next: call propose_plan, show the user the plan, then call approve_plan: only the user'\''s yes opens it. Other kinds of sub-agent are not affected."}}'
        exit 0
    fi
    need_python
    printf '%s' "$event" | "$python" -I -S -X utf8 "$plugin/hooks/guard_main.py" $status spawn "$@"
    exit $?
}

# A sign of life costs no Python: the head of the event says who acts. Whoever holds a claim has a
# file already; a byte is written because opening an empty file changes no time. Python looks at what
# the call has done where the agent has a call on record, and where something is left to tell the
# agent; it is given the head, for that is read already.
beat() {
    PARALLEL_AGENTS_EVENT_HEAD=$(dd bs=4096 count=1 2>/dev/null)
    event=${PARALLEL_AGENTS_EVENT_HEAD%%\"tool_input\"*}
    find_value tool_name
    records=
    case $value in
    mcp__plugin_parallel-agents_tasks__*) ;;
    Bash | Monitor | Edit | Write | NotebookEdit | MultiEdit | mcp__*) records=mine ;;
    TaskStop | KillShell) records=all ;;
    esac
    find_value session_id
    session=$value
    find_value agent_id
    sign=$session.${value:-main}
    case $sign in *[!A-Za-z0-9._-]*) return ;; esac
    look=
    set +f
    for folder; do
        if [ -f "$folder/.alive/$sign" ] && [ ! -h "$folder/.alive/$sign" ]; then
            echo >"$folder/.alive/$sign"
        fi
        [ ! -e "$folder/.watch/notes/$sign" ] || look=1
        case $records in
        mine) for record in "$folder/.watch/flights/$sign".*; do [ ! -e "$record" ] || look=1; break; done ;;
        all) for record in "$folder/.watch/flights"/*; do [ ! -e "$record" ] || look=1; break; done ;;
        esac
    done
    [ -n "$look" ] || return
    need_python
    export PARALLEL_AGENTS_EVENT_HEAD
    exec "$python" -I -S -X utf8 "$plugin/hooks/guard_main.py" 0 after "$@"
}

# The MCP server needs uv or Python 3.11; whoever has neither is told once a session, in a sentence.
tell_what_is_missing() {
    [ -x "${CLAUDE_PLUGIN_DATA:-/nonexistent}/venv/bin/python" ] && return
    for name in uv python3.11 python3.12 python3.13 python3.14 python3.15; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    find_python && "$python" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' && return
    text='parallel-agents needs uv or Python 3.11 or later and found neither on PATH. Install uv (https://docs.astral.sh/uv/) or Python from https://www.python.org/downloads/, then start a new session.'
    printf '{"systemMessage":"%s","hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"%s Tell the user."}}\n' "$text" "$text"
    exit 0
}

need_python() {
    find_python || cannot "no python3 is on PATH." "stop and ask the user to install uv or Python 3.11."
    [ -r "$plugin/hooks/guard_main.py" ] || cannot "its files are gone (the plugin was moved or removed)." \
        "stop and ask the user to install the plugin again and to restart the session."
}

[ "$what" = read ] && allow_own_texts && exit 0

# From here and from where the session began, up to the root: an agent that changes its directory
# does not leave the run. A `.git` file leads on to the main work tree. Each `_tasks` folder of an
# active run (or one that cannot be looked into) becomes an argument.
shift
seen=
for start in . "${CLAUDE_PROJECT_DIR:-.}"; do
    cd -P "$start" 2>/dev/null && at=$PWD || at=$start
    [ "$at" = "$seen" ] && continue
    seen=$at
    while :; do
        main=
        if [ -f "$at/.git" ]; then
            git=
            IFS= read -r git 2>/dev/null <"$at/.git"
            git=${git#gitdir: }
            case $git in /*) ;; *) git=$at/$git ;; esac
            if [ -f "$git/commondir" ]; then
                IFS= read -r main <"$git/commondir"
                case $main in /*) ;; *) main=$git/$main ;; esac
                main=$main/..
            fi
        fi
        for tasks in "$at/_tasks" ${main:+"$main/_tasks"}; do
            [ -d "$tasks" ] || continue
            if [ -s "$tasks/.locks.0" ] || [ -s "$tasks/.locks.1" ] || [ ! -x "$tasks" ]; then
                set -- "$@" "$tasks"
            fi
        done
        case $at in */*) at=${at%/*} ;; *) break ;; esac
    done
done

[ $# -gt 0 ] || [ "$what" = identity ] && refuse_in_doubt
case $what in
spawn) gate_spawn "$@" ;;
session-start) tell_what_is_missing ;;
beat) [ $# -gt 0 ] && beat "$@" ;;
esac
# The user's strict mode is made ready when the session starts, run or not: a run may begin later.
strict=${PARALLEL_AGENTS_STRICT:-${CLAUDE_PLUGIN_OPTION_STRICT:-off}}
case $what:$strict in
identity:* | verbs:* | session-start:auto | session-start:required) ;;
*) [ $# -gt 0 ] && [ "$what" != beat ] || exit 0 ;;
esac
need_python
exec "$python" -I -S -X utf8 "$plugin/hooks/guard_main.py" $status "$what" "$@"
