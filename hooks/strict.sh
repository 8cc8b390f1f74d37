# Sourced by every shell of the client where the user chose strict mode: the session's environment file
# names it and sets __pa_tickets, __pa_python and __pa_plugin before. Where a ticket is left for what
# this shell is to run, the shell becomes itself again with others' files read-only; else it goes on.
if [ -z "${PARALLEL_AGENTS_CONTAINED:-}" ] && [ -n "${BASH_EXECUTION_STRING:-${ZSH_EXECUTION_STRING:-}}" ]; then
    [ -e "$__pa_tickets/sourced" ] || { mkdir -p "$__pa_tickets" && echo >"$__pa_tickets/sourced"; } 2>/dev/null
    if [ -n "${ZSH_VERSION:-}" ]; then
        eval '__pa_found=("$__pa_tickets"/*.ticket(N)); __pa_found=${__pa_found[1]:-}' # no match is no error
        __pa_shell=${commands[zsh]:-/bin/zsh}
    else
        __pa_shell=$BASH
        for __pa_found in "$__pa_tickets"/*.ticket; do break; done
    fi
    if [ -e "$__pa_found" ] && [ -x "$__pa_python" ]; then
        exec "$__pa_python" -I -S -X utf8 "$__pa_plugin/hooks/contain_main.py" "$__pa_tickets" "$__pa_shell" "${BASH_EXECUTION_STRING:-$ZSH_EXECUTION_STRING}"
    fi
fi
unset __pa_found __pa_shell
