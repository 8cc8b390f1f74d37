"""Calls of node, perl, ruby, php and the like: what writes which argument, and what only reads.

A held path that reaches a call which is in neither table is a mention.
"""

from __future__ import annotations

from parallel_agents.guard.shell.bash.words import names

CALLS = {
    **dict.fromkeys(
        names(
            """
        writeFileSync writeFile appendFileSync appendFile createWriteStream truncateSync
        truncate outputFile outputFileSync outputJson outputJsonSync writeJson
        writeJsonSync writeTextFile writeTextFileSync ensureFileSync file_put_contents
        writefile writeLines write.csv saveRDS File.write IO.write IO.binwrite
        File.binwrite chmodSync chmod File.truncate Out-File Set-Content Add-Content
        Bun.write spurt write_file append_file edit_file prepend_file edit_file_lines DumpFile
        overwrite_file mkdtempSync mkdtemp utimesSync lutimesSync chownSync lchownSync
        """
        ),
        "write 0",
    ),
    **dict.fromkeys(
        names(
            """
        unlinkSync unlink remove File.delete File.unlink FileUtils.rm FileUtils.rm_f file.remove
        os.remove rmdir
        """
        ),
        "entry *",
    ),
    **dict.fromkeys(
        names(
            """
        FileUtils.rm_r FileUtils.rm_rf FileUtils.remove_dir remove_tree rmtree rimraf rmSync
        rmdirSync rm removeSync Deno.remove Deno.removeSync Remove-Item emptyDirSync
        """
        ),
        "tree *",
    ),
    **dict.fromkeys(
        names(
            """
        renameSync rename moveSync move File.rename FileUtils.mv FileUtils.move os.rename
        """
        ),
        "move 0 1",
    ),
    **dict.fromkeys(
        names(
            """
        copyFileSync copyFile copySync cpSync FileUtils.cp FileUtils.copy copy file.copy
        syscopy dbmopen store nstore lock_store IO.copy_stream
        """
        ),
        "write 1",
    ),
    **dict.fromkeys(
        names(
            """
        symlinkSync linkSync symlink link File.symlink FileUtils.ln_s
        """
        ),
        "entry 1",
    ),
    **dict.fromkeys(
        names(
            """
        openSync fs.open fopen File.open File.new io.open open IO.sysopen
        """
        ),
        "open 0 1",
    ),
    **dict.fromkeys(
        names(
            """
        execSync exec system passthru shell_exec popen os.execute spawnSync execFileSync
        spawn execFile proc_open IO.popen Open3.capture2 doShellScript
        """
        ),
        "run 0",
    ),
    **dict.fromkeys(names("process.chdir chdir Dir.chdir Deno.chdir FileUtils.cd"), "cd 0"),
    **dict.fromkeys(names("IO::File->new SplFileObject"), "object 0 1"),
    **dict.fromkeys(names("mkdir mkdirSync make_path mkpath FileUtils.mkdir_p"), "folder 0"),
    **dict.fromkeys(names("FileUtils.touch"), "touch *"),
    **dict.fromkeys(names("utime"), "write 2"),
    "sysopen": "flagged 1 2",
    **dict.fromkeys(names("extract_archive Archive::Tar->extract_archive"), "unpack 0"),
    **dict.fromkeys(
        names("eval Function runInThisContext runInNewContext runInContext instance_eval Worker"),
        "code 0",
    ),
    **dict.fromkeys(
        names(
            """
        Files.writeString Files.write Files.newBufferedWriter Files.newOutputStream FileWriter
        FileOutputStream PrintWriter PrintStream Files.setLastModifiedTime Files.createFile
        Files.setPosixFilePermissions FileHandler Formatter
        """
        ),
        "write 0",
    ),
    **dict.fromkeys(names("Files.delete Files.deleteIfExists"), "entry 0"),
    **dict.fromkeys(names("Files.move"), "move 0 1"),
    **dict.fromkeys(names("Files.copy"), "write 1"),
    **dict.fromkeys(names("Files.createLink Files.createSymbolicLink"), "entry 0"),
    **dict.fromkeys(names("ProcessBuilder"), "run 0"),
    "RandomAccessFile": "open 0 1",
}
"""By the name of the call: what it does with which of its arguments."""

