"""What programs do with their arguments, as data: one line for each class of programs.

    name|name   ARGS:role  LAST:role  FIRST:role  -o:role  SKIP:n  IF:-i,--in-place
                UNLESS:--check  EXT:.py,.pyi  DEFAULT:.  WRITES:file,file  MAYBE:file,file
                IN:-C,--prefix  RUNS

`ARGS` is what happens to the words that are no options (default `read`), `FIRST` and `LAST` to one
of them, `-o` to the value of that option (`-` where it is no path), `SKIP` leaves out as many words
(a script, a sub-command). With `IF` the roles of the words count only where one of the options is
given, with `UNLESS` only where none is. `WRITES` are files that are written in any case, `MAYBE`
files that are often rewritten though not asked for, in the folder that an option of `IN` names.
`RUNS`: it runs code that is not seen. Roles: read, write (the content), entry (the name gets
another file or none), tree (with all that is below), format (with all below that has one of the
endings `EXT`), folder (is made), touch (is made if missing), into (files of unknown names in it).
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import names

_TABLE = """
tee|sponge|truncate|shred|pee             ARGS:write -s:- --size:- -r:read -n:-
touch                                     ARGS:touch -d:- --date:- -r:read -t:-
mkdir|mkfifo|mknod                        ARGS:folder -m:- --mode:- -Z:-
rmdir|unlink                              ARGS:entry
rm|trash|trash-put|rimraf|del|srm|gio     ARGS:tree
strip|patchelf|dos2unix|unix2dos|fromdos|todos|ctags-update|upx|jpegoptim|optipng|pngquant
    ARGS:entry -o:write
sort -o:write --output:write -k:- -t:- -S:- -T:- --key:- --field-separator:-
uniq LAST:second -f:- -s:- -w:- --skip-fields:- --skip-chars:- --check-chars:-
shuf                                      -o:write --output:write -n:- -i:-
nl|fold|expand|unexpand|pr|fmt|column|comm|join|paste|rev|tac|cut|tr
dd                                        ARGS:dd
split LAST:prefix FIRST:read -l:- -b:- -n:- -a:- -C:- --lines:- --bytes:- --additional-suffix:-
    --filter:-
csplit                                    -f:prefix --prefix:prefix -b:- -n:- SKIP:99 FIRST:read
curl -o:write --output:write -D:write --dump-header:write -c:write --cookie-jar:write
    --trace:write --trace-ascii:write --stderr:write --etag-save:write --output-dir:- -H:- -X:-
    -d:- --data:- --data-raw:- --data-binary:- -u:- -A:- -e:- -F:- -b:- -m:- --max-time:-
    --retry:- --connect-timeout:- -w:- -T:read -K:read
wget|aria2c -O:write --output-document:write -o:write -a:write --output-file:write -P:into
    --directory-prefix:into -d:into --dir:into -U:- --header:- --post-data:- -t:- -T:-
zip FIRST:write -x:- -i:- -b:- -O:write --out:write -P:- -t:- -tt:- -n:- -s:- -lf:write
ar|ranlib                                 FIRST:write SKIP:1
gzip|gunzip|bzip2|bunzip2|xz|unxz|zstd|unzstd|lzma|compress|uncompress|pigz|brotli ARGS:packed
    -o:write -S:- UNLESS:-c,--stdout,--to-stdout,-t,--test,-l,--list
gcc|cc|g++|c++|clang|clang++|ld|as|rustc|ghc|tcc|nasm|swiftc|kotlinc|gfortran -o:write
    --output:write --out-dir:into --outdir:into -MF:write -MT:- -D:- -I:- -L:- -x:- -include:read
    -std:-
tsc --outFile:write --outDir:into --tsBuildInfoFile:write -p:- --project:- --declarationDir:into
    RUNS
javac                                     -d:into RUNS
esbuild|rollup|swc|sass|lessc|postcss|uglifyjs|terser|babel|webpack|vite|parcel|bun-build -o:write
    --outfile:write --file:write --outdir:into --out-dir:into -d:into --dir:into --output:write
    RUNS
pandoc|asciidoctor|dot|plantuml|mmdc|rst2html|sphinx-build|wkhtmltopdf|inkscape|rsvg-convert|
xsltproc|m4|envsubst|protoc|flex|bison|yacc|gperf|cmark|markdown|doxygen|quicktype|
openapi-generator|swagger-codegen|cloc|tokei|xmllint|gettext|xgettext|msgfmt|msgmerge|ctags|
etags|gtags|graph-easy|scc|csvsql|qpdf|gs|img2pdf|svgo|cwebp|optpng -o:write --output:write
    --outfile:write --out:write -out:write --output-file:write --export-filename:write
    --output-dir:into -d:- -f:- -t:- --from:- --to:- -U:entry --fix-output:write -T:- -K:-
    --stringparam:-
convert|magick|mogrify|ffmpeg|sox|ffmpeg-normalize LAST:write
sqlite3|duckdb ARGS:sql FIRST:write -init:read -cmd:sql -separator:-
openssl|ssh-keygen|gpg|age|keytool|cosign -out:write -o:write -f:entry --output:write
    -keyout:write --outfile:write
