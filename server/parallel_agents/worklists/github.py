"""Issues of GitHub as JSON: what `gh issue list --json number,title,body,labels,state` prints.

Also one issue (`gh issue view --json …`) and what the REST API gives. The file is a copy of what is
on the server, so nothing is written back into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parallel_agents.worklists import jsonspans
from parallel_agents.worklists.entries import Entry, Kind, Standing, WorkList, unreadable
from parallel_agents.worklists.hints import named

_BEFORE = re.compile(
    r"\b(?:blocked by|depends on|after)\b[: ]*(#\d+(?:\s*(?:and|,)?\s*#\d+)*)", re.IGNORECASE
)
_NUMBER = re.compile(r"#(\d+)")


def read(text: str, place: str) -> WorkList:
    """The issues in a list. Raises `BadInput`."""
    try:
        value = jsonspans.parse(text).value
    except jsonspans.NotJson as error:
        raise unreadable(place, str(error)) from None
    issues = value if isinstance(value, list) else [value]
    return WorkList.of(Kind.GITHUB, [_entry(i, at, place) for at, i in enumerate(issues, 1)])


def _entry(issue: Any, at: int, place: str) -> Entry:
    if not isinstance(issue, dict):
        raise unreadable(place, f"entry {at} is no issue")
    number, title, body = issue.get("number"), issue.get("title"), issue.get("body") or ""
    if not isinstance(number, int) or not isinstance(title, str) or not isinstance(body, str):
        raise unreadable(
            place,
            f"entry {at} lacks a `number` or a `title`",
            "Export with `gh issue list --json number,title,body,labels,state`.",
        )
    standing, said = _standing(issue)
    labels = ", ".join(_labels(issue.get("labels")))
    body = body.replace("\r\n", "\n").strip()
    about = f"(GitHub issue #{number}{': ' + labels if labels else ''})"
    return Entry(
        key=f"#{number}",
        name=f"issue-{number}",
        title=" ".join(title.split()) or f"Issue {number}",
        text="\n\n".join(part for part in (title.strip(), body, about) if part),
        standing=standing,
        said=said,
        after=tuple(dict.fromkeys(f"#{n}" for n in _before(body) if n != number)),
        hints=tuple(named(body)),
    )


def _standing(issue: dict[str, Any]) -> tuple[Standing, str]:
    if issue.get("pull_request"):
        return Standing.OTHER, "a pull request"
    closed = str(issue.get("state", "open")).casefold() == "closed" or issue.get("closed") is True
    return (Standing.DONE if closed else Standing.OPEN), ""


def _labels(labels: Any) -> Iterator[str]:
    for label in labels if isinstance(labels, list) else ():
        name = label.get("name") if isinstance(label, dict) else label
        if isinstance(name, str):
            yield name


def _before(body: str) -> Iterator[int]:
    for said in _BEFORE.finditer(body):
        yield from (int(n) for n in _NUMBER.findall(said[1]))
