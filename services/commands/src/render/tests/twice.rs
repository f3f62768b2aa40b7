//! Lines that something reads a second time: another program, or the arithmetic of bash.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use contracts::commands::{ParamType, Shell};

use super::sh::folder;
use super::{command, filled, of, param, with_v};
use crate::render::{check_template, render};

/// What runs a program where something reads it that should not.
const HOSTILE: [&str; 6] = [
    "a[$(:>PWNED)]",
    "$(touch PWNED)",
    "\\044(touch PWNED)",
    "x; touch PWNED",
    "-v",
    "touch PWNED",
];

/// Whether a program of the value would run in bash, quoted as it is.
fn runs_program(script: &str) -> bool {
    let folder = folder();
    let mut bash = Command::new("bash");
    let bash = bash.args(["-c", script]).current_dir(&folder);
    let bash = bash.stdin(Stdio::null()).stderr(Stdio::null());
    bash.stdout(Stdio::null()).status().unwrap();
    let ran = folder.join("PWNED").exists();
    std::fs::remove_dir_all(&folder).unwrap();
    ran
}

/// Lines that a second program reads.
const POSIX: [&str; 16] = [
    "ssh web1 \"systemctl restart {{v}}\"",
    "sh -c 'echo {{v}}'",
    "eval echo {{v}}",
    "ls | xargs -I% /bin/bash -c \"x {{v}}\"",
    "[[ {{v}} -eq 1 ]]",
    "$SHELL -c \"x {{v}}\"",
    "tcsh -c \"x {{v}}\"",
    "lua5.4 -e \"x {{v}}\"",
    "alias x={{v}}",
    "echo \"reboot {{v}}\" | at now",
    "ansible web -a \"x {{v}}\"",
    "sudo salt web x {{v}}",
    "rsync -a {{v}} web-1:/srv",
    "PAGER={{v}} man x",
    "compgen -W {{v}}",
    "RANDOM={{v}}",
];

/// Programs read their arguments once more: they get words that mean nothing to any reader.
#[test]
fn a_25_a_second_reader_gets_plain_words_only() {
    for line in POSIX {
        let plain = filled(Shell::Posix, line, "nginx.service");
        assert!(plain.is_ok(), "{line}");
        for value in [
            "; rm x",
            "$(x)",
            "a b",
            "-oProxyCommand=x",
            "",
            "a\nb",
            "a[$(x)]",
        ] {
            let refused = filled(Shell::Posix, line, value);
            assert_eq!(refused, Err(vec!["cannot_be_quoted"]), "{line}");
        }
    }
    let others = [
        (Shell::PowerShell, "iex {{v}}"),
        (Shell::PowerShell, "[scriptblock]::Create({{v}})"),
        (
            Shell::PowerShell,
            "$x = [System.Management.Automation.ScriptBlock]::Create({{v}})",
        ),
        (
            Shell::PowerShell,
            "$ExecutionContext.InvokeCommand.InvokeScript({{v}})",
        ),
        (
            Shell::PowerShell,
            "Invoke-CimMethod -Arguments @{ CommandLine = {{v}} }",
        ),
        (Shell::PowerShell, "Invoke-Sqlcmd -Query \"SELECT {{v}}\""),
        (Shell::Cmd, "call x {{v}}"),
        (Shell::Cmd, "psexec64.exe \\\\web {{v}}"),
        (Shell::Cmd, "runas /user:x {{v}}"),
        (Shell::Cmd, "%COMSPEC% /c {{v}}"),
        (Shell::Sql, "EXECUTE {{v}}"),
        (Shell::Sql, "DO 'BEGIN PERFORM {{v}}; END'"),
        (
            Shell::Sql,
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {{v}}'",
        ),
    ];
    for (shell, line) in others {
        assert!(filled(shell, line, "plain").is_ok(), "{line}");
        let refused = filled(shell, line, "a; b");
        assert_eq!(refused, Err(vec!["cannot_be_quoted"]), "{line}");
    }
}

/// The program that reads may be what was filled in, too.
#[test]
fn a_25_a_reader_that_was_filled_in_is_one() {
    let line = |line: &str, program: &str, value: &str| {
        let params = vec![param("p", ParamType::Enum), param("v", ParamType::String)];
        let command = command(Shell::Posix, line, params);
        let values = [("p", program), ("v", value)];
        let values = values
            .into_iter()
            .flat_map(|(name, value)| of(name, &[value]));
        render(&command, &values.collect::<BTreeMap<_, _>>()).is_ok()
    };
    let shell = "{{p}} -c \"restart {{v}}\"";
    assert!(line(shell, "bash", "nginx"));
    assert!(!line(shell, "bash", "x; touch PWNED"));
    assert!(!line("sudo /bin/{{p}} -c {{v}}", "dash", "a b"));
    assert!(!line("docker exec web {{p}} -c {{v}}", "sh", "a b"));
    assert!(!line("[ {{p}} {{v}} ]", "-v", "a[$(x)]"));
    assert!(line("[ {{p}} {{v}} ]", "-f", "a b"));
    assert!(line(
        "journalctl -u {{p}} --since {{v}}",
        "ssh",
        "2 hours ago"
    ));
    assert!(line("{{p}} {{v}}", "ls", "a b"));
}

