"""Patterns: what may be claimed, what it covers, and whether two claims can meet.

The oracle is independent of the code under test: it translates a pattern to regular expressions
and looks at every path of up to three segments over a few names.
"""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from parallel_agents.core import globs
from parallel_agents.core.errors import BadInput
from parallel_agents.core.globs import covering, covers, is_literal, meet, normalize, overlap

# --- what may be claimed ---


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("src/app.py", "src/app.py"),
        ("./src//app.py", "src/app.py"),
        ("src/./api/", "src/api"),
        ("src/**", "src/**"),
        ("README.md", "README.md"),
        ("U\u0308ber uns/a b.txt", "\u00dcber uns/a b.txt"),
        (".github/workflows/*.yml", ".github/workflows/*.yml"),
        (".gitignore", ".gitignore"),
        ("lib/_tasks/x.rb", "lib/_tasks/x.rb"),
        ("src/...", "src/..."),
        ("{{cookiecutter.slug}}/setup.py", "{{cookiecutter.slug}}/setup.py"),
        ("app/[...slug]/page.tsx", "app/[...slug]/page.tsx"),
    ],
)
def test_a_pattern_is_stored_in_one_form(given_text: str, stored: str) -> None:
    assert normalize(given_text) == stored


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("/etc/passwd", "absolute"),
        ("{src,/etc}/x", "start with /"),
        ("{~,a}/x", "start with ~"),
        ("..", "'..'"),
        ("src/../../x", "'..'"),
        ("src/{..,a}/x", "'..'"),
        ("~/x", "home"),
        ("~somebody/x", "home"),
        ("!src/x", "negation"),
        ("src\\x", "backslash"),
        ("src/a\0b", "control"),
        ("src/a\nb", "control"),
        ("src/a\x85b", "control"),
        ("src/\ud800", "half a character"),
        ("**", "every file"),
        ("*", "every file"),
        (".", "every file"),
        ("./", "every file"),
        ("**/*", "every file"),
        ("*/**", "every file"),
        ("**/**/?*/**", "every file"),
        ("{src,*}", "every file"),
        ("{,src/}", "every file"),
        (".git", "lies in .git"),
        (".git/config", "lies in .git"),
        (".GIT/hooks/**", "lies in .git"),
        ("vendor/.git/config", "lies in .git"),
        ("{src,.git}/x", "lies in .git"),
        ("_tasks/plan.md", "lies in _tasks"),
        ("_Tasks", "lies in _tasks"),
        ("a{1..9}.txt", "range in braces"),
        ("a/" * 600 + "b", "longer than 1024"),
        ("{a,b}" * 6, "more than 64"),
        ("{" * 60 + "a" + ",b}" * 60 + "/{c,d,e}", "more than 64"),
        ("{a,b,c,d,e,f}/" + "x" * 900, "4096 characters"),
    ],
)
def test_what_cannot_be_claimed_is_refused_with_a_next_step(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        normalize(text)
    assert refused.value.code == "bad_path"
    assert said in refused.value.sentence
    assert refused.value.next_step
    assert len(str(refused.value)) < 400
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("text", ["a", "src/a b.txt", "a[b", "a]b", "{{x}}/y", "{a", "a,b"])
def test_a_text_without_wildcards_is_literal(text: str) -> None:
    assert is_literal(text)


@pytest.mark.parametrize("text", ["*", "a?", "src/**", "[a]", "x/[id]/y", "{a,b}", "{{a,b}}"])
def test_a_text_with_wildcards_is_not_literal(text: str) -> None:
    assert not is_literal(text)


# --- what is covered ---


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("src/api", "src/api"),
        ("src/api", "src/api/v1/users.py"),
        ("src/**", "src"),
        ("src/**", "src/a/b"),
        ("**/x", "x"),
        ("**/x", "a/b/x"),
        ("**/x", "a/x/below"),
        ("src/**/t/*.py", "src/t/a.py"),
        ("src/**/t/*.py", "src/t/t/b/t/a.py"),
        ("*", ".env"),
        ("*.py", ".py"),
        ("SRC/App.PY", "src/app.py"),
        ("src/app.py", "SRC/APP.py"),
        ("docs/U\u0308ber.md", "docs/\u00fcBER.md"),
        ("stra\u00dfe.txt", "STRASSE.txt"),
        ("?ber", "\u00dcber"),
        ("a[a-c]", "aB"),
        ("a[A-C]", "ab"),
        ("a[A-z]", "a_"),
        ("a[\u00c0-\u00d6]", "a\u00e4"),
        ("a[!b]", "ac"),
        ("a[^b]", "ac"),
        ("a[]]", "a]"),
        ("a[-x]", "a-"),
        ("a[c-a]", "ab"),
        ("a[b", "a[b"),
        ("a[!]", "a[!]"),
        ("app/[id]/page.tsx", "app/[id]/page.tsx"),
        ("app/[[...slug]]/*", "app/[[...slug]]/page.tsx"),
        ("app/[id]/page.tsx", "app/d/page.tsx"),
        ("{a,b{c,d}}/x", "bd/x"),
        ("src{,/api}/x", "src/x"),
        ("src{,/api}/x", "src/api/x"),
        ("{{a,b}}", "{b}"),
        ("{a,b}", "{a,b}"),
        ("a**b", "axxb"),
        ("***/b", "a/b"),
    ],
)
def test_a_pattern_covers(pattern: str, path: str) -> None:
    assert covers(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("src/api", "src/apix"),
        ("src/api", "src"),
        ("src/api", "api"),
        ("app.py", "src/app.py"),
        ("src/*", "src"),
        ("src/*.py", "src/a/b.py"),
        ("src/a**b", "src/a/b"),
        ("a*b*c", "acb"),
        ("ab*ba", "aba"),
        ("?", "ab"),
        ("a[!b]", "aB"),
        ("a[!b]c", "a/c"),
        ("a[+-9]c", "a/c"),
        ("**/t/**/x", "a/x/t"),
        ("{a,b}/x", "c/x"),
    ],
)
def test_a_pattern_does_not_cover(pattern: str, path: str) -> None:
    assert not covers(pattern, path)


