//! Programs that read their arguments as a program once more. No quoting is right for two
//! readers at once, so such lines take plain words only.

use contracts::commands::Shell;

/// Shells, languages and clients of databases: whatever stands behind them may be a program.
const SHELLS: [&str; 90] = [
    "eval",
    "source",
    "trap",
    "ssh",
    "autossh",
    "mosh",
    "rsh",
    "scp",
    "sftp",
    "sh",
    "bash",
    "rbash",
    "dash",
    "ash",
    "ksh",
    "mksh",
    "zsh",
    "csh",
    "tcsh",
    "fish",
    "su",
    "sg",
    "runuser",
    "watch",
    "xargs",
    "parallel",
    "pdsh",
    "dsh",
    "pssh",
    "clush",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "deno",
    "bun",
    "php",
    "lua",
    "luajit",
    "julia",
    "rscript",
    "groovy",
    "pwsh",
    "powershell",
    "cmd",
    "psql",
    "mysql",
    "mysqlsh",
    "mariadb",
    "sqlite",
    "sqlcmd",
    "sqlplus",
    "osql",
    "bcp",
    "isql",
    "usql",
    "duckdb",
    "mongo",
    "mongosh",
    "cqlsh",
    "beeline",
    "snowsql",
    "expect",
    "flock",
    "script",
    "make",
    "crontab",
    "cron",
    "tclsh",
    "wish",
    "osascript",
    "wsl",
    "busybox",
    "gdb",
    "lldb",
    "vim",
    "nvim",
    "emacs",
    "tmux",
    "plink",
    "bashrc",
    "zshrc",
    "bash_profile",
    "forfiles",
    "comspec",
];
/// They read what stands behind them, but are words of people, too: only where a program's name
/// is expected.
const FIRST: [&str; 11] = [
    "alias", "at", "batch", "salt", "ed", "ex", "vi", "dc", "m4", "screen", "complete",
];
/// They compute with their arguments, and arithmetic of bash runs programs.
const COMPUTING: [&str; 13] = [
    "[[",
    "let",
    "declare",
    "typeset",
    "local",
    "readonly",
    "unset",
    "read",
    "mapfile",
    "readarray",
    "getopts",
    "printf",
    "compgen",
];
/// Variables of which bash computes the value, or that hold a program.
const VARIABLES: [&str; 13] = [
    "RANDOM=",
    "OPTIND=",
    "HISTCMD=",
    "PAGER=",
    "EDITOR=",
    "VISUAL=",
    "BROWSER=",
    "_COMMAND=",
    "PS0=",
    "PS1=",
    "PS2=",
    "PS4=",
    "BASH_ENV=",
];
const POWERSHELL: [&str; 21] = [
    "iex",
    "invoke-expression",
    "start-process",
    "saps",
    "scriptblock",
    "invokescript",
    "newscriptblock",
    "expandstring",
    "add-type",
    "invoke-wmimethod",
    "iwmi",
    "invoke-cimmethod",
    "icim",
    "invoke-sqlcmd",
    "invoke-dbaquery",
    "invoke-sshcommand",
    "invoke-vmscript",
    "invoke-azvmruncommand",
    "new-scheduledtaskaction",
    "new-service",
    "-encodedcommand",
];
const CMD: [&str; 15] = [
    "call", "for", "start", "wmic", "schtasks", "runas", "psexec", "paexec", "winrs", "mshta",
    "cscript", "wscript", "doskey", "ftype", "binpath",
];
const SQL: [&str; 20] = [
    "exec",
    "execute",
    "prepare",
    "program",
    "immediate",
    "sp_executesql",
    "openquery",
    "openrowset",
    "crosstab",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "ts_stat",
    "dbms_sql",
    "dbms_scheduler",
    "dbms_job",
    "cron",
    "sp_msforeachdb",
    "sp_msforeachtable",
    "sp_add_jobstep",
    "sp_send_dbmail",
];
/// What may stand before the name of a program.
const BEFORE: [&str; 20] = [
    "sudo", "doas", "env", "nohup", "nice", "ionice", "time", "setsid", "exec", "command",
    "builtin", "xargs", "if", "then", "elif", "else", "while", "until", "do", "!",
];
/// Options behind which a program stands.
const WITH_PROGRAM: [&str; 9] = [
    "-c", "-lc", "-ic", "-ec", "-xc", "-e", "-command", "/c", "/k",
];

