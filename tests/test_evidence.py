"""Which pairs of disjoint tasks get a doubt from code and history, and in which words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from codebases import codebase
from parallel_agents.core.model import Task
from parallel_agents.planning import evidence
from parallel_agents.planning.changes import Hotspot
from parallel_agents.planning.evidence import Doubt, gather
from parallel_agents.planning.independence import Level, compare
from planned import task

FILES = {
    "app/cart.py": "",
    "app/order.py": "from app.cart import Cart",
    "app/tax.py": "",
    "tests/test_tax.py": "",
    "docs/guide.md": "",
    "web/index.ts": "",
    "db/one.go": "package db\nfunc Open() {}",
    "db/two.go": "package db\nfunc f() { Open() }",
    "mail/send.php": "",
}


def doubt(a: Task, b: Task, commits: Sequence[Sequence[str]] | None = None) -> Doubt | None:
    found = gather((a, b), codebase(FILES), commits)
    return found.doubts.get((0, 1))


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_that_imports_one_of_the_other_task_is_a_doubt_either_way(turned: bool) -> None:
    order, cart = task("one", "app/order.py"), task("two", "app/cart.py")
    found = doubt(cart, order) if turned else doubt(order, cart)
    assert found == Doubt("app/cart.py", "app/order.py imports app/cart.py")


def test_files_that_a_glob_covers_are_read() -> None:
    found = doubt(task("one", "**/order.py"), task("two", "app/c*.py"))
    assert found is not None
    assert found.witness == "app/cart.py"


def test_a_name_of_the_package_that_the_other_file_brings_is_a_doubt() -> None:
    found = doubt(task("one", "db/one.go"), task("two", "db/two.go"))
    assert found == Doubt("db/one.go", "db/two.go uses Open of db/one.go")


def test_a_test_named_after_a_module_of_the_other_task_is_a_doubt() -> None:
    found = doubt(task("one", "app/tax.py"), task("two", "tests/test_tax.py"))
    assert found == Doubt("app/tax.py", "tests/test_tax.py is named after app/tax.py")


@pytest.mark.parametrize(
    ("module", "test"),
    [
        ("app/tax.py", "tests/unit/test_app_tax.py"),
        ("app/sum.py", "tests/test_sum.py"),
        ("web/index.ts", "web/index.test.ts"),
        ("db/one.go", "db/one_test.go"),
        ("mail/Send.java", "test/SendTest.java"),
        ("lib/cart.rb", "spec/cart_spec.rb"),
    ],
)
def test_files_that_are_not_there_yet_are_named_after_modules_as_well(
    module: str, test: str
) -> None:
    found = doubt(task("one", module, creates=["x"]), task("two", test))
    assert found == Doubt(module, f"{test} is named after {module}")


@pytest.mark.parametrize("shared", ["tests/conftest.py", "tests/lib/server.py"])
def test_new_source_among_the_tests_is_for_tests_only(shared: str) -> None:
    assert doubt(task("one", shared), task("two", "tests/test_tax.py")) is not None
    assert doubt(task("one", shared), task("two", "app/tax.py")) is None


@pytest.mark.parametrize("new", ["app/new.py", "app/new/**", "app/new/*.py", "lib/x/**"])
def test_a_new_source_file_whose_use_nobody_declared_is_a_doubt(new: str) -> None:
    found = doubt(task("one", new), task("two", "app/tax.py"))
    assert found is not None
    assert found.witness == new
    assert "two does not say whether it uses it" in found.reason


@pytest.mark.parametrize(
    ("adding", "other"),
    [
        (task("one", "app/new.py", creates=["Basket"]), task("two", "app/tax.py")),
        (task("one", "app/new.py"), task("two", "app/tax.py", uses=["Cart"])),
        (task("one", "app/new.py"), task("two", "docs/guide.md")),
        (task("one", "app/new.py"), task("two", "web/index.ts")),
        (task("one", "tests/test_new.py"), task("two", "app/tax.py")),
        (task("one", "docs/new/**"), task("two", "app/tax.py")),
        (task("one", "APP/Cart.py"), task("two", "app/tax.py")),
    ],
    ids=["it creates", "the other uses", "prose", "another family", "a test", "texts", "not new"],
)
def test_a_new_file_that_nobody_can_use_or_that_was_declared_is_none(
    adding: Task, other: Task
) -> None:
    assert doubt(adding, other) is None


SHELF = {
    "lib/response.py": "from . import units",
    "lib/request.py": "from . import units",
    "lib/units.py": "",
    "lib/alone.py": "",
    "lib/other.py": "",
}


LISTED = {"web/index.ts": "export * from './cart'", "web/cart.ts": "", "lib/__init__.py": ""}


def test_two_new_files_of_a_folder_with_a_list_are_a_doubt_whatever_they_create() -> None:
    tasks = (
        task("one", "web/tax.ts", creates=["Tax"]),
        task("two", "web/sum.ts", creates=["Sum"]),
        task("three", "web/index.ts"),
        task("four", "lib/a.py", creates=["a"]),
        task("five", "lib/b.py", creates=["b"]),
    )
    found = gather(tasks, codebase(LISTED), None).doubts
    assert found[0, 1].reason == (
        "web/sum.ts and web/tax.ts are new, and web/index.ts may have to list both"
    )
    assert found[0, 2].reason == "web/tax.ts is new, and web/index.ts may have to list it"
    assert (3, 4) not in found


def test_files_of_one_folder_that_a_third_one_is_linked_with_are_a_doubt() -> None:
    tasks = (task("one", "lib/request.py"), task("two", "lib/response.py"))
    found = gather(tasks, codebase(SHELF), None)
    assert found.doubts[0, 1].reason == (
        "lib/request.py and lib/response.py are both linked with lib/units.py"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"lib/__init__.py": "from . import alone, request"},
        {"lib/all.py": "from . import alone, request, response, units"},
        {f"lib/m{n}.py": "" for n in range(20)},
    ],
    ids=["the list of the folder", "what imports most of it", "a large folder"],
)
def test_what_is_linked_with_most_of_a_folder_says_nothing(more: dict[str, str]) -> None:
    tasks = (task("one", "lib/request.py"), task("two", "lib/alone.py"))
    assert gather(tasks, codebase({**SHELF, **more}), None).doubts == {}


@pytest.mark.parametrize(
    ("one", "two"),
    [("app/order.py", "app/cart.py"), ("db/one.go", "db/two.go")],
    ids=["import", "name of the package"],
)
def test_a_link_between_files_that_often_change_and_never_at_once_is_none(
    one: str, two: str
) -> None:
    tasks = task("one", one), task("two", two)
    assert doubt(*tasks, [[one]] * 5 + [[two]] * 5) is None
    assert doubt(*tasks, [[one]] * 5 + [[two]] * 4) is not None
    assert doubt(*tasks, [[one, two]] + [[one]] * 4 + [[two]] * 4) is not None


def test_only_a_test_can_use_the_names_of_a_test() -> None:
    files = {
        "db/store.go": "package db\nfunc f() { Fake() }",
        "db/fake_test.go": "package db\nfunc Fake() {}",
        "db/load_test.go": "package db\nfunc g() { Fake() }",
    }
    fake = task("one", "db/fake_test.go")
    found = gather((fake, task("two", "db/store.go")), codebase(files), None)
    assert found.doubts == {}
    found = gather((fake, task("two", "db/load_test.go")), codebase(files), None)
    assert found.doubts[0, 1].reason == "db/load_test.go uses Fake of db/fake_test.go"


def test_files_that_changed_together_mostly_are_a_doubt_with_the_counts() -> None:
    commits = [["app/tax.py", "docs/guide.md"]] * 9 + [["app/tax.py"], ["docs/guide.md"]] + [["x"]]
    found = doubt(task("one", "app/tax.py"), task("two", "docs/guide.md"), commits)
    assert found is not None
    assert found.reason == (
        "app/tax.py and docs/guide.md changed together in 9 of their 11 commits"
    )


def test_the_doubt_makes_a_pair_a_check_and_declared_order_or_overlap_goes_before_it() -> None:
    tasks = (
        task("one", "app/order.py"),
        task("two", "app/cart.py"),
        task("three", "app/cart.py"),
        task("four", "app/tax.py", depends_on=["one"]),
    )
    pairs = {(str(p.a), str(p.b)): p for p in compare(tasks, gather(tasks, codebase(FILES), None))}
    assert pairs["one", "two"].level is Level.CHECK
    assert pairs["one", "two"].witness == "app/cart.py"
    assert pairs["two", "three"].level is Level.CONFLICT
    assert pairs["one", "four"].level is Level.ORDERED
    assert pairs["two", "four"].level is Level.INDEPENDENT


def test_it_says_what_was_read_and_what_is_not_understood() -> None:
    tasks = (task("one", "app/**", "mail/**"), task("two", "db/one.go"))
    found = gather(tasks, codebase({**FILES, "app/old.py": "print 'x'"}), [["a"]])
    assert found.read == {"Go": 1, "Python": 3}
    assert found.not_understood == {"php": 1}
    assert found.unread == 1
    assert found.commits == 1
    assert gather(tasks, codebase(FILES), None).commits is None


def test_of_too_many_files_every_task_gets_some_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_READ", 3)
    said: list[tuple[str, int, int]] = []
    tasks = (task("one", "app/**"), task("two", "db/**"))
    found = gather(tasks, codebase(FILES), None, lambda *step: said.append(step))
    assert found.read == {"Go": 1, "Python": 2}
    assert found.unread == 2
    assert said[0] == ("reading imports", 0, 3)


def test_a_hotspot_that_no_single_task_owns_is_named() -> None:
    commits = [["NEWS.md", "app/tax.py", "far/away.py"]] * 10 + [["app/cart.py"]] * 15
    files = codebase({**FILES, "NEWS.md": "", "far/away.py": ""})
    found = gather((task("one", "app/tax.py"), task("two", "app/cart.py")), files, commits)
    assert found.hotspots == (Hotspot("NEWS.md", 10, 25),)
    owned = gather((task("one", "app/**", "NEWS.md"), task("two")), files, commits)
    assert owned.hotspots == ()


def test_two_hundred_tasks_over_one_folder_are_no_more_than_their_pairs() -> None:
    files = {f"app/m{i}.py": f"import app.m{(i + 1) % 300}" for i in range(300)}
    tasks = [task(f"t{i}", "app/**") for i in range(200)]
    found = gather(tasks, codebase(files), [sorted(files)[:25]] * 50)
    assert len(found.doubts) == 200 * 199 // 2


def test_reading_ends_when_it_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_BYTES", 4_000)
    files = {f"app/long{i}.py": f"x = {'1' * 100}" for i in range(250)}
    found = gather((task("one", "app/**"),), codebase(files), None)
    assert found.read == {"Python": 100}
    assert found.unread == 150


def test_a_glob_that_matches_nothing_is_named_and_a_new_path_is_not() -> None:
    tasks = (task("one", "ap/**", "app/*.py", "app/new.py"), task("two", "app/x?.py"))
    assert gather(tasks, codebase(FILES), None).empty == (("one", "ap/**"), ("two", "app/x?.py"))


@pytest.mark.parametrize(("count", "is_wide"), [(29, False), (31, True)])
def test_a_task_that_may_write_a_third_of_the_files_is_wide(count: int, is_wide: bool) -> None:
    files = {f"{'app' if n < count else 'lib'}/{n}.txt": "" for n in range(100)}
    tasks = (task("one", "app/**"), task("two", "docs/a.md"))
    found = gather(tasks, codebase(files), None)
    assert found.wide == ((("one", 31, 100),) if is_wide else ())


def test_in_a_small_repository_no_task_is_wide() -> None:
    assert gather((task("one", "app/**"),), codebase(FILES), None).wide == ()
