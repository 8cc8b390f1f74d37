"""Codebases for tests: files by path, without a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1

from parallel_agents.planning.codebase import Codebase


def codebase(files: Mapping[str, str], **more: object) -> Codebase:
    """A codebase whose blobs are named after their contents, as git names them."""
    blobs = {path: sha1(text.encode()).hexdigest() for path, text in files.items()}
    contents = {blobs[path]: text.encode() for path, text in files.items()}

    def read(wanted: Sequence[str]) -> Mapping[str, bytes]:
        return {blob: contents[blob] for blob in wanted}

    return Codebase(blobs, read, **more)  # type: ignore[arg-type]
