//! Figures of several turns as a table, a contender a line.

use std::collections::BTreeMap;

use super::referee::Figures;

/// A column: its heading, and its figure of a turn.
pub(super) type Column = (&'static str, fn(&Figures) -> Option<f64>);

/// What was measured of one part.
#[derive(Default)]
pub(super) struct Table {
    /// In the order of the first turn.
    lines: Vec<(String, Vec<Figures>)>,
}

impl Table {
    pub(super) fn add(&mut self, who: &str, figures: Figures) {
        let shown: BTreeMap<_, _> = figures.iter().collect();
        println!("  {who}: {shown:.2?}");
        match self.lines.iter_mut().find(|(name, _)| name == who) {
            Some((_, turns)) => turns.push(figures),
            None => self.lines.push((who.to_owned(), vec![figures])),
        }
    }

    /// Medians as Markdown, and the ratio of the first column to that of the line which
    /// `ceiling` names, in the same turn.
    pub(super) fn print(&self, title: &str, columns: &[Column], ceiling: fn(&str) -> &str) {
        let heads: Vec<&str> = columns.iter().map(|(head, _)| *head).collect();
        println!("\n### {title}\n\n| | {} | ratio |", heads.join(" | "));
        println!("|---|{}", "---|".repeat(columns.len() + 1));
        for (name, turns) in &self.lines {
            let highest = ceiling(name);
            let highest = self.lines.iter().find(|(name, _)| name == highest);
            let mut cells: Vec<String> = columns
                .iter()
                .map(|(_, figure)| shown(median(turns.iter().filter_map(figure))))
                .collect();
            let first = |turn: &Figures| columns.first().and_then(|(_, figure)| figure(turn));
            let ratios = highest.map(|(_, highest)| {
                let both = turns.iter().zip(highest);
                median(both.filter_map(|(ours, theirs)| Some(first(ours)? / first(theirs)?)))
            });
            cells.push(shown(ratios.flatten()));
            println!("| {name} | {} |", cells.join(" | "));
        }
    }
}

fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// Whole numbers where they are large.
fn shown(figure: Option<f64>) -> String {
    match figure {
        Some(figure) if figure >= 100.0 => format!("{figure:.0}"),
        Some(figure) if figure >= 10.0 => format!("{figure:.1}"),
        Some(figure) => format!("{figure:.2}"),
        None => String::new(),
    }
}
