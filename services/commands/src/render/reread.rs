//! Programs that read their arguments as a program once more. No quoting is right for two
//! readers at once, so such lines take plain words only.

use contracts::commands::Shell;

const SHELLS: [&str; 43] = [
    "eval",
    "source",
    "trap",
    "ssh",
    "rsh",
    "sh",
    "bash",
    "dash",
    "ash",
    "ksh",
    "zsh",
    "fish",
    "su",
    "runuser",
    "watch",
    "xargs",
    "parallel",
    "awk",
    "gawk",
    "mawk",
    "sed",
    "perl",
    "ruby",
    "node",
    "php",
    "lua",
    "pwsh",
    "powershell",
    "cmd",
    "psql",
    "mysql",
    "mariadb",
    "sqlite3",
    "sqlcmd",
    "expect",
    "flock",
    "script",
    "make",
    "crontab",
    "tclsh",
    "osascript",
    "wsl",
    "busybox",
];
/// They compute with their arguments, and arithmetic of bash runs programs.
const COMPUTING: [&str; 12] = [
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
];
const POWERSHELL: [&str; 7] = [
    "iex",
    "invoke-expression",
    "start-process",
    "saps",
    "scriptblock",
    "invoke-wmimethod",
    "-encodedcommand",
];
const CMD: [&str; 5] = ["call", "for", "start", "wmic", "schtasks"];
const SQL: [&str; 9] = [
    "exec",
    "execute",
    "prepare",
    "program",
    "xp_cmdshell",
    "sp_executesql",
    "dblink",
    "dblink_exec",
    "immediate",
];

/// Whether a word of the text makes a program of what follows it.
pub(super) fn is_reread(shell: Shell, text: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '[');
    text.split(|letter| !is_part(letter)).any(|word| {
        let word = word.to_lowercase();
        let among = |words: &[&str]| words.contains(&word.as_str());
        let is_python = word.starts_with("python");
        match shell {
            Shell::Posix => among(&SHELLS) || among(&COMPUTING) || is_python,
            Shell::PowerShell => among(&SHELLS) || among(&POWERSHELL) || is_python,
            Shell::Cmd => among(&SHELLS) || among(&POWERSHELL) || among(&CMD) || is_python,
            Shell::Sql => among(&SQL),
            Shell::None => false,
        }
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
