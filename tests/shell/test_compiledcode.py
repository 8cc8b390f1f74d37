"""Programs that a command compiles and starts: their calls are read, and their arguments."""

from __future__ import annotations

import pytest
from shell.conftest import Judge

WRITING = {
    "c": (
        'int main(void) { FILE *f = fopen("src/core.py", "a"); return fclose(f); }',
        '#define OUT "docs/api/x"\nint main(void) { return open(OUT, O_WRONLY | O_CREAT, 0600); }',
        'int main(void) { return openat(AT_FDCWD, "src/core.py", O_RDWR); }',
        "int main(int c, char **argv) { return rename(argv[2], argv[1]); }",
        'int main(void) { char p[9]; sprintf(p, "docs/api/%d", 1); fopen(p, "w"); }',
        'int main(void) { return system("rm src/core.py"); }',
    ),
    "cpp": (
        'int main() { std::ofstream out("src/core.py"); }',
        'int main() { std::ofstream out; out.open("src/core.py"); }',
        'int main() { std::filesystem::remove("src/core.py"); }',
    ),
    "rs": (
        'fn main() { std::fs::write("src/core.py", "x").unwrap(); }',
        'fn main() { OpenOptions::new().append(true).open("src/core.py").unwrap(); }',
        "fn main() { let p = std::env::args().nth(1).unwrap(); fs::write(p, 1).unwrap(); }",
    ),
}
READING = {
    "c": (
        'int main(int c, char **argv) { FILE *f = fopen(argv[1], "rb"); return fgetc(f); }',
        'int main(void) { return open("src/core.py", O_RDONLY); }',
        'int main(void) { fopen("src/core.py", "r"); fopen("build/x", "w"); }',
    ),
    "cpp": ('int main() { std::ifstream in; in.open("src/core.py"); }',),
    "rs": ('fn main() { let t = std::fs::read_to_string("src/core.py").unwrap(); }',),
}
COMPILERS = {"c": "gcc -O2", "cpp": "g++", "rs": "rustc"}


def built(ending: str, code: str) -> str:
    source = f"cat > build/p.{ending} <<'E'\n{code}\nE\n"
    start = "build/p src/core.py README.md"
    return f"{source}{COMPILERS[ending]} -o build/p build/p.{ending} && {start}"


@pytest.mark.parametrize(("ending", "code"), [(e, c) for e, cs in WRITING.items() for c in cs])
def test_what_compiled_code_opens_for_writing_is_written(
    verdict: Judge, ending: str, code: str
) -> None:
    assert verdict(built(ending, code)).refuses


@pytest.mark.parametrize(("ending", "code"), [(e, c) for e, cs in READING.items() for c in cs])
def test_compiled_code_that_only_reads_may_be_given_what_is_held(
    verdict: Judge, ending: str, code: str
) -> None:
    assert verdict(built(ending, code)).findings == []
