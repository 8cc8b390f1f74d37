"""Programs that code of other languages starts: by a list of words, or by a shell."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import UNSEEN, Stream
from parallel_agents.guard.shell.bash.words import UNKNOWN
from parallel_agents.guard.shell.code.foreignnames import ForeignNames
from parallel_agents.guard.shell.code.foreigntexts import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import State


class ForeignPrograms(ForeignNames):
    """What one program starts."""

    unclear = False
    """Whether a call that writes is given what nobody knows."""

    def runs(self, given: list[str]) -> None:
        """Follow a call that starts a program."""
        if not given:
            return
        first = self.value(given[0])
        from parallel_agents.guard.shell.programs import invocation

        if len(given) > 1 and given[1].lstrip().startswith("["):
            items = split(given[1].strip()[1:-1])
            state = self.state.copy()
            if len(given) > 2:
                self._placed(given[2], state)
            invocation.run(self.run, [first, *self.words(items)], state, UNSEEN)
            return
        if (
            len(given) > 1
            and self.name in ("perl", "ruby", "java")
            and not given[1].lstrip().startswith("{")
        ):
            plain = [item for item in given if ":" not in item or "'" in item or '"' in item]
            invocation.run(self.run, self.words(plain), self.state.copy(), UNSEEN)
            return
        for text in first:
            if text == UNKNOWN:
                self.unclear = True
            else:
                state = self.state.copy()
                if len(given) > 1:
                    self._placed(given[1], state)
                stdin = UNSEEN
                found = self.re.search(r"\binput\s*:\s*([^,}]+)", given[-1])
                if found:
                    stdin = Stream(self.value(found[1]))
                self.run.inner(text, state, stdin)

    def _placed(self, options: str, state: State) -> None:
        """`{cwd: 'docs/api', env: {F: 'x'}}` of a program that is started."""
        found = self.re.search(r"\bcwd\s*:\s*([^,}]+)", options)
        if found:
            values = self.value(found[1])
            state.cwds = tuple(p for v in values for p in self.run.absolute(v, self.state))
        for found in self.re.finditer(r"\b([A-Z_]\w*)\s*:\s*('[^']*'|\"[^\"]*\")", options):
            state.variables[found[1]] = self.value(found[2])