objdump|nm|readelf|size|ldd|strings|xxd-r
xxd                                       LAST:second -s:- -l:- -c:- -g:- -o:-
base64|uuencode|uudecode|od|hexdump       -o:write --output:write -i:read -w:- -t:- -n:- -A:-
jq|gojq|jaq|fx|dasel|yj SKIP:1 --arg:- --argjson:- --indent:- --slurpfile:- --rawfile:- -f:read
    --from-file:read -L:-
yq ARGS:entry SKIP:1 IF:-i,--inplace,--in-place,-y-i -o:- --output-format:- -p:- --input-format:-
xq|tomlq                                  ARGS:entry SKIP:1 IF:-i,--in-place
jo|toml|toml-cli|crudini|dotenv|stow|augtool|conf ARGS:entry UNLESS:get,--get
xmlstarlet                                ARGS:entry IF:-L,--inplace
sd|fastmod|rpl|replace|codemod|comby|ast-grep|sg|rep|repren|ambr|gsar|srep ARGS:format SKIP:2
    DEFAULT:. UNLESS:-p,--preview,-s,--string-mode-preview,--dry-run,scan,-n -t:- --pattern:-
    --rewrite:-
ed|ex|vi|vim|nvim|nano|pico|emacs|emacsclient|micro|joe|jed|mcedit|kak|helix|hx|code|subl|gedit|
kate|nvi|mg|elvis ARGS:write UNLESS:-R,--version,--help,-h,--diff,-d -c:ex  -u:- -S:read --cmd:ex
    -l:- -f:- --eval:- -T:- -w:- -W:-
