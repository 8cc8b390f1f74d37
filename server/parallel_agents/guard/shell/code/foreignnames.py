"""Names in code of other languages: parameters, lists taken apart, variables of loops."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.state import ANY
from parallel_agents.guard.shell.bash.words import capped
from parallel_agents.guard.shell.code import foreignfilters
from parallel_agents.guard.shell.code.foreigntexts import matching, split
from parallel_agents.guard.shell.code.foreignuses import ForeignUses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from parallel_agents.guard.shell.bash.state import Values

_MOST_CALLS = 40


class ForeignNames(ForeignUses):
    """Finds out what names of a program stand for that no single assignment says."""

    def also(self, name: str, values: Values) -> None:
        """A name has these values, too."""
        if name.isidentifier() and values != ANY:
            self.variables[name] = capped([*self.variables.get(name, ()), *values])

    def taken_apart(self) -> None:
        """`my ($a, $b) = ("x", "y")`, `const [a, b] = ["x", "y"]`."""
        pattern = r"[(\[]([\w$@%,\s]{1,200})[)\]]\s*=(?![=>~])\s*(?=[(\[])"
        for found in self.re.finditer(pattern, self.mask):
            end = matching(self.mask, found.end())
            given = split(self.text[found.end() + 1 : end], ",", self.mask[found.end() + 1 : end])
            for name, text in zip(found[1].split(","), given):
                self.also(name.strip().lstrip("$@%"), self.value(text))

    def functions(self) -> None:
        """What the functions of the code are called with, as values of their parameters."""
        re = self.re
        for found in re.finditer(
            r"\bfunction\s+(\w+)\s*\(([^)]{0,200})\)"
            r"|\b(\w+)\s*=\s*(?:async\s*)?\(([\w\s,]{0,100})\)\s*=>"
            r"|\bdef\s+(\w+)\s*\(([^)\n]{0,200})\)"
            r"|\bsub\s+(\w+)\s*\{\s*my\s*\(([^)=;]{0,200})\)\s*=",
            self.mask,
        ):
            name, inner = [g for g in found.groups() if g is not None][:2]
            names = [n.split("=")[0].strip().lstrip("$@%") for n in inner.split(",")]
            calls = re.finditer(rf"(?<![\w.]){re.escape(name)}\s*\(", self.mask)
            for call in [*calls][:_MOST_CALLS]:
                self.run.budget.step(4)
                if found.start() <= call.start() < found.end():
                    continue
                start, end = call.end(), matching(self.mask, call.end() - 1)
                given = split(self.text[start:end], ",", self.mask[start:end])
                for parameter, text in zip(names, given):
                    self.also(parameter, self.value(text))

    def kept(self, name: str, values: Values, at: int) -> Values:
        """The values of a loop's variable that the loop, whose body is at `at`, leaves in."""
        if len(values) > 64:
            return values
        before = self.variables.get(name)
        found: list[str] = []
        for value in values:
            self.run.budget.step(4)
            self.variables[name] = (value,)
            if not self._is_left_out(name, at):
                found.append(value)
        self.variables.pop(name, None)
        if before is not None:
            self.variables[name] = before
        return tuple(found)

    def _is_left_out(self, name: str, at: int) -> bool:
        re, body, mask = self.re, self.text[at : at + 600], self.mask[at : at + 600]
        for found in re.finditer(r"next\s+(if|unless)\s+([^;\n}]{1,200})", body):
            state = foreignfilters.holds(self, found[2], name)
            if state is not None and state == (found[1] == "if"):
                return True
        for found in re.finditer(r"\bif\s*(?=\()", mask):
            end = matching(mask, found.end()) + 1
            behind = mask[end : end + 20].lstrip("{ \n")
            leaves = behind.startswith(("continue", "next", "return", "break"))
            if leaves and foreignfilters.holds(self, body[found.end() : end], name):
                return True
        found = re.match(r"[)\s]*(?:=>)?\s*\{?\s*(if|unless)\s*(?=\()", mask)
        if found:
            end = matching(mask, found.end()) + 1
            state = foreignfilters.holds(self, body[found.end() : end], name)
            return state is not None and state == (found[1] == "unless")
        return False
