//! What people write, and what is not refused.

use contracts::commands::{ParamType, Shell};

use super::bounds::refused;
use super::{command, of, with_v};
use crate::render::{check_template, render};

#[test]
fn what_sh_reads_in_one_way_is_not_refused() {
    let posix = [
        "echo {{v}} <<<{{v}}",
        "kill $(pgrep -f {{v}})",
        "echo \"${HOME}/{{v}}\"",
        "x=$((1<<2)) {{v}}",
        "ls {{v}} | wc -l && echo 'it is' > /tmp/x; ls # done",
        "case $x in a) echo {{v}};; esac",
        "grep 'it'\\''s' {{v}}",
        "a=(x {{v}})",
        "for i in {{v}}; do echo \"$i\" $? $1; done",
        "echo {a,{{v}}}",
        "diff <(ls {{v}}) x",
        "echo \"a \\\" {{v}}\"",
        "$HOME/bin/x {{v}}",
        "echo `date`",
    ];
    for line in &posix[..posix.len() - 1] {
        assert!(!refused(Shell::Posix, line), "{line}");
    }
    let without = command(Shell::Posix, posix[posix.len() - 1], Vec::new());
    assert_eq!(check_template(&without), []);
}

#[test]
fn what_powershell_cmd_and_databases_read_in_one_way_is_not_refused() {
    for line in [
        "Get-Pod -Name {{v}} | ? { $_.Ok }",
        "Get-Pod {{v}} -Lang C# # and so on",
        "x \"$a $b, ${c d} {{v}}\" ${e:f}",
        "x \"a ${b} {{v}}\" 'it''s'",
        "$x = {{v}}; Get-Item @({{v}},{{v}})",
    ] {
        assert!(!refused(Shell::PowerShell, line), "{line}");
    }
    for line in ["dir %USERPROFILE%\\{{v}} /s", "echo \"a ^& {{v}}\" & dir"] {
        assert!(!refused(Shell::Cmd, line), "{line}");
    }
    for line in [
        "SELECT * FROM \"{{v}}\" WHERE a = {{v}}",
        "SELECT N'{{v}}', {{v}}::date -- why\n",
        "SELECT 'it''s {{v}}'",
        "SELECT serial# FROM v$session WHERE a = 'b' AND c = {{v}}",
        "SELECT [first name] FROM [dbo].[t 1] WHERE a = {{v}}",
        "SELECT ARRAY['a', {{v}}, '{{v}}'], a[1] FROM t",
    ] {
        assert!(!refused(Shell::Sql, line), "{line}");
    }
}

#[test]
fn numbers_stand_where_no_text_can() {
    let number = with_v(Shell::Posix, "sleep $(( {{v}} * 60 ))", ParamType::Int);
    assert_eq!(check_template(&number), []);
    assert_eq!(
        render(&number, &of("v", &["-5"])).unwrap().text,
        "sleep $(( -5 * 60 ))"
    );
    let hours = with_v(
        Shell::PowerShell,
        "(Get-Date).AddHours(-{{v}})",
        ParamType::Int,
    );
    assert_eq!(check_template(&hours), []);
    assert_eq!(
        render(&hours, &of("v", &["-5"])).unwrap().text,
        "(Get-Date).AddHours(-(-5))"
    );
    assert!(refused(Shell::PowerShell, "(Get-Date).AddHours(-{{v}})"));
    let element = with_v(
        Shell::Sql,
        "SELECT a[{{v}}], [{{v}}] FROM t",
        ParamType::Int,
    );
    assert_eq!(check_template(&element), []);
}