view|less|more|most|bat|batcat|pager
script FIRST:write -c:code --command:code -T:write -O:write -B:write --log-out:write --timing:write
su|runuser|sg -c:code --command:code --session-command:code -s:- -l:- RUNS
iconv|recode -o:write --output:write -f:- -t:- --from-code:- --to-code:-
scp|sftp|pscp LAST:local -P:- -i:- -o:- -F:-
docker.cp|podman.cp|nerdctl.cp|kubectl.cp|oc.cp|lxc.file|multipass.transfer LAST:local SKIP:1
aws.s3.cp|aws.s3.mv|aws.s3.sync|gsutil.cp|gsutil.mv|gsutil.rsync|rclone.copy|rclone.copyto|
rclone.sync|rclone.move|s3cmd.get|mc.cp|gcloud.storage.cp LAST:local RUNS
gsutil|rclone|s3cmd|mc|gcloud|az|b2 -f:write --file:write RUNS
perf|valgrind|py-spy|gprof|heaptrack|samply -o:write --output:write --log-file:write RUNS
tmux|byobu|abduco|dtach|zellij ARGS:code -t:- -s:- -n:- -c:- -L:- -S:- RUNS
objcopy LAST:write -O:- -I:- -j:-
psql|mysql|mariadb -o:write --output:write -L:write -c:sql --command:sql -e:sql -f:read RUNS
logrotate|mandb|updatedb                  RUNS
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
cargo.init|cargo.new|cargo.generate       ARGS:into SKIP:1 --name:- --edition:- --vcs:-
cargo.build|cargo.test|cargo.check|cargo.run|cargo.bench|cargo.doc MAYBE:Cargo.lock RUNS
rustfmt ARGS:write UNLESS:--check --edition:- --config:- --config-path:-
clang-format|clang-tidy|astyle|uncrustify|fantomas|indent ARGS:format
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
helm|nix                                  RUNS
nix.flake                                 WRITES:flake.lock IF:update,lock RUNS
parallel-agents.report                    -o:write --output:write
"""

READERS = names(
    """
    cat head tail grep egrep fgrep zgrep rg ag ack ls ll la dir vdir tree exa eza lsd wc diff
    cmp colordiff sdiff file stat du df pwd echo printf true false test [ date cal uptime
    whoami id who w groups hostname uname arch nproc free lscpu lsblk env printenv basename
    dirname realpath readlink which whereis whatis type md5sum sha1sum sha224sum sha256sum
    sha384sum sha512sum b2sum cksum sum crc32 md5 shasum sleep wait seq yes expr bc dc factor
    numfmt tput clear reset stty tty ps top htop pgrep pstree lsof fuser jobs fg bg kill
    killall pkill disown history man info apropos locale getent ulimit umask hash times ping
    host dig nslookup traceroute netstat ss ip ifconfig nc-z look strings zcat bzcat xzcat
    zless zmore nl fold expand unexpand pr fmt column comm join paste rev tac cut tr tsort ptx
    od hexdump  objdump nm readelf size ldd less more most bat batcat view pager cloc
    tokei scc difft delta icdiff wdiff diffstat lsattr getfattr getfacl findmnt mount blkid
    mountpoint lsmod dmesg journalctl systemctl-status git-lfs-ls shellcheck hadolint yamllint
    jsonlint-check xdg-open open logname mesg sync getopt getopts let local unalias shopt bind
    complete compgen enable builtin-list return break continue : typeset declare readonly
    caller dirs suspend logger notify-send say fc ftype cygpath gdate ghead gtail gwc gcat gls
    ggrep gstat fd fdfind procs dust duf glow mdcat
    """
)
"""They only read and print: the usual arguments of theirs write nothing."""

RUNNERS = names(
    """
    pytest py.test unittest nosetests nose2 tox nox coverage mypy pyright pylint flake8
    pyflakes pycodestyle bandit vulture radon pydocstyle ty pyre pytype jest vitest mocha ava
    tap jasmine karma cypress playwright nyc c8 ts-node tsx ts-jest vue-tsc svelte-check make
    gmake cmake ctest ninja meson bazel buck scons gradle gradlew mvn mvnw ant sbt lein rake
    rspec minitest cucumber phpunit phpstan psalm pest behat docker podman docker-compose
    kubectl kustomize k9s helm minikube kind aws gcloud az gh glab hub terraform ansible
    ansible-playbook vagrant psql mysql mysqldump pg_dump redis-cli mongo mongosh sqlplus java
    scala kotlin groovy erl elixir iex ghci runghc julia R Rscript octave lua luajit tclsh
    guile sbcl clojure racket swipl ocaml dotnet mono go cargo rustup rustdoc cargo-nextest
    zig nim crystal apt apt-get dpkg yum dnf apk brew port snap pacman zypper pip pip3 pipx uv
    conda mamba nvm pyenv rbenv asdf mise direnv systemctl service crontab at batch ssh
    ssh-add ssh-agent telnet nc ncat socat http httpie xh wrk ab hey k6 locust gdb lldb
    strace-only valgrind perf hyperfine time-only flamegraph py-spy node-gyp nodemon pm2 serve
    http-server live-server next nuxt astro remix storybook gatsby expo ng flask django-admin
    gunicorn uvicorn celery alembic manage.py streamlit jupyter ipython bpython
    sphinx-autobuild mkdocs docusaurus vitepress claude codex gemini aider act semgrep
    gitleaks trivy snyk cue conftest opa buildah skopeo flyctl vercel netlify heroku wrangler
    firebase supabase prisma
    """
)
"""They run code that is not seen, or talk to something outside; what they are given they read."""

_WRAPPERS = """
chroot|firejail|bwrap|nsenter|runcon|start-stop-daemon
screen -S -t -p -X -h
sudo -u -g -h -p -C -D -r -t -T -U
doas -u -C
nice -n --adjustment
ionice -c -n -p
nohup|setsid|unbuffer|command|builtin|chronic|faketime|unshare|setarch|linux64|linux32|
prlimit|catchsegv|eatmydata|torsocks|rlwrap|busybox|toybox|dbus-run-session|entr|ifne|bunx|
pnpx|pipenv.run|hatch.run|rye.run|bun.x|bundle.exec|rtx.exec|mise.exec|mise.x|asdf.exec|
pyenv.exec|rbenv.exec|direnv.exec|nix.shell|cross-env|gtimeout
stdbuf -i -o -e
time|gtime -o -f
exec -a
caffeinate -t
chrt -T -P -D
taskset -c
strace -e -o -s -p -P -E
ltrace -e -o -s -p
fakeroot -i -s
proxychains|env-cmd -f
xvfb-run -n -s -e -f
systemd-run -p --property --unit
watch -n --interval
npx -p --package -c --call
uvx --from --with --python -p
pipx.run --spec
uv.run --with --python -p --extra --group --directory --project --env-file --with-requirements
    --only-group
poetry.run -C --directory -P
pdm.run|yarn.dlx -p
pixi.run -e
conda.run -n -p --name --prefix
mamba.run -n -p
npm.exec -p --package -w --workspace --prefix
npm.x -p --package
pnpm.exec -C --dir -F --filter
pnpm.dlx --package
yarn.exec --cwd
coverage.run --source --rcfile --omit --include --data-file --context
hyperfine -w -r -m -M --warmup --runs --export-json --export-markdown --setup --prepare -p -n
dotenv -f -e
"""
"""Programs that run the command behind their options; with the options that have a value."""


def rules(*names: str) -> dict[str, str] | None:
    """The roles of the first of these names (`npm.install` before `npm`) that is in the table."""
    table = _table(_TABLE, _rules)
    for name in names:
        line = table.get(name)
        if line is not None:
            found: dict[str, str] = {}
            for token in line:
                key, _, role = token.partition(":")
                found[key] = role
            return found
    return None


def wrapped(name: str) -> str | None:
    """The options with a value of a program that runs another command; None where it is none."""
    found = _table(_WRAPPERS, _wrappers).get(name)
    return None if found is None else " ".join(found)


_rules: dict[str, list[str]] = {}
_wrappers: dict[str, list[str]] = {}


def _table(text: str, kept: dict[str, list[str]]) -> dict[str, list[str]]:
    """The lines of a table by program; a line goes on behind `|`, and where it is indented."""
    if not kept:
        joined = text.replace("|\n", "|").replace(",\n    +", ",").replace("\n    ", " ")
        for line in joined.splitlines():
            programs, *tokens = line.split() or ("",)
            for name in programs.split("|"):
                kept[name] = tokens
    return kept
