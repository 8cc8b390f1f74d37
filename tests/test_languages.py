"""What each language's files import, resolved to files of the repository."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from codebases import codebase
from parallel_agents.planning import languages


def imported(path: str, files: Mapping[str, str]) -> set[str]:
    source = languages.read(path, files[path].encode())
    assert source is not None
    return languages.targets(path, source, codebase(files))


def leads(path: str, text: str, *others: str, **contents: str) -> set[str]:
    """The targets of `path` with this text, among empty files and those with contents."""
    return imported(path, {**dict.fromkeys(others, ""), **contents, path: text})


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("import shop.cart", "src/shop/cart.py"),
        ("import shop", "src/shop/__init__.py"),
        ("from shop import cart", "src/shop/cart.py"),
        ("from shop.cart import Cart", "src/shop/cart.py"),
        ("from . import cart", "src/shop/cart.py"),
        ("from .cart import Cart", "src/shop/cart.py"),
        ("from .. import tools", "src/tools.py"),
        ("from ..tools import x", "src/tools.py"),
        (
            "def f():\n    try:\n        from shop.cart import C\n    except E: pass",
            "src/shop/cart.py",
        ),
        ("match x:\n    case 1:\n        import shop.cart", "src/shop/cart.py"),
        ("import tools", "src/tools.py"),
    ],
)
def test_python_imports_lead_to_modules(statement: str, target: str) -> None:
    others = ("src/shop/cart.py", "src/shop/__init__.py", "src/tools.py", "tests/cart.py")
    assert leads("src/shop/order.py", statement, *others) == {target}


def test_a_name_taken_from_a_python_package_leads_to_where_the_package_has_it_from() -> None:
    files = {
        "shop/__init__.py": "from .cart import Cart as Cart\nfrom .order import Order\n",
        "shop/cart.py": "",
        "shop/order.py": "",
        "tests/test_shop.py": "from shop import Cart\n",
    }
    assert imported("tests/test_shop.py", files) == {"shop/__init__.py", "shop/cart.py"}


def test_what_is_taken_of_a_whole_python_package_leads_to_where_it_has_it_from() -> None:
    files = {
        "shop/__init__.py": "from .cart import Cart\nfrom . import order\n",
        "shop/cart.py": "",
        "shop/order.py": "",
        "main.py": "import shop\nimport shop as s\nshop.Cart()\nprint(s.order.x, other.tax)\n",
    }
    assert imported("main.py", files) == {"shop/__init__.py", "shop/cart.py", "shop/order.py"}


def test_a_python_test_has_the_fixtures_of_its_folder_and_of_those_above() -> None:
    others = ("conftest.py", "tests/conftest.py", "tests/unit/conftest.py", "docs/conftest.py")
    assert leads("tests/unit/test_x.py", "", *others) == set(others[:3])
    assert leads("tests/unit/lib.py", "", *others) == set()


def test_of_two_python_roots_the_one_nearby_is_meant() -> None:
    others = ("one/src/app/x.py", "two/src/app/x.py")
    assert leads("two/tests/test_x.py", "import app.x", *others) == {"two/src/app/x.py"}


def test_a_folder_inside_a_python_package_is_no_root() -> None:
    others = ("app/__init__.py", "app/json.py")
    assert leads("other/main.py", "import json", *others) == set()


@pytest.mark.parametrize("text", ["print 'old'", "def f(:", "x = '\0'"])
def test_what_is_no_python_is_not_understood(text: str) -> None:
    assert languages.read("a.py", text.encode()) is None


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("import { a } from './cart'", "web/cart.ts"),
        ("import './cart.js'", "web/cart.ts"),
        ("export * from '../lib/money'", "lib/money.js"),
        ("const c = require('./parts')", "web/parts/index.tsx"),
        ("const c = await import('./cart')", "web/cart.ts"),
        ("import data from './data.json'", "web/data.json"),
        ("import x from './cart?raw'", "web/cart.ts"),
        ("import m from '@shop/money'", "packages/money/src/index.ts"),
        ("import m from '@shop/money/round'", "packages/money/src/round.ts"),
        ("import m from '~/cart'", "web/cart.ts"),
        ("import 'lib/money'", "lib/money.js"),
        ("vi.mock('./cart')", "web/cart.ts"),
    ],
)
@pytest.mark.parametrize("path", ["web/order.ts", "web/order.js", "web/order.tsx"])
def test_javascript_and_typescript_imports_lead_to_files(
    path: str, statement: str, target: str
) -> None:
    files = {
        "web/cart.ts": "",
        "web/parts/index.tsx": "",
        "web/data.json": "{}",
        "lib/money.js": "",
        "packages/money/package.json": '{"name": "@shop/money"}',
        "packages/money/src/index.ts": "",
        "packages/money/src/round.ts": "",
        "tsconfig.json": '{// roots\n"compilerOptions": {"baseUrl": ".", '
        '"paths": {"~/*": ["web/*"],},},}',
    }
    assert imported(path, {**files, path: statement}) == {target}


def test_a_required_name_in_a_text_is_no_import() -> None:
    text = "// require('./cart')\nconst s = \"require('./cart')\"\nload('./cart')"
    assert leads("a.js", text, "cart.js") == set()


def test_go_imports_lead_to_the_files_of_the_package() -> None:
    files = {
        "go.mod": "module example.com/shop // v1\n\ngo 1.22\n",
        "tools/go.mod": 'module "example.com/shop/tools"\n',
        "cart/cart.go": "package cart",
        "cart/price.go": "package cart",
        "cart/cart_test.go": "package cart",
        "tools/gen/gen.go": "package gen",
        "main.go": 'package main\nimport (\n"fmt"\nc "example.com/shop/cart"\n)\n'
        'import "example.com/shop/tools/gen"\n',
    }
    assert imported("main.go", files) == {"cart/cart.go", "cart/price.go", "tools/gen/gen.go"}


def test_go_files_of_one_package_say_which_names_they_bring_and_mention() -> None:
    text = (
        "package cart\nconst Most = 3\nvar (\n A, B int\n)\ntype Cart struct{}\nfunc New() *Cart {"
    )
    source = languages.read("cart/cart.go", (text + " return price(Most) }").encode())
    assert source is not None
    assert source.package == "go:cart"
    assert source.defines == {"Most", "A", "B", "Cart", "New"}
    assert {"price", "Cart"} <= source.mentions


@pytest.mark.parametrize(
    ("path", "statement", "target"),
    [
        ("app/src/main.rs", "mod cart;", "app/src/cart.rs"),
        ("app/src/main.rs", "mod order;", "app/src/order/mod.rs"),
        ("app/src/order/mod.rs", "mod line;", "app/src/order/line.rs"),
        ("app/src/order/line.rs", "use super::super::cart::Cart;", "app/src/cart.rs"),
        ("app/src/order/line.rs", "use crate::cart::{self, Cart as C};", "app/src/cart.rs"),
        ("app/src/order/line.rs", "use crate::{cart::*};", "app/src/cart.rs"),
        ("app/src/order/line.rs", "fn f() { crate::cart::new() }", "app/src/cart.rs"),
        ("app/src/order/line.rs", "use super::Order;", "app/src/order/mod.rs"),
        ("app/src/main.rs", "use shop_money::round;", "money/src/lib.rs"),
        ("app/src/main.rs", "use shop_money::tax::Rate;", "money/src/tax.rs"),
        ("app/src/main.rs", "fn f(x: shop_money::tax::Rate) {}", "money/src/tax.rs"),
    ],
)
def test_rust_modules_and_paths_lead_to_files(path: str, statement: str, target: str) -> None:
    files = dict.fromkeys(
        (
            *("app/src/main.rs", "app/src/cart.rs", "app/src/order/mod.rs"),
            *("app/src/order/line.rs", "money/src/lib.rs", "money/src/tax.rs"),
        ),
        "",
    )
    files["app/Cargo.toml"] = '[package]\nname = "app"\n'
    files["money/Cargo.toml"] = '[package]\nname = "shop-money"\n'
    assert imported(path, {**files, path: statement}) == {target}


def test_a_name_that_a_rust_root_hands_on_leads_to_where_it_has_it_from() -> None:
    files = {
        "Cargo.toml": '[package]\nname = "shop"\n',
        "src/lib.rs": "mod cart;\nmod tax;\npub use crate::cart::{Cart, Line as Item};\n",
        "src/cart.rs": "",
        "src/tax.rs": "",
        "tests/all.rs": "use shop::Cart;\n",
    }
    assert imported("tests/all.rs", files) == {"src/lib.rs", "src/cart.rs"}


def test_an_index_leads_to_what_it_hands_on() -> None:
    files = {
        "lib/index.ts": "export * from './cart'\nexport { tax } from './tax'\n",
        "lib/cart.ts": "import './deep'",
        "lib/tax.ts": "",
        "lib/deep.ts": "",
        "main.ts": "import { Cart } from './lib'\n",
    }
    assert imported("main.ts", files) == {"lib/index.ts", "lib/cart.ts", "lib/tax.ts"}


def test_an_inline_rust_module_and_a_crate_from_elsewhere_lead_nowhere() -> None:
    text = "mod tests { use std::fmt; }\nuse serde::Serialize;"
    assert leads("src/lib.rs", text, "src/tests.rs", "src/serde.rs") <= {"src/serde.rs"}


@pytest.mark.parametrize(
    ("statement", "targets"),
    [
        ("import shop.cart.Cart;", {"main/shop/cart/Cart.java"}),
        ("import static shop.cart.Cart.MOST;", {"main/shop/cart/Cart.java"}),
        ("import shop.cart.*;", {"main/shop/cart/Cart.java", "main/shop/cart/Line.java"}),
        ("import java.util.List;", set()),
    ],
)
def test_java_imports_lead_to_types(statement: str, targets: set[str]) -> None:
    others = ("main/shop/cart/Cart.java", "main/shop/cart/Line.java")
    assert leads("main/shop/Order.java", f"package shop;\n{statement}", *others) == targets


def test_java_types_of_one_package_are_seen_in_whatever_folder_they_are() -> None:
    source = languages.read("test/shop/A.java", b"package shop; class A { Cart c; enum In {} }")
    assert source is not None
    assert source.package == "java:shop"
    assert source.defines == {"A"}
    assert "Cart" in source.mentions


@pytest.mark.parametrize(
    ("path", "statement", "targets"),
    [
        ("src/a.c", '#include "cart.h"', {"src/cart.h"}),
        ("src/a.c", '#include "../lib/money.h"', {"lib/money.h"}),
        ("test/t.cpp", "#include <shop/api.hpp>", {"include/shop/api.hpp"}),
        ("test/t.c", '#include "cart.h"', {"src/cart.h"}),
        ("src/a.c", "#include <stdio.h>", set()),
        ("src/a.c", '// #include "cart.h"', set()),
    ],
)
def test_c_includes_lead_to_headers(path: str, statement: str, targets: set[str]) -> None:
    others = ("src/cart.h", "src/cart.c", "lib/money.h", "include/shop/api.hpp")
    assert leads(path, statement, *others) == targets


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("require_relative 'cart'", "lib/shop/cart.rb"),
        ("require_relative '../money.rb'", "lib/money.rb"),
        ("require 'shop/cart'", "lib/shop/cart.rb"),
        ("require 'money'", "lib/money.rb"),
        ("autoload :Cart, 'shop/cart'", "lib/shop/cart.rb"),
        ("x = LineItem.new", "app/models/line_item.rb"),
        ("class A < Shop::HTTPClient; end", "lib/shop/http_client.rb"),
    ],
)
def test_ruby_requires_and_constants_lead_to_files(statement: str, target: str) -> None:
    others = (
        *("lib/shop/cart.rb", "lib/money.rb", "app/models/line_item.rb"),
        *("lib/shop/http_client.rb", "spec/support/money.rb"),
    )
    assert leads("lib/shop/order.rb", statement, *others) == {target}


@pytest.mark.parametrize("ending", ["js", "ts", "tsx", "go", "rs", "java", "c", "cpp", "rb"])
@pytest.mark.parametrize(
    "text", ["", "}}} (( {", "\ufeff\u00fc \u2028 ''' \"", "import import;" * 9]
)
def test_broken_files_are_read_as_far_as_they_can_be(ending: str, text: str) -> None:
    source = languages.read(f"a.{ending}", text.encode())
    assert source is not None
    assert languages.targets(f"a.{ending}", source, codebase({})) == set()


def test_other_languages_and_binary_files_are_not_understood() -> None:
    assert languages.language("a.php") is None
    assert languages.read("a.php", b"<?php") is None
    assert languages.read("a.go", b"\0\1") is None
