"""What programs do with their arguments, as data: tools of the machine. See `policy`."""

from __future__ import annotations

TOOLS = """
tee|sponge|truncate|shred ARGS:write -s:- --size:- -r:read -n:-
pee                                       ARGS:code
fallocate|mkswap|wipefs|savelog           ARGS:entry -l:- --length:- -o:- --offset:- -c:- -m:-
touch                                     ARGS:touch -d:- --date:- -r:read -t:-
mkdir|mkfifo|mknod                        ARGS:folder -m:- --mode:- -Z:-
rmdir|unlink                              ARGS:entry
rm|trash|trash-put|rimraf|del|srm|gio     ARGS:tree
strip|patchelf|fromdos|todos|ctags-update|upx|jpegoptim|optipng|pngquant ARGS:entry -o:write
dos2unix|unix2dos|mac2unix|unix2mac ARGS:entry UNLESS:-i,--info -n:read --newfile:read
pod2text|pod2man|pod2usage|ps2pdf|pdftotext|jpegtran LAST:second
rename|prename|file-rename|perl-rename ARGS:tree SKIP:1
    UNLESS:-n,--nono,--no-act,--just-print,-h,--help,-V -e:-
mmv|mcp|qmv|imv|vidir|vipe                ARGS:format DEFAULT:.
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
ar|ranlib FIRST:write SKIP:1 UNLESS:t,p,tv,x,-t,-p,-x --output:into
unar|lsar|ptar                            -o:into -output-directory:into RUNS
gzip|gunzip|bzip2|bunzip2|xz|unxz|zstd|unzstd|lzma|compress|uncompress|pigz|brotli ARGS:packed
    -o:write -S:- UNLESS:-c,--stdout,--to-stdout,-t,--test,-l,--list
gcc|cc|g++|c++|clang|clang++|ld|as|rustc|ghc|tcc|nasm|swiftc|kotlinc|gfortran -o:write
    --output:write --out-dir:into --outdir:into -MF:write -MT:- -D:- -I:- -L:- -x:- -include:read
    -std:-
tsc --outFile:write --outDir:into --tsBuildInfoFile:write -p:- --project:- --declarationDir:into
    RUNS
javac                                     -d:into RUNS
sass|sassc|node-sass                      LAST:pair -o:into --output:into RUNS
esbuild|rollup|swc|lessc|postcss|uglifyjs|terser|babel|webpack|vite|parcel|bun-build -o:write
    --outfile:write --file:write --outdir:into --out-dir:into -d:into --dir:into --output:write
    RUNS
pandoc|asciidoctor|dot|plantuml|mmdc|rst2html|sphinx-build|wkhtmltopdf|inkscape|rsvg-convert|
xsltproc|m4|envsubst|gperf|cmark|markdown|doxygen|quicktype|
openapi-generator|swagger-codegen|cloc|tokei|xmllint|gettext|xgettext|msgfmt|gtags|graph-easy|scc|csvsql|qpdf|gs|
img2pdf|svgo|cwebp|optpng -o:write --output:write
    --outfile:write --out:write -out:write --output-file:write --export-filename:write
    --output-dir:into -d:- -f:- -t:- --from:- --to:- -U:entry --fix-output:write -T:- -K:-
    --stringparam:-
msgmerge FIRST:write IF:-U,--update -o:write --output-file:write
ctags|etags|exctags|universal-ctags -f:write -o:write --output:write --output-file:write -R:read
cscope                                    -f:write -b:read RUNS
flex|bison|yacc|byacc|lex|re2c|ragel -o:write --output:write --outfile:write --output-file:write
    --header-file:write --report-file:write -b:prefix --file-prefix:prefix -p:- -L:- -S:read
protoc                                    -I:- --proto_path:- -o:write --descriptor_set_out:write
sphinx-build|sphinx-autobuild LAST:into -b:- -d:into -c:read -D:- -j:- -w:write RUNS
sphinx-apidoc|sphinx-autogen              -o:into --output-dir:into RUNS
doxygen                                   -g:write -w:- -l:write -f:- RUNS
convert|magick|mogrify|sox|ffmpeg-normalize LAST:write
magick.identify|magick.compare            ARGS:read
sdiff                                     -o:write --output:write -W:- -w:- -I:-
merge                                     FIRST:write UNLESS:-p -L:-
sops|ansible-lint                         ARGS:entry IF:-i,--in-place,--fix --output:write
ansible-vault ARGS:entry SKIP:1 UNLESS:view,encrypt_string,--output --output:write
    --vault-password-file:- --vault-id:-
mysqldump|pg_dump|pg_dumpall|mongodump|mongoexport|pg_restore -f:write --file:write -r:write
    --result-file:write -o:write --out:write --log-error:write RUNS
redis-cli                                 --rdb:write --functions-rdb:write RUNS
dpkg-deb                                  LAST:into IF:-x,-X,--extract,-R,-e,--raw-extract,-vextract
dpkg-deb.-b|dpkg-deb.--build              LAST:write
xsubpp|splain                             -output:write RUNS
gdb|lldb -ex:gdb -iex:gdb --eval-command:gdb -x:read RUNS
sqlite3|duckdb ARGS:sql FIRST:write UNLESS:-readonly,--readonly -init:read -cmd:sql -separator:-
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
comby                                     ARGS:format SKIP:2 IF:-i,-in-place
ast-grep|ast-grep.run|sg.run|ast-grep.scan ARGS:format DEFAULT:. SKIP:1 IF:-U,--update-all,-i,
    +--interactive -p:- --pattern:- -r:- --rewrite:- -l:- --lang:- -c:read
sd|fastmod|rpl|replace|codemod|rep|repren|ambr|gsar|srep ARGS:format SKIP:2
    DEFAULT:. UNLESS:-p,--preview,-s,--string-mode-preview,--dry-run,scan,-n -t:- --pattern:-
    --rewrite:-
ed|ex|vi|vim|nvim|nano|pico|emacs|emacsclient|rvim|gvim|vimdiff|micro|joe|jed|mcedit|kak|helix|hx|code|subl|gedit|
kate|nvi|mg|elvis ARGS:write UNLESS:-R,--version,--help,-h,--diff,-d -c:-  -u:- -S:read --cmd:ex
    -l:- -f:- --eval:- -T:- -w:- -W:-
view|less|more|most|bat|batcat|pager
script FIRST:write -c:code --command:code -T:write -O:write -B:write --log-out:write --timing:write
su|runuser|sg -c:code --command:code --session-command:code -s:- -l:- RUNS
recode                                    ARGS:write SKIP:1
iconv -o:write --output:write -f:- -t:- --from-code:- --to-code:-
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
"""