def test_the_first_covering_pattern_is_named() -> None:
    patterns = ["docs", "src/*.py", "src/app.py"]
    assert covering(patterns, "src/app.py") == "src/*.py"
    assert covering(patterns, "lib/app.py") is None
    assert covering([], "lib/app.py") is None


# --- whether two can meet ---


@pytest.mark.parametrize(
    ("a", "b", "witness"),
    [
        ("src/a.py", "src/a.py", "src/a.py"),
        ("src/a.py", "SRC/A.py", "src/a.py"),
        ("src", "src/a.py", "src/a.py"),
        ("n", "n/x", "n/x"),
        ("src/**", "src/api/**", "src/api"),
        ("src/**/*.py", "src/api/**", "src/api/x.py"),
        ("src/*", "src/api/users.py", "src/api/users.py"),
        ("*.md", "README.*", "README.md"),
        ("*.MD", "Readme.md", "Readme.md"),
        ("test_*", "*.py", "test_x.py"),
        ("**/conftest.py", "tests", "tests/conftest.py"),
        ("a/**/c", "a/b/**", "a/b/c"),
        ("src/*/a", "src/b", "src/b/a"),
        ("**/x", "x", "x"),
        ("src/[a-c]?", "src/?z", "src/az"),
        ("a/{b,c}/d", "a/c", "a/c/d"),
        ("app/[id]/*.tsx", "app/[id]/page.tsx", "app/[id]/page.tsx"),
        ("*a*a*b", "*b*", "xaxaxb"),
        ("*", "*", "x"),
        ("?", "?", "x"),
        ("[!x]", "[!a]", "b"),
        ("[\u0436-\u0438]", "[!\u0436\u0437]", "\u0438"),
    ],
)
def test_two_patterns_that_meet_have_a_readable_witness(a: str, b: str, witness: str) -> None:
    assert overlap(a, b) == witness


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("src/a.py", "src/b.py"),
        ("src", "src2"),
        ("src/*.py", "src/*.js"),
        ("src/*.py", "src/api"),
        ("a?", "a"),
        ("[a-c]x", "[d-f]x"),
        ("[!a]x", "[a]x"),
        ("[A-Z]", "[!a-z]"),
        ("{a,b}/x", "{c,d}/x"),
        ("*a", "*b"),
    ],
)
def test_patterns_that_cannot_meet_do_not(a: str, b: str) -> None:
    assert overlap(a, b) is None
    assert overlap(b, a) is None


