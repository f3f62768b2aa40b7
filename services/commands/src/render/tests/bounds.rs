//! What is refused when a command is saved, and what when it is filled in.

use std::collections::BTreeMap;

use contracts::commands::{CommandRecord, Param, ParamType, Shell};

use super::{command, filled, of, param, with_v};
use crate::render::{check_template, render};

pub(super) fn refused(shell: Shell, line: &str) -> bool {
    let mistakes = check_template(&with_v(shell, line, ParamType::String));
    let codes = mistakes.iter().map(|one| (one.code, one.field.as_deref()));
    let codes: Vec<_> = codes.collect();
    assert!(
        codes
            .iter()
            .all(|one| *one == ("unsafe_template", Some("command_line")))
    );
    !codes.is_empty()
}

/// A-25: where no value can be made safe, the command is not saved.
#[test]
fn a_25_places_that_nobody_can_quote_are_refused_at_save() {
    let posix = [
        "echo `ls {{v}}`",
        "echo `ls` {{v}}",
        "echo \\{{v}}",
        "echo \"\\{{v}}\"",
        "echo ${{v}}",
        "echo \"${{v}}\"",
        "echo ${x:-{{v}}}",
        "echo \"${x:-'}\" {{v}}",
        "echo $'{{v}}'",
        "echo $'a\\'b' {{v}}",
        "cat <<E\n{{v}}\nE",
        "cat <<E {{v}}\nE",
        "ls # {{v}}",
        "ls # it's\n echo {{v}}",
        "echo $(( {{v}} ))",
        "(( x = {{v}} ))",
        "echo $(case x in x) echo {{v}};; esac)",
        "echo $[{{v}}]",
        "echo '{{v}}",
        "echo \"{{v}}",
        "echo ({{v}}",
        "echo \"$x{{v}}\"",
        "a<\\\n<E {{v}}",
        "echo $(ls # )\n {{v}})",
        "echo $((a[{{v}}]))",
        "a[{{v}}]=1",
        "a[\"{{v}}\"]=1",
        "a=([{{v}}]=1)",
        "echo x >& \"{{v}}\"",
    ];
    for line in posix {
        assert!(refused(Shell::Posix, line), "{line}");
    }
}

#[test]
fn a_25_places_of_powershell_that_nobody_can_quote_are_refused_at_save() {
    let powershell = [
        "echo `{{v}}",
        "echo @'\n{{v}}\n'@",
        "echo \"$({{v}})\"",
        "echo \"$x{{v}}\"",
        "echo \"${{v}}\"",
        "echo a{{v}}",
        "echo {{v}}b",
        "echo {{v}}{{v}}",
        "echo '{{v}}",
        "echo \u{201c}{{v}}",
        "ls # {{v}}",
        "<# {{v}} #>",
        "x --% {{v}}",
        "echo \"a`{{v}}\"",
        "echo ${a{{v}}}\"",
        "echo \"${{{v}}}\"",
        "echo 'a'{{v}}",
        "echo \"$x$({{v}})\"",
        "echo \"$x$y$({{v}})\"",
        "echo \"$$({{v}})\"",
        "echo \"$$({{v}})\"",
        "Write-Host \"$env:COMPUTERNAME$(Get-Service {{v}})\"",
        "ls ${a'b} {{v}} '",
        "ls a#{{v}}",
        "ls C# {{v}}",
        "ls a#'x\n {{v}} '",
        "ls a` #'\n {{v}} '",
        "ls a# ${x\n {{v}} }",
        "x \u{2013}\u{2014}% {{v}}",
    ];
    for line in powershell {
        assert!(refused(Shell::PowerShell, line), "{line}");
    }
}

#[test]
fn a_25_places_of_the_command_prompt_that_nobody_can_quote_are_refused_at_save() {
    let cmd = [
        "echo ^{{v}}",
        "echo %{{v}}%",
        "echo %a\"% {{v}}",
        "echo \"{{v}}",
        "a\n{{v}}",
        "for %i in (*) do x {{v}}",
        "echo {{v}}{{v}}",
        "echo \"x\"{{v}}",
        "echo {{v}}\"x\"",
    ];
    for line in cmd {
        assert!(refused(Shell::Cmd, line), "{line}");
    }
}

