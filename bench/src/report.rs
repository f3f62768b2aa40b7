//! Medians and ratios as a table.

use std::collections::BTreeMap;

type Row = (usize, String, String);

/// What one turn has measured.
pub(crate) struct Turn {
    pub(crate) ours: f64,
    /// By hand, on the same disk in the same minute.
    pub(crate) hand: Option<f64>,
    /// Another library, likewise.
    pub(crate) peer: Option<f64>,
}

impl Turn {
    fn ratio_to(&self, other: impl Fn(&Turn) -> Option<f64>) -> Option<f64> {
        other(self).map(|other| self.ours / other)
    }
}

/// What was measured, in the order of its first measurement.
pub(crate) struct Report {
    rows: BTreeMap<Row, Vec<Turn>>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }

    /// One turn of ours, of the hand-written loop and of a peer.
    pub(crate) fn add(&mut self, database: &str, what: &str, turn: Turn) {
        let known = self
            .rows
            .keys()
            .find(|(_, d, w)| d == database && w == what)
            .cloned();
        let key = known.unwrap_or_else(|| (self.rows.len(), database.to_owned(), what.to_owned()));
        let (hand, peer) = (shown(turn.hand), shown(turn.peer));
        println!(
            "  {what}: {}, by hand {hand}, peer {peer}",
            shown(Some(turn.ours))
        );
        self.rows.entry(key).or_default().push(turn);
    }

    /// A figure with nothing beside it.
    pub(crate) fn note(&mut self, database: &str, what: &str, ours: f64) {
        let (hand, peer) = (None, None);
        self.add(database, what, Turn { ours, hand, peer });
    }

    /// As Markdown. A ratio is the median of the turns' ratios: what slows the machine down
    /// slows both sides of a turn.
    pub(crate) fn table(&self) -> String {
        let mut text = "| database | what | tidings | by hand | ratio | peer | ratio |\n\
            |---|---|---|---|---|---|---|\n"
            .to_owned();
        for ((_, database, what), turns) in &self.rows {
            let ours = shown(median(turns, |turn| Some(turn.ours)));
            let hand = shown(median(turns, |turn| turn.hand));
            let peer = shown(median(turns, |turn| turn.peer));
            let to_hand = ratio(median(turns, |turn| turn.ratio_to(|turn| turn.hand)));
            let to_peer = ratio(median(turns, |turn| turn.ratio_to(|turn| turn.peer)));
            text.push_str(&format!(
                "| {database} | {what} | {ours} | {hand} | {to_hand} | {peer} | {to_peer} |\n"
            ));
        }
        text
    }
}

fn median(turns: &[Turn], figure: impl Fn(&Turn) -> Option<f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = turns.iter().filter_map(figure).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// Whole numbers where they are large.
fn shown(figure: Option<f64>) -> String {
    match figure {
        Some(figure) if figure >= 100.0 => format!("{figure:.0}"),
        Some(figure) => format!("{figure:.1}"),
        None => String::new(),
    }
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default()
}
