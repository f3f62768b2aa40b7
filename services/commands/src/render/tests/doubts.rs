//! What one should look at before one uses a line.

use contracts::commands::{ParamType, Shell};

use super::{of, with_v};
use crate::render::render;

#[test]
fn what_one_should_look_at_is_told_with_the_line() {
    let warned = |shell, line: &str, kind, value: &str| {
        let rendered = render(&with_v(shell, line, kind), &of("v", &[value])).unwrap();
        rendered.warnings.join("|")
    };
    let text = ParamType::String;
    assert_eq!(warned(Shell::Posix, "ls {{v}}", text, "a b"), "");
    assert!(warned(Shell::Posix, "ls {{v}}", text, "-rf").contains("begins with a dash"));
    assert!(warned(Shell::Posix, "ls \"{{v}}\"", text, "-rf").contains("begins with a dash"));
    assert_eq!(warned(Shell::Posix, "ls ./{{v}}", text, "-rf"), "");
    assert!(
        warned(Shell::PowerShell, "ls {{v}}", text, "\u{2013}x").contains("begins with a dash")
    );
    assert!(warned(Shell::PowerShell, "ls {{v}}", text, "a\"b&c").contains("batch file"));
    assert!(warned(Shell::Posix, "ls {{v}}", text, "a\nb").contains("line break"));
    assert!(warned(Shell::Posix, "ls {{v}}", text, "a\u{202e}b").contains("not shown"));
    for hidden in ["\u{2060}", "\u{61c}", "\u{e0041}", "\u{2028}"] {
        assert!(warned(Shell::Posix, "ls {{v}}", text, hidden).contains("not shown"));
    }
    assert!(warned(Shell::Sql, "SELECT {{v}}", text, "O\u{2bc}Neil").contains("like a quote"));
    assert!(warned(Shell::None, "Ask for {{v}}", text, "a").contains("nothing was quoted"));
    assert!(warned(Shell::Posix, "ls {{v}}", ParamType::Raw, "-l | x").contains("as it stands"));
    let raw = with_v(Shell::Posix, "ls {{v}}", ParamType::Raw);
    assert_eq!(
        render(&raw, &of("v", &["-l | x"])).unwrap().text,
        "ls -l | x"
    );
}
