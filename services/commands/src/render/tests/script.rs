//! a line as a file that its shell reads.

use std::process::Command;

use contracts::commands::{ParamType, Shell};

use super::sh::folder;
use super::{HOSTILE, filled, with_v};
use crate::render::{Script, script};

fn of(shell: Shell, line: &str) -> (String, String) {
    let Script { name, text } = script(&with_v(shell, "x", ParamType::String), line);
    (name, text)
}

#[test]
fn a_29_each_shell_gets_a_file_that_it_reads() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let posix = "#!/bin/sh\n# Command 1, revision 1\nls\n";
    assert_eq!(of(Shell::Posix, "ls"), file("command-1.sh", posix));
    // Read as Windows-1252, the second byte of Ñ would be a quote.
    let powershell = "\u{feff}# Command 1, revision 1\nls 'Ñ'\n";
    assert_eq!(
        of(Shell::PowerShell, "ls 'Ñ'"),
        file("command-1.ps1", powershell)
    );
    let cmd = "@echo off\r\nrem Command 1, revision 1\r\ndir\r\n";
    assert_eq!(of(Shell::Cmd, "dir"), file("command-1.cmd", cmd));
    let sql = "-- Command 1, revision 1\nSELECT 1;\n";
    assert_eq!(of(Shell::Sql, "SELECT 1;"), file("command-1.sql", sql));
    assert_eq!(of(Shell::None, "show x"), file("command-1.txt", "show x\n"));
}

/// In a file `%i` would be an argument of it, and letters those of an old code page.
#[test]
fn the_command_prompt_reads_a_file_as_it_reads_what_is_typed() {
    let line = |line: &str| {
        let (_, text) = of(Shell::Cmd, line);
        text.trim_end().rsplit("\r\n").next().unwrap().to_owned()
    };
    assert_eq!(line("dir %USERPROFILE%\\x"), "dir %USERPROFILE%\\x");
    assert_eq!(line("echo %DATE:~0,4% 100%"), "echo %DATE:~0,4% 100%%");
    assert_eq!(
        line("for %i in (%PATH%) do @echo %i"),
        "for %%i in (%PATH%) do @echo %%i"
    );
    let (_, text) = of(Shell::Cmd, "dir \"é\"");
    assert!(
        text.starts_with("@echo off\r\nchcp 65001 >nul\r\nrem "),
        "{text}"
    );
}

/// A-25 for the file: `sh` sees the value, and nothing else happens.
#[test]
fn a_25_a_script_of_sh_does_what_the_line_does() {
    let folder = folder();
    for value in HOSTILE {
        let line = filled(Shell::Posix, "show {{v}} \"{{v}}\"", value).unwrap();
        let Script { name, text } = script(&with_v(Shell::Posix, "x", ParamType::String), &line);
        let path = folder.join(name);
        let shown = text.replacen("show", "show() { printf '%s' \"$@\"; }\nshow", 1);
        std::fs::write(&path, shown).unwrap();
        let output = Command::new("sh")
            .arg(&path)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), value.repeat(2));
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}
