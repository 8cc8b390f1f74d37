"""The page that lies in every `_tasks/`: what it is, and the protocol by hand."""

README = """\
# _tasks: who works on what

Made by parallel-agents. This folder *is* the state of the run: a task's folder is its state, and
one `rename` moves it on. It is kept out of git by `.git/info/exclude`.

| folder | a task there |
|---|---|
| `available/` | can be claimed, once everything in its `depends_on` is in `completed/` |
| `claimed/` | is held by one agent, and so is every path in its `files` |
| `completed/` | is done; its commit is in the last line of its history |
| `failed/` | failed once; it is tried again, by another agent first |
| `blocked/` | failed twice or was recovered three times; a person decides |

`plan.md` is the plan the user approved, `proposal.md` one that waits for a yes.

By hand: read anything; edit the instructions or the `files` of a task that nobody holds; move a
task with `mv` (from `blocked/` to `available/`, say). The next call of any server notices and goes
on from where the files are. Do not edit `## History`: it only grows.

The names that begin with a dot are the machinery: the lock, the event feed, the table that the
editing guard reads, and signs of life. They are made again from the task files when they are lost.
"""
