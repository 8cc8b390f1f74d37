"""What programs do with their arguments, as data: tools of the machine. See `policy`."""

from __future__ import annotations

TOOLS = """
pee ARGS:code
mkswap|wipefs|savelog ARGS:entry -l:- --length:- -o:- --offset:- -c:- -m:-
touch ARGS:touch -d:- --date:- -r:read -t:-
mkdir ARGS:folder -m:- --mode:- -Z:-
mkfifo ARGS:touch -m:- --mode:- -Z:-
mknod FIRST:touch ARGS:- -m:- --mode:- -Z:-
unlink ARGS:entry
rmdir ARGS:empty
rm|trash|trash-put|rimraf|del|srm|gio ARGS:tree
strip|patchelf|fromdos|todos|ctags-update|upx|jpegoptim|optipng|pngquant ARGS:entry -o:write
dos2unix|unix2dos|mac2unix|unix2mac ARGS:entry UNLESS:-i,--info -n:read --newfile:read
pod2text|pod2man|pod2usage|ps2pdf|pdftotext|jpegtran LAST:second
rename|prename|file-rename|perl-rename ARGS:tree SKIP:1
    UNLESS:-n,--nono,--no-act,--just-print,-h,--help,-V -e:-
mmv|mcp|qmv|imv|vidir|vipe ARGS:format DEFAULT:.
uniq LAST:second -f:- -s:- -w:- --skip-fields:- --skip-chars:- --check-chars:-
dd ARGS:dd
curl -o:write --output:write -D:write --dump-header:write -c:write --cookie-jar:write
    --trace:write --trace-ascii:write --stderr:write --etag-save:write --libcurl:write
    --hsts:write --alt-svc:write --ssl-sessions:write --keylog-file:write --output-dir:- -H:- -X:-
    -d:- --data:- --data-raw:- --data-binary:- -u:- -A:- -e:- -F:- -b:- -m:- --max-time:-
    --retry:- --connect-timeout:- -w:- --write-out:- -T:read --upload-file:read -K:read
    --config:read -E:read --cert:read --key:read --cacert:read -x:- -r:- -U:- -y:- -Y:- -z:- -C:-
    --url:- -Q:- -P:- --form:- --header:- --request:- --user:- --user-agent:- --referer:-
    --cookie:- --proxy:- --range:- --data-urlencode:- --json:- --limit-rate:- --resolve:-
    --interface:- --unix-socket:read --netrc-file:read --etag-compare:read -h:-
wget -O:write --output-document:write -o:write -a:write --append-output:write --output-file:write
    -P:into --directory-prefix:into -U:- --user-agent:- --header:- --post-data:- --post-file:read
    -t:- -T:- -i:read --input-file:read --save-cookies:write --load-cookies:read -e:- --execute:-
    --warc-file:prefix --warc-cdx:- --rejected-log:write --hsts-file:write -B:- -A:- -R:- -D:- -l:-
    -w:- -Q:- --tries:- --timeout:- --use-askpass:code --certificate:read --private-key:read
    --ca-certificate:read --crl-file:read --config:read --body-file:read --method:- -X:- -I:-
aria2c -o:- --out:- -d:into --dir:into -l:write --log:write --save-session:write -i:read
    --input-file:read -x:- -s:- -j:- --save-cookies:write --header:- -T:read --on-download-stop:code
    --on-download-complete:code --server-stat-of:write --conf-path:read
zip FIRST:write -x:- -i:- -b:- -O:write --out:write -P:- -t:- -tt:- -n:- -s:- -lf:write
ranlib ARGS:write
unar -o:into -output-directory:into RUNS
tsc --outFile:write --outDir:into --tsBuildInfoFile:write -p:- --project:- --declarationDir:into
    RUNS
javac -d:into RUNS
sass|sassc|node-sass LAST:pair -o:into --output:into RUNS
esbuild|rollup|swc|lessc|postcss|uglifyjs|terser|babel|webpack|vite|parcel|bun-build -o:write
    --outfile:write --file:write --outdir:into --out-dir:into -d:into --dir:into --output:write
    RUNS
pandoc|asciidoctor|plantuml|mmdc|rst2html|wkhtmltopdf|inkscape|rsvg-convert|xsltproc|m4|envsubst|
gperf|cmark|markdown|quicktype|openapi-generator|swagger-codegen|cloc|tokei|xmllint|gettext|
gtags|graph-easy|scc|csvsql|qpdf|gs|img2pdf|svgo|cwebp|optpng -o:write --output:write
    --outfile:write --out:write -out:write --output-file:write --export-filename:write
    --output-dir:into -d:- -f:- -t:- --from:- --to:- -U:entry --fix-output:write -T:- -K:-
    --stringparam:-
lizard|pdoc|pdoc3|enscript|a2ps|pygmentize|highlight|source-highlight|pyreverse|xenon|interrogate|
cppcheck|cpplint|cspell|jscpd|madge|depcruise|ncdu|gron|csvlook|csvcut|csvstat|csvgrep|xsv|qsv|
htmlq|pup|hexyl|gource|onefetch|deptry|pipdeptree|snakeviz|asciinema|pydeps|bloaty|ent -o:write
    --output:write --out:write --output-file:write -O:write --outfile:write --csv:- -d:- -H:- -l:-
    -f:- -S:- -L:- -T:-
codespell|typos|misspell ARGS:format IF:-w,--write-changes,-i
mlr ARGS:entry IF:-I
ctags|etags|exctags|universal-ctags -f:write -o:write --output:write --output-file:write -R:read
cscope -f:write -b:read RUNS
flex|bison|yacc|byacc|lex|re2c|ragel -o:write --output:write --outfile:write --output-file:write
    --header-file:write --report-file:write -b:prefix --file-prefix:prefix -p:- -L:- -S:read
sphinx-autobuild LAST:into -b:- -d:into -c:read -D:- -j:- -w:write RUNS
sphinx-apidoc|sphinx-autogen -o:into --output-dir:into RUNS
convert|magick|mogrify|sox|ffmpeg-normalize LAST:write
magick.identify|magick.compare ARGS:read
merge FIRST:write UNLESS:-p -L:-
sops|ansible-lint ARGS:entry IF:-i,--in-place,--fix --output:write
ansible-vault ARGS:entry SKIP:1 UNLESS:view,encrypt_string,--output --output:write
    --vault-password-file:- --vault-id:-
mysqldump|pg_dump|pg_dumpall|mongodump|mongoexport|pg_restore -f:write --file:write -r:write
    --result-file:write -o:write --out:write --log-error:write RUNS
redis-cli --rdb:write --functions-rdb:write RUNS
dpkg-deb LAST:into IF:-x,-X,--extract,-R,-e,--raw-extract,-vextract
dpkg-deb.-b|dpkg-deb.--build LAST:write
xsubpp|splain -output:write RUNS
openssl WHOLE -out:write -keyout:write -writerand:write -CAserial:write -CRLfile:write -in:read
    -inkey:read -CA:read -CAkey:read -key:read -cert:read -config:read -certfile:read -subj:-
    -days:- -passin:- -passout:- -pass:- -k:- -K:- -iv:- -S:- -name:- -sigfile:read -signature:read
    -verify:read -prverify:read -sign:read -content:read -signer:- -recip:read -outdir:into
    -newkey:- -keyform:- -inform:- -outform:- -caname:- -addext:- -extfile:read -rand:read
    -sess_out:write -keylogfile:write -msgfile:write -rootcert:write -certsout:write
    -cacertsout:write -extracertsout:write -respout:write -reqout:write -kekout:write
ssh-keygen -f:entry? -C:- -N:- -P:- -t:- -b:- -m:- -a:- -n:- -I:- -V:- -s:read -O:- -z:- -Y:-
    -D:- -w:- -K:- -Z:- UNLESS:-l,-y,-F,-B
gpg|gpg2|gpgv -o:write --output:write --log-file:write --logger-file:write --status-file:write
    --attribute-file:write --homedir:into --import-ownertrust:read -r:- --recipient:- -u:-
    --local-user:- --passphrase:- --passphrase-file:read --keyring:- --no-default-keyring:-
    --keyserver:- --pinentry-mode:- --cipher-algo:- --digest-algo:- -z:-
    ARGS:beside UNLESS:-o,--output,--verify,-d,--decrypt,--list-keys,-k,-K,--import,
    +--export,--export-secret-keys,--list-packets,--print-md,--version,--gen-random,
    +--fingerprint,--show-keys,--list-secret-keys
age|keytool|cosign|rage|minisign|signify -o:write --output:write --outfile:write -keystore:write
    -file:write --output-signature:write --output-certificate:write -i:read -r:- -R:read -x:write
    -s:read -m:read -p:read
objdump|nm|readelf|size|ldd|strings|xxd-r
jq|gojq|jaq|fx|dasel|yj SKIP:1 --arg:- --argjson:- --indent:- --slurpfile:- --rawfile:- -f:read
    --from-file:read -L:-
yq ARGS:entry SKIP:1 IF:-i,--inplace,--in-place,-y-i -o:- --output-format:- -p:- --input-format:-
xq|tomlq ARGS:entry SKIP:1 IF:-i,--in-place
jo|toml|toml-cli|crudini|dotenv|stow|augtool|conf ARGS:entry UNLESS:get,--get
xmlstarlet ARGS:entry IF:-L,--inplace
comby ARGS:format SKIP:2 IF:-i,-in-place
ast-grep|ast-grep.run|sg.run|ast-grep.scan ARGS:format DEFAULT:. SKIP:1
    IF:-U,--update-all,-i,--interactive -p:- --pattern:- -r:- --rewrite:- -l:- --lang:- -c:read
sd|fastmod|rpl|replace|codemod|rep|repren|ambr|gsar|srep ARGS:format SKIP:2 DEFAULT:.
    UNLESS:-p,--preview,-s,--string-mode-preview,--dry-run,scan,-n -t:- --pattern:- --rewrite:-
ed|ex|vi|vim|nvim|nano|pico|emacs|emacsclient|rvim|gvim|vimdiff|micro|joe|jed|mcedit|kak|helix|
hx|code|subl|gedit|kate|nvi|mg|elvis ARGS:write UNLESS:-R,--version,--help,-h,--diff,-d -c:- -u:-
    -S:read --cmd:ex -l:- -f:- --eval:- -T:- -w:- -W:-
view|less|more|most|bat|batcat|pager
script FIRST:write -c:code --command:code -T:write -O:write -B:write --log-out:write --timing:write
su|sg -c:code --command:code --session-command:code -s:- -l:- RUNS
scp|pscp LAST:local -P:- -i:- -o:- -F:-
docker.cp|podman.cp|nerdctl.cp|kubectl.cp|oc.cp|lxc.file|multipass.transfer LAST:local SKIP:1
aws.s3.cp|aws.s3.mv|aws.s3.sync|gsutil.cp|gsutil.mv|gsutil.rsync|rclone.copy|rclone.copyto|
rclone.sync|rclone.move|s3cmd.get|mc.cp|gcloud.storage.cp LAST:local RUNS
gsutil|rclone|s3cmd|mc|gcloud|az|b2 -f:write --file:write RUNS
perf|py-spy|gprof|heaptrack|samply -o:write --output:write --log-file:write RUNS
byobu|abduco|dtach|zellij ARGS:code -t:- -s:- -n:- -c:- -L:- -S:- RUNS
logrotate|mandb|updatedb RUNS
tee|sponge|truncate|shred|fallocate|gtee ARGS:write -s:- --size:- -r:read --reference:read -n:-
    -l:- --length:- -o:- --offset:- --output-error:- --iterations:- --random-source:read
sort|gsort -o:write --output:write -k:- -t:- -S:- -T:into --temporary-directory:into --key:-
    --field-separator:- --buffer-size:- --parallel:- --batch-size:- --files0-from:read
    --compress-program:code --random-source:read --sort:-
ptx LAST:second -f:- -s:- -w:- --skip-fields:- --skip-chars:- --check-chars:-
shuf|gshuf -o:write --output:write -n:- -i:- --random-source:read --head-count:- --input-range:-
tree -o:write -P:- -I:- -L:- -H:- -T:- --charset:- --filelimit:- --sort:-
info|zless -o:write -O:write --log-file:write --LOG-FILE:write --output:write -k:read -t:- -T:-
    -p:- -P:- -x:- -y:- -b:- -D:- -f:- -n:-
sdiff|dwdiff -o:write --output:write -I:- -w:-
split|gsplit LAST:prefix FIRST:read DEFAULT:- -l:- -b:- -n:- -a:- -C:- -t:- --lines:- --bytes:-
    --line-bytes:- --number:- --suffix-length:- --separator:- --additional-suffix:- --filter:code
    --numeric-suffixes:- --hex-suffixes:- UNLESS:--filter
csplit|gcsplit -f:prefix --prefix:prefix -b:- -n:- --suffix-format:- --digits:- SKIP:99
    HERE:-f,--prefix
gcc|cc|g++|c++|clang|clang++|tcc|gfortran|gdc|gnat|c89|c99 WHOLE -o:write --output:write -MF:write
    -MT:- -MQ:- -MJ:write -D:- -U:- -I:- -L:- -l:- -x:- -include:read -imacros:read -isystem:-
    -iquote:- -idirafter:- -std:- -aux-info:write -dumpdir:prefix -dumpbase:prefix -save-temps:-
    -B:- -T:read -z:- -e:- -u:- -arch:- -Xlinker:- -Xpreprocessor:- -Xclang:-
    --serialize-diagnostics:write -object_path_lto:write -Wl,-Map:write -Wl,-o:write
    --dependency-file:write -fprofile-use:read -W:- -f:- -m:- -O:- -g:- -stats:- --param:-
cpp WHOLE LAST:second -o:write -MF:write -D:- -U:- -I:- -include:read -imacros:read -isystem:-
    -iquote:- -x:- -W:- -f:- -m:- -std:-
ld|ld.bfd|ld.gold|ld.lld|lld|mold WHOLE -o:write --output:write -Map:write --Map:write -L:- -l:-
    -T:read -e:- -z:- -m:- -u:- -R:read --dependency-file:write -dynamic-linker:- -soname:- -h:-
    --out-implib:write --output-def:write --version-script:read --plugin:read
as|gas WHOLE -o:write --MD:write -I:- -a:- --defsym:- --debug-prefix-map:-
rustc|ghc|nasm|yasm|fasm|swiftc|kotlinc|kotlinc-native|scalac|dmd|ldc2|ocamlc|ocamlopt|fpc|vala|
valac|gnatmake|nim.c|nim.compile|mcs|csc|vbc|erlc|elixirc|moc|uic|rcc|glslc|glslangValidator|
nvcc|hipcc|emcc|wat2wasm|wasm2wat|wasm-opt|wasm-ld -o:write --output:write -out:write --out:write
    --out-dir:into --outdir:into -odir:into -hidir:into -od:into -d:into -MF:write -D:- -I:- -L:-
    -x:- --extern:- --edition:- --crate-type:- --crate-name:- --emit:write --target:- -C:- -A:-
    -W:- -F:- --dep-info:write -l:write WHOLE
dwp|lipo|libtool|install_name_tool|codesign|bitcode_strip|dsymutil -o:write -output:write
    --out:write -e:- ARGS:entry UNLESS:-info,-archs,-d,-dv,--display,-v,--verify,-o,-output WHOLE
dot|neato|fdp|sfdp|twopi|circo|osage -o:write -T:- -K:- -G:- -N:- -E:- -O:-
protoc --python_out:into --go_out:into --cpp_out:into --java_out:into --js_out:into --ts_out:into
    --grpc_out:into --grpc_python_out:into --pyi_out:into --rust_out:into --php_out:into
    --ruby_out:into --csharp_out:into --kotlin_out:into --objc_out:into --go-grpc_out:into
    --descriptor_set_out:write --dependency_out:write -I:- --proto_path:- --plugin:-
doxygen -g:write -u:write -w:- -s:- RUNS
sphinx-build LAST:into FIRST:read -b:- -c:- -d:into -D:- -A:- -w:write -j:- -t:- -M:- RUNS
sphinx-quickstart ARGS:into RUNS
pdflatex|latex|xelatex|lualatex|tex|pdftex|latexmk|tectonic|bibtex|biber WHOLE
    -output-directory:into -outdir:into -auxdir:into -jobname:prefix -o:into --outdir:into
    --output-directory:into RUNS HERE:-output-directory,-outdir,-o,--outdir
pip.install|pip3.install|pip.download|pip3.download|pip.wheel|pip3.wheel -t:into --target:into
    -d:into --dest:into -w:into --wheel-dir:into --log:write --report:write -r:read -c:read -e:read
    --prefix:into --src:into --root:into --requirement:read --constraint:read RUNS
mkdocs.build|mkdocs.gh-deploy -d:into --site-dir:into -f:read --config-file:read RUNS
mkdocs.new|django-admin.startproject|django-admin.startapp|alembic.init|rails.new|ng.new|
docusaurus.init|hugo.new|jekyll.new|cookiecutter|copier|yo|degit|create-react-app|create-vite|
express|gatsby.new|nuxi.init|ansible-galaxy.init|helm.create ARGS:into RUNS HERE:--help -o:into
    --output-dir:into --template:read
ab -g:write -e:write -p:read -u:read -T:- -H:- -C:- -n:- -c:- -t:- -k:- RUNS
docker.run|podman.run --cidfile:write --env-file:read -v:read --volume:read -w:- -e:- --name:-
    --mount:read RUNS
docker.build|podman.build|docker.buildx --iidfile:write --metadata-file:write -o:into --output:into
    -f:read --file:read -t:- --tag:- RUNS
docker.save|docker.export|podman.save|podman.export -o:write --output:write RUNS
jupyter.nbconvert ARGS:read --output-dir:into --output:prefix --to:- RUNS
    HERE:--stdout,--output-dir
xxd LAST:second -s:- -l:- -c:- -cols:- -g:- -o:- -seek:- -len:- -n:- -R:- WHOLE
uudecode -o:write --output-file:write
base64|base32|basenc|gbase64 -o:write --output:write -i:- -w:- --wrap:- -D:-
iconv|uconv -o:write --output:write -f:- -t:- -x:- --from-code:- --to-code:-
recode ARGS:entry SKIP:1 UNLESS:-l,--list
tic|infotocap -o:tree -e:- -R:-
msgmerge -o:write --output-file:write -U:entry --update:entry -C:read -D:- --compendium:read
    --backup:-
msgfmt|msgcat|msguniq|msgattrib|msgconv|msgen|msggrep|msginit|msgcomm|msgunfmt|msgfilter|msgexec
    -o:write --output-file:write -d:- -l:- -D:- -i:read --input:read --locale:- -w:- --width:-
    --properties-output:- -f:- --files-from:read --template:read
xgettext -o:write --output:write -d:- --default-domain:- -p:into --output-dir:into -L:-
    --language:- -k:- --keyword:- -f:- --files-from:read -D:- --directory:- -x:read
    --exclude-file:read --from-code:- -c:- --add-comments:- --package-name:- --msgid-bugs-address:-
objcopy|llvm-objcopy LAST:entry -O:- -I:- -j:- -B:- -F:- -R:- -K:- -N:- -G:- -L:- -W:-
    --dump-section:- --split-dwo:write --add-section:- --update-section:- --only-section:-
    --remove-section:- --rename-section:- --add-symbol:- --strip-symbol:- --output-target:-
    --add-gnu-debuglink:-
"""