#[test]
fn a_25_places_of_databases_that_nobody_can_quote_are_refused_at_save() {
    let sql = [
        "SELECT E{{v}}",
        "SELECT E'{{v}}'",
        "SELECT U&'{{v}}'",
        "SELECT 'a'{{v}}",
        "SELECT {{v}}'a'",
        "SELECT 1 -- {{v}}",
        "SELECT /* {{v}} */ 1",
        "SELECT $$ {{v}} $$",
        "SELECT `{{v}}`",
        "SELECT '{{v}}",
        "SELECT 'a\\' {{v}}",
        "SELECT 1 # {{v}}",
        "SELECT {{v}}{{v}}",
        "SELECT 1 -- it's\n, {{v}}",
        "SELECT a# 'x\ny', {{v}}",
        "SELECT $a$ {{v}} $a$",
        "SELECT a${{v}}",
        "SELECT a#{{v}}",
        "SELECT * FROM [dbo].[{{v}}]",
        "SELECT a AS [{{v}}] FROM t",
        "SELECT [it's], {{v}}, 'x'",
        "SELECT [a\"b], {{v}}, \"x\"",
        "SELECT x['a]'], {{v}}",
        "SELECT [a]]b'], {{v}}, 'x'",
        "SELECT [a--b], {{v}}",
        "SELECT [a, {{v}}",
        "SELECT a], {{v}}",
        "SELECT q'!it's!', {{v}}, 'x'",
        "SELECT `it's`, {{v}}, 'x'",
        "SELECT 1$$ {{v}} $$",
        "SELECT a#$$ {{v}} $$",
        "SELECT `/*`, {{v}}",
        "SELECT 1 --/* \n {{v}} */",
    ];
    for line in sql {
        assert!(refused(Shell::Sql, line), "{line}");
    }
}

/// A command that asks for one value of each kind.
fn asking() -> CommandRecord {
    let required = |name: &str, kind| Param {
        required: true,
        ..param(name, kind)
    };
    let params = vec![
        required("pod", ParamType::String),
        required("space", ParamType::String),
        required("count", ParamType::Int),
        Param {
            allowed_values: vec!["eu".to_owned(), "us".to_owned()],
            enforced: true,
            ..required("region", ParamType::Enum)
        },
        Param {
            pattern: Some("[a-z]+".to_owned()),
            ..required("word", ParamType::Secret)
        },
        Param {
            default: Some("all".to_owned()),
            ..required("mode", ParamType::String)
        },
    ];
    let line = "x {{pod}} {{space}} {{count}} {{region}} {{word}} {{mode}}";
    command(Shell::Posix, line, params)
}

/// A-24: everything that is wrong with the values is told at once, and no value is repeated.
#[test]
fn a_24_all_that_is_wrong_is_told_at_once() {
    let command = asking();
    let give = |pairs: &[(&str, &[&str])]| {
        let values = pairs.iter().flat_map(|(name, values)| of(name, values));
        render(&command, &values.collect())
    };
    let wrong = give(&[
        ("space", &[""]),
        ("count", &["7x"]),
        ("region", &["moon"]),
        ("word", &["HUNTER2"]),
        ("other", &["HUNTER2"]),
    ]);
    let mut fields: Vec<_> = wrong
        .unwrap_err()
        .into_iter()
        .map(|one| {
            assert!(!one.message.contains("HUNTER2"), "{}", one.message);
            one.field.unwrap()
        })
        .collect();
    fields.sort();
    let all =
        ["count", "other", "pod", "region", "space", "word"].map(|name| format!("values.{name}"));
    assert_eq!(fields, all);
    let right = give(&[
        ("space", &["a"]),
        ("count", &["7"]),
        ("region", &["eu"]),
        ("word", &["x"]),
        ("pod", &["p", "q"]),
    ]);
    assert_eq!(right.unwrap_err()[0].code, "too_many_values");
    let right = give(&[
        ("space", &["a"]),
        ("count", &["7"]),
        ("region", &["eu"]),
        ("word", &["x"]),
        ("pod", &["p"]),
    ]);
    assert_eq!(right.unwrap().text, "x p a 7 eu x all");
    assert_eq!(render(&command, &BTreeMap::new()).unwrap_err().len(), 5);
}

