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
    isutf8 ts ul col colrm namei zipinfo filterdiff lsdiff interdiff combinediff grepdiff
    recountdiff flipdiff pdfinfo json_pp zipdetails perldoc man groff troff nroff bzcat pod2usage
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
