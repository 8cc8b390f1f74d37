"""Codebases for tests: files by path, without a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parallel_agents.planning.codebase import Codebase


def codebase(files: Mapping[str, str], **more: object) -> Codebase:
    """A codebase whose blobs are named after their paths."""

    def read(blobs: Sequence[str]) -> Mapping[str, bytes]:
        return {blob: files[blob].encode() for blob in blobs}

    return Codebase({path: path for path in files}, read, **more)  # type: ignore[arg-type]
