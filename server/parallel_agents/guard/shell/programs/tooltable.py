"""What programs do with their arguments, as data: tools of the machine. See `policy`."""

from __future__ import annotations

TOOLS = """
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
"""
