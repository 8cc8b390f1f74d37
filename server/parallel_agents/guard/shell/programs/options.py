"""`set` and `shopt`: what the shell is told to do otherwise, and its arguments."""

from __future__ import annotations

from parallel_agents.guard.shell.bash import expansion
from parallel_agents.guard.shell.bash.state import NOTHING, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.interpreter import Interpreter
    from parallel_agents.guard.shell.bash.state import State, Values

_LETTERS = {
    "C": "noclobber",
    "E": "errtrace",
    "T": "functrace",
    "a": "allexport",
    "e": "errexit",
    "f": "noglob",
    "n": "noexec",
    "x": "xtrace",
}


def change(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`set`."""
    run.succeeded(True)
    words = taken(list(given), state)
    traced(run, state)
    if "noexec" in state.options:
        state.dead = state.over = True
    if words is not given and (words or ("--",) in given):
        state.arguments = expansion.spread(run, words, state)
        run.bare = False
    return NOTHING


def taken(words: list[Values], state: State) -> list[Values]:
    """Set what the options in front say; what is behind them."""
    while words and words[0][0][:1] in ("-", "+") and len(words[0][0]) > 1:
        word = words.pop(0)[0]
        if word == "--":
            break
        letters = word[1:]
        if letters in ("O", "o") and words and words[0][0][:1] not in ("-", "+"):
            switch(words.pop(0)[0], word[0] == "-", state)
            continue
        for letter in letters:
            if letter == "o" and words:
                switch(words.pop(0)[0], word[0] == "-", state)
            elif letter in _LETTERS:
                switch(_LETTERS[letter], word[0] == "-", state)
    return words


def switch(name: str, on: bool, state: State) -> None:
    """Set one option."""
    state.options = state.options | {name} if on else state.options - {name}


def traced(run: Interpreter, state: State) -> None:
    """With `set -x`, what stands before each traced line is expanded."""
    prompt = state.variables.get("PS4")
    if "xtrace" in state.options and prompt is not None:
        for text in prompt:
            expansion.value(run, text, state, quoted=True)


def shopt(run: Interpreter, name: str, given: list[Values], state: State, stdin: Stream) -> Stream:
    """`shopt`."""
    run.succeeded(True)
    on = ("-s",) in given
    if on or ("-u",) in given:
        for values in given:
            if values[0][:1] != "-":
                switch(values[0], on, state)
    return NOTHING
