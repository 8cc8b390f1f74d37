"""What programs do with their arguments, as data: tools of a project. See `policy`.

Formatters and linters, package managers, version bumpers, build tools.
"""

from __future__ import annotations

PROJECT = """
black ARGS:format EXT:.py,.pyi,.ipynb UNLESS:--check,--diff,--version,--help -l:- --line-length:-
    -t:- --target-version:- --config:- -c:- -S:- --include:- --exclude:- --extend-exclude:-
    --force-exclude:- -W:- --required-version:-
isort ARGS:format EXT:.py,.pyi UNLESS:--check,--check-only,-c,--diff,-d,--version,--show-settings
    --profile:- -p:- -o:- --settings-path:- --sp:- -l:- --line-length:- --skip:- -s:- -j:-
    --jobs:-
autopep8|autoflake|docformatter|pyupgrade-dir|unify|add-trailing-comma|reorder-python-imports|
pycln|yapf ARGS:format EXT:.py,.pyi IF:-i,--in-place,--in-place-all,-ir,-ri,--all DEFAULT:
    --style:- --max-line-length:- -e:- --exclude:-
pyupgrade|django-upgrade|usort|ufmt|darker|black-macchiato|ssort|absolufy-imports|flynt|com2ann|
pyment|blue|cercis|pyink ARGS:format EXT:.py,.pyi UNLESS:--check,--diff,check,diff,--dry-run
ruff|ruff.check                           RUNS --output-file:write
ruff.format ARGS:format SKIP:1 DEFAULT:. EXT:.py,.pyi,.ipynb UNLESS:--check,--diff --config:-
    --line-length:- --exclude:- --target-version:- --range:- --stdin-filename:-
ruff.check.fix ARGS:format SKIP:1 DEFAULT:. EXT:.py,.pyi,.ipynb UNLESS:--diff --config:-
    --select:- --ignore:- --extend-select:- --output-format:- --exclude:- --unfixable:-
    --fixable:- --line-length:- --target-version:- --output-file:write
prettier ARGS:format IF:--write,-w --parser:- --config:- --ignore-path:- --plugin:- --tab-width:-
    --print-width:- --log-level:- --loglevel:-
    EXT:.js,.jsx,.ts,.tsx,.mjs,.cjs,.mts,.cts,.json,.json5,.jsonc,.css,.scss,.less,.html,.vue,
    +.svelte,.md,.mdx,.markdown,.yml,.yaml,.graphql,.gql,.hbs,.toml,.xml
eslint|tslint|xo|standard|semistandard|oxlint|ts-standard|jscs|jshint|solhint ARGS:format
    IF:--fix,--fix-suggestions,--fix-dangerously DEFAULT:. --ext:- -c:- --config:- -f:- --format:-
    -o:write --output-file:write --rule:- --max-warnings:- --ignore-pattern:- --cache-location:-
    EXT:.js,.jsx,.ts,.tsx,.mjs,.cjs,.mts,.cts,.vue,.svelte,.json,.md,.sol
stylelint ARGS:format IF:--fix EXT:.css,.scss,.less,.sass,.vue,.html --config:-
markdownlint|markdownlint-cli2|mdl|textlint|remark|alex|vale|proselint ARGS:format
    IF:--fix,-f,-o,--output EXT:.md,.markdown,.mdx,.txt -c:- --config:-
biome|dprint|rome|deno|buf|dart|flutter|mix|rebar3|gleam|elm|stack|cabal|zig|nim|crystal|swift|
dotnet|terraform|tofu|packer|hugo|jekyll RUNS
biome.format|biome.check|biome.lint|rome.format ARGS:format SKIP:1 DEFAULT:.
    IF:--write,--apply,--fix,--apply-unsafe
dprint.fmt|deno.fmt                       ARGS:format SKIP:1 DEFAULT:. UNLESS:--check
dart.format|crystal.tool|zig.fmt|gleam.format|nim.pretty|swift.format ARGS:format SKIP:1 DEFAULT:.
    UNLESS:--check,-o,--set-exit-if-changed,--output=none
    EXT:.dart,.cr,.zig,.gleam,.nim,.swift,.zon
dart.fix|deno.lint ARGS:format SKIP:1 DEFAULT:. IF:--apply,--fix EXT:.dart,.ts,.js,.tsx,.jsx
mix.format ARGS:format SKIP:1 DEFAULT:. UNLESS:--check-formatted EXT:.ex,.exs,.eex,.heex
elm-format|ormolu|fourmolu|stylish-haskell|brittany|hindent|cljfmt|zprint|scalafmt|nixfmt|
nixpkgs-fmt|alejandra|purty|dhall|gersemi|raco ARGS:format DEFAULT:
    UNLESS:--validate,--check,-c,--mode=check,--test
terraform.fmt|tofu.fmt|packer.fmt ARGS:format SKIP:1 DEFAULT:. UNLESS:-check,-diff,--check
    EXT:.tf,.tfvars,.hcl,.tftest.hcl
buf.format                                ARGS:format SKIP:1 DEFAULT:. IF:-w,--write EXT:.proto
dotnet.format|dotnet.csharpier|csharpier ARGS:format DEFAULT:. UNLESS:--verify-no-changes,--check
    EXT:.cs,.vb,.fs,.csx
gofmt|goimports|gofumpt|gci|golines|shfmt|asmfmt ARGS:format IF:-w,--write,write -r:- -i:- -ln:-
    -local:- EXT:.go,.sh,.bash,.s
go                                        RUNS -o:write
go.fmt|go.fix|go.generate                 ARGS:packages SKIP:1 DEFAULT:. EXT:.go
go.build|go.test|go.vet|go.run|go.list|go.version|go.env|go.doc|go.tool -o:write RUNS
    -coverprofile:write -cpuprofile:write -memprofile:write -run:- -bench:-
go.get                                    WRITES:go.mod,go.sum RUNS
go.mod WRITES:go.mod,go.sum UNLESS:download,graph,verify,why,-json
go.work                                   WRITES:go.work
golangci-lint                             ARGS:packages SKIP:1 IF:--fix,fmt DEFAULT:. EXT:.go
cargo                                     RUNS
cargo.fmt                                 ARGS:nothing DEFAULT:. FORMATS:. UNLESS:--check EXT:.rs
cargo.fix                                 FORMATS:. EXT:.rs RUNS
cargo.clippy                              FORMATS:. IF:--fix EXT:.rs RUNS
cargo.add|cargo.remove|cargo.rm           WRITES:Cargo.toml,Cargo.lock
cargo.update|cargo.generate-lockfile|cargo.upgrade WRITES:Cargo.lock
cargo.init|cargo.new|cargo.generate HERE:--help ARGS:into SKIP:1 --name:- --edition:- --vcs:-
cargo.build|cargo.test|cargo.check|cargo.run|cargo.bench|cargo.doc MAYBE:Cargo.lock RUNS
rustfmt ARGS:write UNLESS:--check --edition:- --config:- --config-path:-
astyle                                    ARGS:format UNLESS:--dry-run,--stdin
indent                                    FIRST:write -o:write UNLESS:-o,-st,--standard-output
clang-format|clang-tidy|uncrustify|fantomas ARGS:format
    IF:-i,--in-place,--fix,--fix-errors,--replace,--suffix=none,-n --style:- -style:- -p:-
google-java-format|ktfmt ARGS:format UNLESS:-n,--dry-run,--set-exit-if-changed-only
    IF:-i,-r,--replace,-F
ktlint                                    ARGS:format IF:-F,--format DEFAULT:. EXT:.kt,.kts
swiftformat|swift-format                  ARGS:format UNLESS:--lint,--dryrun,lint EXT:.swift
swiftlint                                 ARGS:format IF:--fix,autocorrect DEFAULT:. EXT:.swift
rubocop|standardrb|haml-lint|erblint|slim-lint|reek|rufo|prettier-rb ARGS:format
    IF:-a,-A,--autocorrect,--auto-correct,--autocorrect-all,--auto-correct-all,--fix,-x,
    +--fix-layout DEFAULT:. EXT:.rb,.rake,.gemspec,.erb,.haml,.ru
php-cs-fixer|phpcbf|pint|ecs|rector ARGS:format UNLESS:--dry-run,--test,list,check DEFAULT:.
    SKIP:0 EXT:.php
sqlfluff|sqlfmt|pg_format|sqlformat ARGS:format IF:fix,format,-i,--inplace,-f
    UNLESS:--check,--diff,lint,parse EXT:.sql --dialect:- -d:-
djlint                                    ARGS:format IF:--reformat EXT:.html,.jinja,.j2
taplo ARGS:format SKIP:1 IF:fmt,format DEFAULT:. UNLESS:--check,--diff EXT:.toml
yamlfmt|yamlfix|jsonlint|fixjson|json-sort|sort-package-json|yamllint-fix|beautify|js-beautify|
html-beautify|css-beautify|tidy|htmlhint ARGS:format UNLESS:-lint,-dry,--check,-n,--dry-run
    EXT:.yaml,.yml,.json,.js,.css,.html
pre-commit.run ARGS:format SKIP:1 FORMATS:. NAMING:--files RUNS --hook-stage:- -c:read
    --config:read --from-ref:- --to-ref:-
pre-commit|lefthook|husky|lint-staged|trunk|treefmt|nx|turbo|lerna|rush|moon FORMATS:. RUNS
    IF:run,fmt,check,format,--all-files,-a,lint-staged
2to3                                      ARGS:format IF:-w,--write EXT:.py
bumpversion|bump2version|bump-my-version|tbump|semantic-release|standard-version|release-it|
changeset|cz|commitizen|towncrier|git-cliff|hatch-version
    MAYBE:pyproject.toml,setup.py,setup.cfg,package.json,package-lock.json,CHANGELOG.md,
    +Cargo.toml,VERSION RUNS -o:write
npm|pnpm|yarn|bun|npx|pnpx|bunx           RUNS
npm.install|npm.i|npm.add|npm.uninstall|npm.remove|npm.rm|npm.r|npm.un|npm.update|npm.up|
npm.dedupe|npm.audit.fix|npm.link|npm.in|npm.install-test|npm.it
    PACKAGES:package.json,package-lock.json IN:--prefix,-C RUNS
npm.ci|npm.clean-install                  IN:--prefix,-C RUNS
npm.version|npm.pkg.set|npm.pkg.delete|npm.init|npm.shrinkwrap|npm.pkg.fix|npm.create
    WRITES:package.json,package-lock.json IN:--prefix,-C RUNS
npm.pkg.get|npm.ls|npm.list|npm.view|npm.outdated|npm.root|npm.bin|npm.whoami|npm.config|
npm.why|npm.explain|npm.search|npm.help|npm.-v|npm.ping|npm.docs|npm.fund|npm.audit|npm.prefix|
npm.pack IN:--prefix,-C
yarn.install|yarn.add|yarn.remove|yarn.up|yarn.upgrade|yarn.import|yarn.dedupe
    PACKAGES:package.json,yarn.lock IN:--cwd RUNS
yarn.set|yarn.version|yarn.init           WRITES:package.json,yarn.lock,.yarnrc.yml IN:--cwd RUNS
pnpm.install|pnpm.i|pnpm.add|pnpm.remove|pnpm.rm|pnpm.update|pnpm.up|pnpm.dedupe|pnpm.import
    PACKAGES:package.json,pnpm-lock.yaml IN:-C,--dir RUNS
bun.install|bun.i|bun.add|bun.remove|bun.rm|bun.update PACKAGES:package.json,bun.lock,bun.lockb
    IN:--cwd RUNS
npm-check-updates|ncu                     WRITES:package.json IF:-u,--upgrade
poetry|uv|pdm|hatch|pipenv|conda|rye|pixi|pip|pip3|pipx|tox|nox RUNS
poetry.add|poetry.remove|poetry.version|poetry.init WRITES:pyproject.toml,poetry.lock
    IN:-C,--directory,-P RUNS
poetry.lock|poetry.update                 WRITES:poetry.lock IN:-C,--directory RUNS
poetry.install|poetry.check|poetry.show|poetry.env MAYBE: IN:-C,--directory RUNS
uv.add|uv.remove|uv.init|uv.version WRITES:pyproject.toml,uv.lock IN:--directory,--project RUNS
uv.lock WRITES:uv.lock UNLESS:--check,--locked,--dry-run IN:--directory,--project RUNS
uv.sync|uv.run MAYBE:uv.lock UNLESS:--frozen,--locked IN:--directory,--project RUNS
uv.pip.compile|pip-compile                -o:write --output-file:write WRITES: RUNS
uv.export|poetry.export|pdm.export -o:write --output-file:write --output:write -f:- --format:-
    RUNS
uv.format                                 FORMATS:. EXT:.py,.pyi UNLESS:--check,--diff
hatch.fmt                                 FORMATS:. EXT:.py,.pyi UNLESS:--check
pdm.add|pdm.remove|pdm.update|pdm.lock|pdm.install WRITES:pyproject.toml,pdm.lock RUNS
pipenv.install|pipenv.lock|pipenv.update|pipenv.uninstall|pipenv.upgrade
    WRITES:Pipfile,Pipfile.lock RUNS
rye.add|rye.remove|rye.sync|rye.lock WRITES:pyproject.toml,requirements.lock,requirements-dev.lock
    RUNS
pixi.add|pixi.remove|pixi.update          WRITES:pixi.toml,pixi.lock,pyproject.toml RUNS
bundle|bundler|gem|rake|rails             RUNS
bundle.install|bundle.check               MAYBE:Gemfile.lock RUNS
bundle.add|bundle.remove                  WRITES:Gemfile,Gemfile.lock RUNS
bundle.update|bundle.lock                 WRITES:Gemfile.lock RUNS
composer                                  RUNS
composer.require|composer.remove WRITES:composer.json,composer.lock IN:-d,--working-dir RUNS
composer.update|composer.upgrade          WRITES:composer.lock IN:-d,--working-dir RUNS
composer.install                          MAYBE:composer.lock IN:-d,--working-dir RUNS
mix.deps.get|mix.deps.update|mix.deps.unlock WRITES:mix.lock RUNS
pod.install|pod.update                    WRITES:Podfile.lock RUNS
swift.package                             MAYBE:Package.resolved RUNS
dotnet.add|dotnet.remove                  FIRST:write SKIP:1 RUNS
flutter.pub|dart.pub WRITES:pubspec.lock,pubspec.yaml UNLESS:outdated,deps RUNS
terraform.init                            MAYBE:.terraform.lock.hcl RUNS
helm|nix                                  --output-dir:into -d:into --destination:into RUNS
nix.flake                                 WRITES:flake.lock IF:update,lock RUNS
parallel-agents.report                    -o:write --output:write
"""