/// bash computes with these; each runs the program of a value that is quoted as it should.
const COMPUTING: [&str; 18] = [
    "n={{v}}; echo $((n + 1))",
    "n={{v}}; echo \"$(($n + 1))\"",
    "n={{v}}; ((n++))",
    "n={{v}}; for ((i = n; i < 1; i++)); do :; done",
    "port[{{v}}]=1",
    "port[ {{v}} ]+=1",
    "port=([{{v}}]=1)",
    "n={{v}}; port=([n]=1)",
    "n={{v}}; port[$n]=1",
    "[ -v {{v}} ]",
    "if test ! -v {{v}}; then :; fi",
    "i={{v}}; s=abc; echo ${s:i}",
    "i={{v}}; s=abc; echo \"${s:0:i}\"",
    "i={{v}}; s=(a b); echo ${s[i]}",
    "x={{v}}; echo ${!x}",
    "echo x >&{{v}}",
    "x={{v}}; echo x >&$x",
    "OPTIND={{v}}",
];

#[test]
fn a_25_bash_computes_with_no_value() {
    for line in COMPUTING {
        let quoted = line.replace("{{v}}", "'a[$(:>PWNED)]'");
        assert!(runs_program(&quoted), "bash does not do so: {quoted}");
    }
    assert!(runs_program("x='\\044(touch PWNED)'; echo \"${x@P}\""));
    let read_once_more = [
        "x={{v}}; echo \"${x@P}\"",
        "port[\"{{v}}\"]=1",
        "port[$(({{v}}))]=1",
    ];
    for line in COMPUTING.into_iter().chain(read_once_more) {
        for value in HOSTILE {
            if let Ok(text) = filled(Shell::Posix, line, value) {
                assert!(!runs_program(&text), "{text}");
            }
        }
    }
}

/// Numbers and plain words are what most of these lines are for.
#[test]
fn what_bash_computes_with_can_be_a_number_and_often_a_word() {
    for line in COMPUTING.into_iter().filter(|line| !line.contains(">&{{")) {
        let command = with_v(Shell::Posix, line, ParamType::Int);
        assert_eq!(check_template(&command), [], "{line}");
        assert!(render(&command, &of("v", &["-5"])).is_ok(), "{line}");
    }
    assert!(filled(Shell::Posix, "n={{v}}; echo $((n + 1))", "7").is_ok());
    assert!(filled(Shell::Posix, "[ -v {{v}} ]", "HOME").is_ok());
}

/// What looks like one of these and is none takes any value.
#[test]
fn lines_that_are_read_once_take_any_value() {
    let posix = [
        "curl -v {{v}}",
        "grep -v {{v}} x",
        "docker run -v {{v}} x",
        "go test -v {{v}}",
        "test -f x && grep -v {{v}} y",
        "[ -f x ] || rm -v {{v}}",
        "echo ${x:0:8} ${x:-y} ${x[@]} ${#x} ${x%%.*} {{v}}",
        "echo $((1 + 2)) {{v}}",
        "port[0]={{v}}",
        "ls log[0-9].{{v}} log[{{v}}]",
        "x=(a {{v}}); ([ {{v}} = a ])",
        "ls {{v}} >x 2>&1 &",
        "git commit -m {{v}} # at last",
        "echo look at {{v}}",
        "git config --local --unset {{v}}",
    ];
    for line in posix {
        assert!(filled(Shell::Posix, line, "a b; [$(x)]").is_ok(), "{line}");
    }
    let powershell = [
        "Invoke-Command -ComputerName web -ScriptBlock { Get-ChildItem {{v}} }",
        "Get-Content {{v}} | Select-Object -First 3",
    ];
    for line in powershell {
        let filled = filled(Shell::PowerShell, line, "C:\\a b; x");
        assert!(filled.is_ok(), "{line}");
    }
    let sql = [
        "INSERT INTO t (a) VALUES ({{v}}) ON CONFLICT (a)\n DO UPDATE SET b = {{v}}",
        "SELECT now() AT TIME ZONE {{v}}",
    ];
    for line in sql {
        assert!(filled(Shell::Sql, line, "a b; x").is_ok(), "{line}");
    }
}
