"""A tree-sitter grammar and what is asked of it, made ready at its first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser, Query


class Grammar:
    """A grammar with one query, whose captures are the names of what is wanted."""

    def __init__(self, load: Callable[[], object], query: str) -> None:
        self._load = load
        self._text = query

    def captures(self, data: bytes) -> dict[str, list[Node]]:
        """The nodes of the file's tree by capture; of a broken file, what can be made out."""
        from tree_sitter import QueryCursor

        return QueryCursor(self._query).captures(self._parser.parse(data).root_node)

    @cached_property
    def _language(self) -> Language:
        from tree_sitter import Language

        return Language(self._load())

    @cached_property
    def _parser(self) -> Parser:
        from tree_sitter import Parser

        return Parser(self._language)

    @cached_property
    def _query(self) -> Query:
        from tree_sitter import Query

        return Query(self._language, self._text)


def texts(nodes: Iterable[Node]) -> list[str]:
    """The texts of some nodes, each once."""
    return list(dict.fromkeys(text(node) for node in nodes))


def text(node: Node) -> str:
    """The text of one node."""
    return (node.text or b"").decode("utf-8", "replace")
