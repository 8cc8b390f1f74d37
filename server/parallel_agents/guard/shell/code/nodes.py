"""The command line of node: code, modules that are loaded first, and files that options name."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY, UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN, is_known, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_LOADING = names("-r --require --import --loader --experimental-loader")
_READING = names(
    """
    --input-type -C --conditions --env-file --env-file-if-exists --icu-data-dir --openssl-config
    --title --max-old-space-size --stack-trace-limit --unhandled-rejections --watch-path
    --test-name-pattern --test-skip-pattern --test-reporter --test-concurrency --test-timeout
    --test-shard --disable-warning --dns-result-order --inspect-port --max-http-header-size
    --secure-heap --allow-fs-read --allow-fs-write --experimental-default-type --stack-size
    --tls-cipher-list --test-coverage-include --test-coverage-exclude --trace-require-module
    --experimental-config-file --use-largepages --v8-pool-size --debug-port --cpu-prof-interval
    """
)
"""Options with a value that is only read."""
_WRITING = names(
    """
    --redirect-warnings --cpu-prof-name --heap-prof-name --report-filename --snapshot-blob
    --trace-event-file-pattern --test-reporter-destination --tls-keylog --localstorage-file
    --logfile --icu-trace --perf-basic-prof-path
    """
)
_FILLING = names("--cpu-prof-dir --heap-prof-dir --diagnostic-dir --report-dir --report-directory")
_PROFILES = names("--cpu-prof --heap-prof --prof --build-snapshot --heapsnapshot-near-heap-limit")
"""Options that leave a file in the current directory."""
_CODE = names("-e --eval -p --print -pe -ep")
_QUIET = names("-v --version -h --help --v8-options -c --check --completion-bash")


def read(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """Follow what node would do."""
    from parallel_agents.guard.shell.code import languages

    code: Values | None = None
    waiting = [*_environment(state), *given]
    flags = {v[0].partition("=")[0] for v in waiting}
    if not flags.isdisjoint(_QUIET):
        return UNSEEN
    while waiting and waiting[0][0][:1] == "-" and waiting[0][0] != "-":
        word = waiting.pop(0)[0]
        option, equals, attached = word.partition("=")
        if word == "--":
            break
        valued = option in _LOADING | _READING | _WRITING | _FILLING | _CODE
        value: Values = (attached,) if equals else ()
        if valued and not equals and waiting:
            value = waiting.pop(0)
        if option in _CODE:
            code = value if code is None else code
        elif option in _LOADING:
            loaded(run, value, state)
        elif option in _WRITING:
            run.effects.write(value, state, f"{name} {option}")
        elif option in _FILLING:
            into = tuple(f"{p}/{UNKNOWN}" for v in value for p in run.absolute(v, state))
            run.effects.write(into, state, f"{name} {option}")
        elif option not in _READING and value:
            run.effects.mention(value, state, f"{name} {option}")
    folders = {"--cpu-prof-dir", "--heap-prof-dir", "--diagnostic-dir", "--snapshot-blob"}
    if not flags.isdisjoint(_PROFILES) and flags.isdisjoint(folders):
        run.effects.write(tuple(f"{cwd}/{UNKNOWN}" for cwd in state.cwds), state, f"{name} --prof")
    rest = waiting
    script: Values = ()
    if "--test" in flags:
        from parallel_agents.guard.shell.programs import testruns

        testruns.follow(run, state)
    if code is None and rest and rest[0] != ("-",):
        script = rest.pop(0)
        code = languages.script(run, name, script, rest, state, stdin)
    elif code is None:
        if "--test" in flags:
            return UNSEEN
        rest = rest[1:]
        code = stdin.texts if stdin.texts is not None else ANY
    out = languages.judge(run, "node", code, rest, state, stdin, script, {})
    if not flags.isdisjoint(("-p", "--print", "-pe")) and len(code) == 1 and is_known(code[0]):
        from parallel_agents.guard.shell.code.foreignvalues import ForeignValues

        found = ForeignValues(run, "node", code[0], rest, state, stdin).value(code[0].rstrip("; "))
        return Stream(found)
    return out


def _environment(state: State) -> list[Values]:
    """The options that the environment has for every node."""
    values = state.variables.get("NODE_OPTIONS", ())
    return [(word,) for value in values if is_known(value) for word in value.split()]


def preloaded(run: Interpreter, state: State) -> None:
    """What NODE_OPTIONS make every node load, for programs that are started by node."""
    words = _environment(state)
    for at, (word,) in enumerate(words):
        option, equals, attached = word.partition("=")
        if option in _LOADING:
            loaded(
                run, (attached,) if equals else words[at + 1] if at + 1 < len(words) else (), state
            )


def loaded(run: Interpreter, value: Values, state: State) -> None:
    """A module is loaded before the code."""
    from parallel_agents.guard.shell.code import languages

    for name in value:
        start, _, text = name.partition(",")
        if start.startswith("data:"):
            from urllib.parse import unquote

            languages.judge(run, "node", (unquote(text),), [], state, UNSEEN, (), {})
        elif "/" in name or name.endswith((".js", ".cjs", ".mjs")):
            name = name.removeprefix("file://")
            stream = run.contents((name,), state)
            texts = stream.texts if stream.texts is not None else ANY
            languages.judge(run, "node", texts, [], state, UNSEEN, (name,), {})