/// A-24: a proposal is no permission to leave out what is required.
#[test]
fn a_24_what_is_required_is_not_empty_unless_nothing_may_be_chosen() {
    let region = |allowed: &[&str], enforced| Param {
        required: true,
        allowed_values: allowed.iter().map(|&one| one.to_owned()).collect(),
        enforced,
        ..param("v", ParamType::String)
    };
    let codes = |param: Param| {
        let command = command(Shell::Posix, "deploy {{v}}", vec![param]);
        let mistakes = render(&command, &of("v", &[""])).err().unwrap_or_default();
        mistakes.into_iter().map(|one| one.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(region(&["eu", "us"], false)), ["value_missing"]);
    assert_eq!(codes(region(&[], false)), ["value_missing"]);
    assert_eq!(codes(region(&["", "us"], false)), [""; 0]);
    assert_eq!(codes(region(&["", "us"], true)), [""; 0]);
}

#[test]
fn numbers_are_written_in_one_way_and_signs_that_nobody_types_are_refused() {
    let number = with_v(Shell::Posix, "chmod {{v}} x", ParamType::Int);
    for wrong in [
        "007",
        "+7",
        "-0",
        "7 ",
        "",
        "1e3",
        "9223372036854775808",
        "٧",
    ] {
        assert!(render(&number, &of("v", &[wrong])).is_err(), "{wrong:?}");
    }
    assert_eq!(
        render(&number, &of("v", &["-9223372036854775808"]))
            .unwrap()
            .text,
        "chmod '-9223372036854775808' x"
    );
    for wrong in ["a\0", "a\x1b[201~", "\x03", "\r", "\u{85}"] {
        for shell in [
            Shell::Posix,
            Shell::PowerShell,
            Shell::Cmd,
            Shell::Sql,
            Shell::None,
        ] {
            assert_eq!(
                filled(shell, "x {{v}}", wrong),
                Err(vec!["bad_value"]),
                "{wrong:?}"
            );
        }
    }
    assert_eq!(
        filled(Shell::None, "x {{v}}", "a\nb"),
        Err(vec!["cannot_be_quoted"])
    );
}

/// What comes with an installation that nobody has used can be filled in.
#[test]
fn every_command_of_the_demonstration_can_be_filled_in() {
    #[derive(serde::Deserialize)]
    struct Written {
        edit: crate::edit::Edit,
    }
    let all: Vec<Written> = serde_json::from_str(include_str!("../../demo/commands.json")).unwrap();
    assert!(all.len() > 100);
    let mut refused = Vec::new();
    for Written { edit } in all {
        let mut command = command(Shell::Posix, "x", Vec::new());
        edit.apply(&mut command).unwrap();
        let mistakes = crate::command::mistakes(&command);
        refused.extend(mistakes.into_iter().map(|one| {
            format!(
                "{}: {} {}",
                command.how_to, command.command_line, one.message
            )
        }));
    }
    assert_eq!(refused, [""; 0], "{refused:#?}");
}

proptest::proptest! {
    /// Whatever a template is, checking and filling it in panics nowhere.
    #[test]
    fn hostile_templates_never_panic(line in "([ -~é\u{2018}\u{201d}\n]|\\{\\{v\\}\\}|\\$\\(|\\$\\(\\(|<<|\\$\\{){0,30}", value in "\\PC{0,8}") {
        for shell in [Shell::Posix, Shell::PowerShell, Shell::Cmd, Shell::Sql, Shell::None] {
            let command = with_v(shell, &line, ParamType::String);
            let refused = check_template(&command);
            let rendered = render(&command, &of("v", &[&value]));
            proptest::prop_assert!(refused.is_empty() || rendered.is_err());
        }
    }
}
