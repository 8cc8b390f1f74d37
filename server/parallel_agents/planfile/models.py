"""The shape of a plan as models and people write it: the arguments of `propose_plan`.

Strict: a value of the wrong type is never converted, because a plan that says something else than
its text must not be put before the user.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from parallel_agents.core.model import Plan, Strategy, Task, TaskId

_Text = Annotated[str, Field(min_length=1)]


class TaskInput(BaseModel):
    """One task of a plan, as a model or a person writes it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: str = Field(description="Short name: a-z, 0-9 and `-`, at most 64 characters.")
    title: _Text = Field(description="What the task is, in one line.")
    instructions: _Text = Field(
        description="All that the agent needs to know: it sees nothing of this conversation."
    )
    files: list[str] = Field(
        description="Every path or glob the task may write, new files included, relative to the "
        "repository root (`src/auth/**`). Nothing else can be edited."
    )
    reads: list[str] = Field(
        default=[], description="Paths or globs whose content the task relies on."
    )
    creates: list[str] = Field(
        default=[], description="Names of interfaces that the task brings or changes."
    )
    uses: list[str] = Field(
        default=[], description="Names of interfaces that the task needs; their creators go first."
    )
    depends_on: list[str] = Field(
        default=[], description="Ids of tasks that must be completed before."
    )
    check: _Text | None = Field(
        default=None, description="Command that exits with 0 when the task is done."
    )
    size: int | None = Field(default=None, description="Expected work in minutes.")
    priority: int = Field(default=0, description="Larger is claimed earlier.")
    settles: list[str] = Field(
        default=[],
        description="Completed tasks whose results conflict and that this one joins, as the user "
        "decided; also in `depends_on`.",
    )

    def to_task(self) -> Task:
        """The same as a value of the core; nothing is checked beyond the types."""
        return Task(
            id=TaskId(self.id),
            title=self.title,
            instructions=self.instructions,
            files=tuple(self.files),
            reads=tuple(self.reads),
            creates=tuple(self.creates),
            uses=tuple(self.uses),
            depends_on=tuple(TaskId(t) for t in self.depends_on),
            check=self.check,
            size=self.size,
            priority=self.priority,
            settles=tuple(TaskId(t) for t in self.settles),
        )


class PlanInput(BaseModel):
    """A plan, as a model or a person writes it: the arguments of `propose_plan`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    goal: _Text = Field(description="What all tasks together achieve, in one or two sentences.")
    tasks: list[TaskInput] = Field(description="The tasks; their file sets should not overlap.")
    strategy: Literal["worktree", "branch", "files"] | None = Field(
        default=None,
        description="How agents are kept apart, if the user named it; the user decides in the end.",
    )
    check: _Text | None = Field(
        default=None, description="Command that tests the combined result before it lands."
    )
    setup: _Text | None = Field(
        default=None, description="Command that makes a fresh work tree ready, as installing does."
    )
    max_agents: int | None = Field(default=None, description="At most so many agents at once.")

    def to_plan(self) -> Plan:
        """The same as a value of the core; `planning.validation` checks what it says."""
        return Plan(
            goal=self.goal,
            tasks=tuple(t.to_task() for t in self.tasks),
            check=self.check,
            setup=self.setup,
            max_agents=self.max_agents,
            strategy=None if self.strategy is None else Strategy(self.strategy),
        )