NAMES = ["a", "b", "ab", "ba", ".a", "[ab]"]
PATHS = ["/".join(p) for n in (1, 2, 3) for p in itertools.product(NAMES, repeat=n)]
SEGMENTS = [
    *("a", "b", "ab", ".a", "*", "**", "?", "??", "a*", "*b", "*a*", "*a*b", "?*b", "b?"),
    *("[ab]", "[ab]*", "[!a]", "[!a]*", "[.-a]b", "[[]*", "{a,b}", "{a,bb}*", "*{,b}", "[a", "{a}"),
]


def oracle(pattern: str) -> re.Pattern[str]:
    """What the path, with a slash behind it, must look like to be covered."""

    def choices(text: str) -> list[str]:
        inner = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if inner is None:
            return [text]
        parts = inner[1].split(",")
        return [t for p in parts for t in choices(text[: inner.start()] + p + text[inner.end() :])]

    def name(text: str, brackets: bool) -> str:
        out = ""
        while text:
            wild = re.match(r"\[([!^]?)(.[^]]*)\]", text) if brackets else None
            if wild:
                members = re.sub(r"([\\\[\]^&~|])", r"\\\1", wild[2])
                out += f"[{'^/' if wild[1] else ''}{members}]"
            else:
                wild = re.match(".", text)
                assert wild
                out += {"*": "[^/]*", "?": "[^/]"}.get(wild[0], re.escape(wild[0]))
            text = text[wild.end() :]
        return out

    def segment(text: str) -> str:
        if text == "**":
            return "([^/]+/)*"
        return f"({name(text, True)}|{name(text, False)})/"

    whole = ["".join(map(segment, t.split("/"))) for t in [*choices(pattern), pattern]]
    return re.compile(f"({'|'.join(whole)})([^/]+/)*", re.IGNORECASE)


def test_covering_and_overlap_agree_with_an_oracle_over_all_short_paths() -> None:
    chosen = random.Random(7)
    patterns = SEGMENTS + [
        "/".join(chosen.choices(SEGMENTS, k=chosen.randint(2, 3))) for _ in range(150)
    ]
    expected = {}
    for pattern in patterns:
        expected[pattern] = oracle(pattern)
        for path in PATHS:
            assert covers(pattern, path) == bool(expected[pattern].fullmatch(path + "/")), (
                pattern,
                path,
            )
    covered = {p: {path for path in PATHS if covers(p, path)} for p in expected}
    disjoint = 0
    for a, b in itertools.combinations_with_replacement(expected, 2):
        witness = overlap(a, b)
        if witness is None:
            disjoint += 1
            assert not covered[a] & covered[b], (a, b)
        else:
            assert expected[a].fullmatch(witness + "/"), (a, b, witness)
            assert expected[b].fullmatch(witness + "/"), (a, b, witness)
    assert disjoint > 500  # the sample has both kinds


# --- properties ---

PIECES = [
    *("a", "B", "b", "x", "\u00e9", "\u00c9", "\u00df", "\u0130", ".", "-", " ", "~", "^"),
    *("*", "*", "?", "[a-c]", "[!a]", "[A-Z]", "[!A-Z]", "[\u00e0-\u00f6]", "{a,b}", "{a*,[b]}"),
    *("[", "]", "{", "}", ",", "!"),
]
names = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
raw_patterns = st.lists(st.one_of(names, st.just("**")), min_size=1, max_size=4).map("/".join)
paths = st.lists(
    st.text("abB\u00e9\u00dfx.", min_size=1, max_size=3).filter(lambda n: n not in (".", "..")),
    min_size=1,
    max_size=3,
).map("/".join)