/// Whether something in the line makes a program of what follows it. `line` is the template with
/// a gap for each value, `filled` the same with the values that are one word.
pub(super) fn is_reread(shell: Shell, line: &str, filled: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '[');
    if line
        .split(|letter| !is_part(letter))
        .any(|word| is_reader(shell, word))
    {
        return true;
    }
    match shell {
        Shell::None => false,
        Shell::Sql => makes_function(line),
        Shell::Posix => {
            has_posix_reader(line) || begins_reader(shell, filled) || tests_variable(filled)
        }
        Shell::PowerShell | Shell::Cmd => begins_reader(shell, filled),
    }
}

/// Whether a program of this name, or what has such a name, reads its arguments once more.
fn is_reader(shell: Shell, word: &str) -> bool {
    let word = word.to_lowercase();
    // `[scriptblock]::Create(…)`; but -ScriptBlock takes what was read already.
    let word = match word.as_str() {
        "[[" => "[[",
        word => word.trim_start_matches('['),
    };
    // `lua5.4`, `psexec64`, `ksh93`.
    let plain = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let among = |words: &[&str]| words.contains(&word) || words.contains(&plain);
    let is_shell = among(&SHELLS) || word.starts_with("python");
    match shell {
        Shell::Posix => is_shell || among(&COMPUTING),
        Shell::PowerShell => is_shell || among(&POWERSHELL),
        Shell::Cmd => is_shell || among(&POWERSHELL) || among(&CMD),
        Shell::Sql => among(&SQL) || word.starts_with("xp_") || word.starts_with("dblink"),
        Shell::None => false,
    }
}

fn has_posix_reader(line: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    // Older rsync has its addresses read by the shell of the other machine.
    let far = has(&["rsync"]) && has(&[":"]);
    let module = has(&["ansible"]) && has(&[" -a", " --args"]);
    has(&["$SHELL", "${SHELL"]) || has(&VARIABLES) || far || module
}

/// The body of a function is a string to PostgreSQL, and so is what `DO` does.
fn makes_function(line: &str) -> bool {
    let line = line.to_lowercase();
    let has = |word: &str| {
        let mut words = line.split(|letter: char| !letter.is_alphanumeric());
        words.any(|one| one == word)
    };
    let does = |statement: &str| {
        let what = statement.trim_start().strip_prefix("do");
        let what = what.map_or("", str::trim_start);
        what.starts_with('\'') || what.starts_with("e'") || what.starts_with("language")
    };
    let makes = has("create") && (has("function") || has("procedure"));
    makes || line.split(';').any(does)
}

/// The commands of a line, each as its words, from the name of its program on. A quote hides no
/// sign here: a command too many does no harm.
fn commands(line: &str) -> Vec<Vec<&str>> {
    let ends = |letter| matches!(letter, ';' | '|' | '&' | '(' | '{' | '`' | '\n');
    line.split(ends).map(words).collect()
}

fn words(command: &str) -> Vec<&str> {
    let words = command.split_whitespace();
    let words = words.map(|word| word.trim_matches(['"', '\'', ')', '}', '\\']));
    let comes_before =
        |word: &&str| BEFORE.contains(word) || word.starts_with('-') || word.contains('=');
    words.skip_while(comes_before).collect()
}

/// Whether a reader stands where the name of a program is expected, or before an option that
/// takes a program: that name may have been filled in.
fn begins_reader(shell: Shell, filled: &str) -> bool {
    let name = |word: &str| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let name = name.to_lowercase();
        name.strip_suffix(".exe").unwrap_or(&name).to_owned()
    };
    let takes_program = |pair: &[&str]| {
        let option = pair[1].to_lowercase();
        WITH_PROGRAM.contains(&option.as_str()) && is_reader(shell, &name(pair[0]))
    };
    commands(filled).iter().any(|words| {
        let first = words.first().map(|word| name(word));
        let begins = |name: String| is_reader(shell, &name) || FIRST.contains(&name.as_str());
        first.is_some_and(begins) || words.windows(2).any(takes_program)
    })
}

/// Whether the line asks if a variable is set: bash computes which one it is.
fn tests_variable(filled: &str) -> bool {
    let filled = filled.replace("\\(", " ");
    commands(&filled).iter().any(|words| {
        let mut words = words.iter();
        matches!(words.next(), Some(&("[" | "[[" | "test")))
            && words.any(|word| matches!(*word, "-v" | "-R"))
    })
}

/// A word that every reader takes for nothing but a word.
pub(super) fn is_plain(value: &str) -> bool {
    let is_part = |letter: char| {
        letter.is_ascii_alphanumeric()
            || matches!(letter, '_' | '.' | '/' | ':' | '@' | '%' | '+' | '-')
    };
    !value.is_empty() && !value.starts_with('-') && value.chars().all(is_part)
}
