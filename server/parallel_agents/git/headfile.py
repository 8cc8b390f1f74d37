"""The commit that a work tree is at, read from git's own files where they say it plainly.

A process of git costs more than all the rest of a claim. The layout: gitrepository-layout(5).
"""

from __future__ import annotations

import re
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = "ref: refs/heads/"
_LINK = "gitdir: "


def commit_at(tree: Path, common_dir: Path) -> str | None:
    """Full SHA that HEAD of `tree` leads to; None where only git itself can tell.

    That is so for packed refs, for other formats of refs, and where there is no commit yet.
    """
    try:
        place = tree / ".git"
        if place.is_file():
            link = place.read_text()
            if not link.startswith(_LINK):
                return None
            place = tree / link.removeprefix(_LINK).rstrip("\n")
        head = (place / "HEAD").read_text().rstrip("\n")
        if head.startswith(_BRANCH):
            head = (common_dir / head.removeprefix("ref: ")).read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return head if _SHA.fullmatch(head) else None
