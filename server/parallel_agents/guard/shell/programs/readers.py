"""Programs that only read what they are given, and those that run code but write no such file."""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import names

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
    ggrep gstat fd fdfind procs dust duf glow mdcat identify ffprobe mediainfo diff3 combine
    isutf8 ts ul col colrm namei zipinfo lsar pydoc pydoc3 ugrep ug pcregrep pcre2grep sift
    b3sum sha3sum xxhsum xxh64sum rhash tldr mdless ccat jless gocloc sloccount multitail lnav
    filterdiff lsdiff interdiff combinediff grepdiff recountdiff flipdiff pdfinfo json_pp
    zipdetails perldoc man groff troff nroff bzcat pod2usage
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
    ansible-playbook vagrant psql mysql mysqldump pg_dump redis-cli mongo mongosh  
              Rscript  lua luajit tclsh
          dotnet  go cargo rustup rustdoc cargo-nextest
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

LANGUAGES = names(
    """
    java scala kotlin groovy erl elixir iex ghci runghc julia R octave guile sbcl clojure racket
    swipl ocaml mono sqlplus escript janet hy csi gsi chicken-csi red rebol gforth maxima gap
    sage scilab gnuplot raku rakudo perl6 rdmd v cling jshell kotlinc-jvm jruby truffleruby
    scheme mit-scheme expect pike io j wish
    """
)
"""Languages that nobody here reads: their code and what it is given may be written."""

CODE_OPTIONS = names(
    """
    -e -E -c -g -r -x -ex --eval -eval --evaluate --execute --expression --code --command -l
    --exec --batch -goal --goal -s
    """
)
"""Of them, options that code follows."""

READING_OPTIONS = names(
    """
    --config --configuration --config-file --conf --settings --settings-path --rcfile --env-file
    --env --file --files --files-from --filelist --files0-from --input --inputs --in --infile
    --input-file --source --sources --src --from --from-file --path --paths --root --rootdir
    --cwd --directory --dir --chdir --project --project-root --base --base-dir --workdir
    --filename --stdin-filename --stdin-filepath --stdin-display-name --stdin-file-path
    --assume-filename --include --includes --exclude --extend-exclude --force-exclude --ignore
    --ignore-file --ignore-path --ignore-pattern --ignore-glob --extend-ignore
    --per-file-ignores --select --extend-select --rules --rule --rulesdir --filter --only --skip
    --match --pattern --regexp --regex --glob --iglob --grep --query --expr --require --import
    --import-path --load --load-path --loader --plugin --plugins --module --modules --package
    --packages --template --templates --schema --schemafile --cov --cov-config --deselect
    --testpathpattern --testpath --test --tests --findrelatedtests --data --data-raw
    --data-binary --data-urlencode --form --upload-file --body --body-file --message --title
    --description --notes --notes-file --reference --compare --diff-file --patch --values
    --set-file --key --keyfile --key-file --cert --cacert --ca-file --certificate --token-file
    --password-file --passphrase-file --identity --known-hosts --script --target-file --tsconfig
    --context --dockerfile --manifest --lockfile --constraint --requirement --requirements
    --mount --volume --add --find --lines --range --baseline --resource --resources --classpath
    --class-path -cp -classpath --cp --color --colour --format --output-format --report-format
    --log-level --loglevel --log-cli-level --verbose --quiet --check --diff --list --show
    --summary --stat --stats --dry-run --no-write --log-format --cache --no-cache --cache-dir
    --junit-prefix --log-config --report-level --dump-config --show-source --show-config
    --create-db --to-ref --from-ref --export-dynamic --trace-config --full-trace --traceback
    --tb --durations --save-baseline --log-opt --log-driver --update-env --output-directory-none
    --print --output-none -imacros -include -isystem -iquote -idirafter
    """
)
"""Options of any program whose value is read, or that have none."""

READING_KEYS = names(
    """
    if in input src source file from filename path config name ref-file files
    """
)
"""Keys of words like `key=VALUE` whose value is read."""

WRITING_WORDS = names(
    """
    out output outputs outfile outdir outputfile outputdir dest destination report reports
    reportfile log logs logfile save saveto write writeto dump export record recording result
    results resultfile snapshot artifact artifacts emit create generate gen overwrite inplace
    xml html junit junitxml resultlog pidfile trace tracefile download extract restore backup
    store database index profile manifest target stdout stderr stats statsfile history sarif
    timings
    """
)
"""A long option with one of these words in its name writes its value."""

WRITING_LETTERS = frozenset("oOD")
"""A short option that is not in a program's line, whose value is taken for written."""

WRITING_LETTERS_OF_RUNNERS = frozenset("dtw")
"""The same, of programs that run code."""

WRITING_VERBS = names(
    """
    new init create generate gen fix format fmt export save dump restore extract unpack render
    convert download copy cp mv move rm remove delete edit rewrite replace scaffold patch write
    clean purge touch truncate rename sign encrypt decrypt pull-to codegen eject migrate freeze
    """
)
"""Sub-commands that write what they are given."""