READING = {
    "node": names(
        """
        readFileSync readFile existsSync exists statSync stat lstatSync lstat accessSync access
        createReadStream readdirSync readdir readlinkSync readlink realpathSync realpath open
        openSync opendirSync opendir statfsSync fstatSync require import log error warn info debug
        trace table dir write end join resolve basename dirname extname relative normalize parse
        format isAbsolute includes startsWith endsWith indexOf lastIndexOf has get set add delete
        test match matchAll replace replaceAll split concat push unshift slice splice filter map
        find findIndex some every forEach reduce sort reverse at keys values entries from of
        stringify URL fileURLToPath pathToFileURL Set Map Array String Number Boolean Symbol
        Error TypeError RangeError SyntaxError assert ok equal strictEqual notEqual notStrictEqual
        deepEqual deepStrictEqual throws match rejects doesNotThrow fail watch watchFile hash
        createHash update digest toString trim trimEnd trimStart toLowerCase toUpperCase padEnd
        padStart repeat charAt substring substr localeCompare if while for switch return typeof
        throw await new in of case else exit emit on once then catch createInterface fstat Buffer
        byteLength inspect isDeepStrictEqual glob globSync execPath eval Function encodeURIComponent
        decodeURIComponent encodeURI readText json text readTextFile readTextFileSync readJson
        readJsonSync readFileStr Bun.file setItem test describe it expect toBe toEqual toContain
        toMatch fetch compare decode encode setTimeout defaults
        """
    ),
    "perl": names(
        """
        print printf say die warn carp croak confess open stat lstat push unshift splice join split
        sprintf lc uc lcfirst ucfirst length substr index rindex grep map sort reverse keys values
        exists defined delete ref bless scalar return if unless while until for foreach my local
        our use no and or not eq ne lt gt cmp x eval basename dirname fileparse catfile catdir
        splitdir splitpath abs2rel rel2abs canonpath file_name_is_absolute slurp slurp_utf8
        slurp_raw read_file read_text read_binary read_lines lines lines_utf8 decode encode
        md5_hex sha1_hex sha256_hex chomp chop readlink opendir compare compare_text is isnt ok
        is_deeply like unlike cmp_ok pass fail diag note explain path file dir abs_path realpath
        new Dumper quotemeta lock each wantarray elsif else do require close binmode eof pos
        readline sprintf syswrite read sysread first any all none uniq max min exit chr ord hex
        encode_json to_json JSON encode_base64 diff addfile hexdigest b64digest exists_file is_file
        child parent absolute relative stringify
        """
    ),
    "ruby": names(
        """
        puts print p pp printf putc warn raise abort File.read IO.read File.readlines IO.readlines
        File.foreach IO.foreach File.exist? File.exists? File.file? File.directory? File.size
        File.stat File.lstat File.mtime File.join File.basename File.dirname File.extname File.open
        File.new File.expand_path File.realpath File.readable? File.fnmatch File.fnmatch? File.zero?
        exist exists file directory size readable fnmatch zero open read readlines foreach join
        basename dirname extname expand_path realpath stat lstat mtime require require_relative load
        include start_with end_with gsub sub match scan split index push unshift concat each map
        select reject format sprintf Pathname Set Digest hexdigest file glob each_line lines
        generate dump to_json inspect if unless while until return assert assert_equal refute
        Pathname.new parse load_file
        """
    ),
    "php": names(
        """
        echo print print_r var_dump printf sprintf file_get_contents file readfile file_exists
        is_file is_dir is_readable filesize filemtime stat lstat fopen basename dirname pathinfo
        realpath explode implode in_array str_replace strpos substr strlen count array_map
        array_filter array_push require include require_once include_once md5_file sha1_file
        hash_file json_decode json_encode if while foreach return parse_ini_file highlight_file
        show_source php_strip_whitespace str_contains str_starts_with str_ends_with preg_match
        preg_replace trim error_log fnmatch glob scandir
        """
    ),
}
"""By language, the calls and words that leave the files alone whose names they are given."""
READING["java"] = names(
    """
    println print printf format of get File Path.of Paths.get Path readString readAllLines
    readAllBytes lines size exists notExists isDirectory isRegularFile isReadable list walk
    newBufferedReader newInputStream FileReader FileInputStream Scanner length name toString
    toPath toAbsolutePath getName getParent equals contains startsWith endsWith replace split
    indexOf isEmpty trim strip add put asList List.of Set.of Map.of String valueOf hash
    RuntimeException Exception IllegalArgumentException IllegalStateException Error IOException
    if while for switch return catch resolve resolveSibling relativize getFileName probeContentType
    mismatch isSameFile getLastModifiedTime readAttributes getAttribute URI create toURI
    requireNonNull
    BufferedReader InputStreamReader hasNext nextLine read readLine canRead isFile stream
    """
)
READING["deno"] = READING["bun"] = READING["nodejs"] = READING["tsx"] = READING["node"]
READING["ts-node"] = READING["node"]