def valid(text: str) -> str:
    try:
        return normalize(text)
    except BadInput:
        assume(False)
        raise


patterns = raw_patterns.map(valid)


@given(patterns)
def test_the_stored_form_is_stable_and_covers_the_path_spelled_like_it(pattern: str) -> None:
    assert normalize(pattern) == pattern
    assert covers(pattern, pattern)
    assert covers(pattern, pattern + "/below")


@given(patterns, patterns, paths)
def test_two_patterns_that_cover_one_path_overlap(a: str, b: str, path: str) -> None:
    if covers(a, path):
        assert covers(a, path + "/below")
        assert overlap(a, path) is not None
    if covers(a, path) and covers(b, path):
        assert overlap(a, b) is not None


@given(patterns, patterns)
@example("\u01f0", "j?")
@example("[!a-z]", "[!0-9]")
@example("**/a/**/b", "a/**/a")
def test_both_patterns_cover_the_witness(a: str, b: str) -> None:
    witness = overlap(a, b)
    assert (overlap(b, a) is None) == (witness is None)
    if witness is not None:
        assert covers(a, witness)
        assert covers(b, witness)


@given(st.lists(patterns, max_size=4), st.lists(st.one_of(patterns, paths), max_size=4))
def test_meeting_sets_give_the_first_pair_that_overlaps(a: list[str], b: list[str]) -> None:
    every = ((x, y, overlap(x, y)) for x in a for y in b)
    assert meet(a, b) == next((pair for pair in every if pair[2] is not None), None)


# --- cost ---


def test_long_literal_sets_are_looked_up_rather_than_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []
    real = globs._overlap

    def counted(a: globs.Pattern, b: globs.Pattern) -> str | None:
        compared.append(a.text)
        return real(a, b)

    monkeypatch.setattr(globs, "_overlap", counted)
    ours = [f"src/{n % 30}/ours_{n}.py" for n in range(1000)]
    theirs = [f"src/{n % 30}/theirs_{n}.py" for n in range(1000)]
    assert meet(ours, theirs) is None
    assert compared == []
    assert meet(ours, [*theirs, "SRC/7"]) == ("src/7/ours_7.py", "SRC/7", "src/7/ours_7.py")
    assert meet([*ours, "Src/9"], theirs) == ("Src/9", "src/9/theirs_9.py", "src/9/theirs_9.py")


@pytest.mark.parametrize(
    ("a", "b", "meets"),
    [
        ("*a" * 500 + "*b", "*a" * 500 + "*b", True),
        ("*a" * 500 + "b", "*a" * 500 + "c", False),
        ("?*" * 500 + "a", "*?" * 500 + "b", False),
        ("/".join(["*a"] * 340) + "/b", "/".join(["**/a*"] * 170) + "/b", True),
        ("**/a/" * 200 + "b", "**/c/" * 200 + "d", True),
        ("{a,b}" * 5 + "*a" * 50 + "/x", "{a,b}" * 5 + "*a" * 50 + "/y", False),
        ("[" + "acegikmoqsuwy" * 70 + "]", "[" + "bdfhjlnprtvxz" * 70 + "]", False),
        ("[!" + "acegikmoqsuwy" * 70 + "]", "[!" + "bdfhjlnprtvxz" * 70 + "]", True),
        ("{" * 500, "}" * 500, False),
    ],
)
def test_the_worst_patterns_are_compared_in_bounded_time(a: str, b: str, meets: bool) -> None:
    # Back-tracking over these would not end; the automata's product has at most a million states.
    a, b = normalize(a), normalize(b)
    assert (overlap(a, b) is not None) == meets
    assert not covers(a, "/".join(["a" * 60] * 60) + "/-")


def test_where_a_combining_mark_follows_a_wildcard_overlap_is_assumed() -> None:
    assert overlap("e?", "?\u0301") is not None
