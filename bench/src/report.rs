//! Medians and ratios as a table.

use std::collections::BTreeMap;

type Row = (usize, String, String);

/// What was measured, in the order of its first measurement.
pub(crate) struct Report {
    rows: BTreeMap<Row, (Vec<f64>, Vec<f64>)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }

    /// One turn of ours and of the ceiling.
    pub(crate) fn add(&mut self, database: &str, what: &str, ours: f64, ceiling: f64) {
        println!("  {what}: {ours:.0} of {ceiling:.0}");
        let (all_ours, all_ceiling) = self.row(database, what);
        all_ours.push(ours);
        all_ceiling.push(ceiling);
    }

    /// A figure without a ceiling.
    pub(crate) fn note(&mut self, database: &str, what: &str, ours: f64) {
        println!("  {what}: {ours:.1}");
        self.row(database, what).0.push(ours);
    }

    fn row(&mut self, database: &str, what: &str) -> &mut (Vec<f64>, Vec<f64>) {
        let known = self
            .rows
            .keys()
            .find(|(_, d, w)| d == database && w == what)
            .cloned();
        let key = known.unwrap_or_else(|| (self.rows.len(), database.to_owned(), what.to_owned()));
        self.rows.entry(key).or_default()
    }

    /// As Markdown.
    pub(crate) fn table(&self) -> String {
        let mut text =
            "| database | what | tidings | by hand | ratio |\n|---|---|---|---|---|\n".to_owned();
        for ((_, database, what), (ours, ceiling)) in &self.rows {
            let (ours, ceiling) = (median(ours), median(ceiling));
            let beside = match (ours, ceiling) {
                (Some(ours), Some(ceiling)) => format!("{ceiling:.0} | {:.2}", ours / ceiling),
                _ => "- | -".to_owned(),
            };
            let ours = ours.unwrap_or_default();
            text.push_str(&format!("| {database} | {what} | {ours:.1} | {beside} |\n"));
        }
        text
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
