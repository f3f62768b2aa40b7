//! The words that people read for what a command is.

use contracts::commands::{Outcome, ParamType, Risk, Shell, Status};

pub(super) fn risk(risk: &Risk) -> &'static str {
    match risk {
        Risk::Safe => "Safe",
        Risk::Caution => "Caution",
        Risk::Destructive => "Destructive",
    }
}

/// What a risk means, in a sentence.
pub(super) fn risk_told(risk: &Risk) -> &'static str {
    match risk {
        Risk::Safe => "It changes nothing.",
        Risk::Caution => "It changes something that can be put right.",
        Risk::Destructive => "It destroys something.",
    }
}

pub(super) fn status(status: &Status) -> &'static str {
    match status {
        Status::Draft => "Draft",
        Status::Published => "Published",
        Status::Deprecated => "Deprecated",
    }
}

pub(super) fn shell(shell: &Shell) -> &'static str {
    match shell {
        Shell::Posix => "POSIX shell (sh, bash, zsh)",
        Shell::PowerShell => "PowerShell",
        Shell::Cmd => "Windows command prompt",
        Shell::Sql => "SQL",
        Shell::None => "Nobody: text that a person types",
    }
}

pub(super) fn kind(kind: &ParamType) -> &'static str {
    match kind {
        ParamType::String => "Text",
        ParamType::Int => "Whole number",
        ParamType::Bool => "True or false",
        ParamType::Enum => "One of some words",
        ParamType::Path => "Path of a file",
        ParamType::Secret => "Secret",
        ParamType::Raw => "Raw: without quotes",
    }
}

/// What came of a use: its state, and words for it.
pub(super) fn outcome(outcome: Option<Outcome>) -> (&'static str, &'static str) {
    match outcome {
        Some(Outcome::Ok) => ("succeeded", "Worked"),
        Some(Outcome::Failed) => ("failed", "Failed"),
        Some(Outcome::Unknown) | None => ("draft", "Not told"),
    }
}

/// How often something was used.
pub(super) fn times(uses: &i64) -> String {
    match uses {
        0 => "Not yet".to_owned(),
        1 => "Once".to_owned(),
        2 => "Twice".to_owned(),
        uses => format!("{uses} times"),
    }
}

pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(str::to_owned).collect()
}
