//! A chart of days: a bar for each, above or below the line at zero.
//!
//! It has no width of its own: places across are in percent and places down in pixels, so that
//! letters have the same size on a phone and on a desk.

use contracts::calendar::BillingDay;

use super::axis::Axis;

/// Where bars begin and end; above them is a line of text, below them are the dates.
const TOP: f64 = 26.0;
const BOTTOM: f64 = 176.0;
/// How much of its day a bar takes.
const BAR: f64 = 0.72;
/// So many days have room for a date each.
const DATES_MOST: usize = 7;

/// A day in a chart.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) date: BillingDay,
    /// None draws no bar, which is not the same as one of no height.
    pub(super) value: Option<i64>,
    /// Whether it can still change.
    pub(super) is_open: bool,
    /// What there is to say of it in a line.
    pub(super) tip: String,
    /// And at length.
    pub(super) title: String,
    /// Where to read on.
    pub(super) href: Option<String>,
}

/// What a chart is about.
pub(super) struct About {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    /// All of it in words, for whoever does not see it.
    pub(super) summary: String,
    /// The least step of its scale, and how a step is written.
    pub(super) unit: i64,
    pub(super) label: fn(i64) -> String,
}

/// A chart with all its places.
pub(super) struct Chart {
    pub(super) about: About,
    /// Whether its bars lead somewhere. Then it is a group of links and no image.
    pub(super) has_links: bool,
    pub(super) lines: Vec<Line>,
    pub(super) bars: Vec<Bar>,
    pub(super) dates: Vec<Label>,
}

/// A line across, with its number.
pub(super) struct Line {
    pub(super) y: String,
    pub(super) text_y: String,
    pub(super) label: String,
    pub(super) is_zero: bool,
}

/// What is drawn of a day.
pub(super) struct Bar {
    pub(super) id: String,
    /// The day's part of the width.
    pub(super) x: String,
    pub(super) width: String,
    pub(super) drawn: Option<Drawn>,
    pub(super) tip: String,
    pub(super) title: String,
    pub(super) href: Option<String>,
}

/// A bar.
pub(super) struct Drawn {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) y: String,
    pub(super) height: String,
    pub(super) is_below: bool,
    pub(super) is_open: bool,
}

/// A date below the bars.
pub(super) struct Label {
    pub(super) x: String,
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

impl Chart {
    /// Draws days, the oldest first.
    pub(super) fn of(about: About, points: &[Point]) -> Self {
        let axis = Axis::around(points.iter().filter_map(|point| point.value), about.unit);
        let part = 100.0 / points.len().max(1) as f64;
        let line = |value| Line {
            y: pixels(down(axis, value)),
            text_y: pixels(down(axis, value) + 4.0),
            label: (about.label)(value),
            is_zero: value == 0,
        };
        let bar = |(place, point): (usize, &Point)| {
            let x = part * place as f64;
            Bar {
                id: format!("{}-{}", about.id, point.date),
                x: percent(x),
                width: percent(part),
                drawn: drawn(axis, point, (x, part)),
                tip: point.tip.clone(),
                title: point.title.clone(),
                href: point.href.clone(),
            }
        };
        Self {
            has_links: points.iter().any(|point| point.href.is_some()),
            lines: axis.lines().map(line).collect(),
            bars: points.iter().enumerate().map(bar).collect(),
            dates: dates(points, part),
            about,
        }
    }
}

fn drawn(axis: Axis, point: &Point, (x, part): (f64, f64)) -> Option<Drawn> {
    let value = point.value?;
    let (zero, end) = (down(axis, 0), down(axis, value));
    (value != 0).then(|| Drawn {
        x: percent(x + part * (1.0 - BAR) / 2.0),
        width: percent(part * BAR),
        y: pixels(zero.min(end)),
        height: pixels((zero - end).abs().max(2.0)),
        is_below: value < 0,
        is_open: point.is_open,
    })
}

/// Each day's date where there is room, or the first, the middle and the last.
fn dates(points: &[Point], part: f64) -> Vec<Label> {
    let label = |place: usize, x: f64, anchor| {
        let text = points.get(place).map(|point| point.date.in_short());
        Label {
            x: percent(x),
            anchor,
            text: text.unwrap_or_default(),
        }
    };
    let middle_of = |place: usize| part * (place as f64 + 0.5);
    match points.len() {
        0..=DATES_MOST => (0..points.len())
            .map(|place| label(place, middle_of(place), "middle"))
            .collect(),
        count => vec![
            label(0, 0.0, "start"),
            label(count / 2, middle_of(count / 2), "middle"),
            label(count - 1, 100.0, "end"),
        ],
    }
}

fn down(axis: Axis, value: i64) -> f64 {
    TOP + axis.depth(value) * (BOTTOM - TOP)
}

fn pixels(value: f64) -> String {
    format!("{value:.1}")
}

fn percent(value: f64) -> String {
    format!("{value:.3}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[Option<i64>]) -> Chart {
        let about = About {
            id: "chart",
            heading: "A chart",
            summary: String::new(),
            unit: 1,
            label: |value| value.to_string(),
        };
        let first: BillingDay = "2026-03-01".parse().unwrap();
        let points: Vec<Point> = (0_i64..)
            .zip(values)
            .map(|(place, value)| Point {
                date: first.minus(-place),
                value: *value,
                is_open: false,
                tip: String::new(),
                title: String::new(),
                href: None,
            })
            .collect();
        Chart::of(about, &points)
    }

    #[test]
    fn bars_begin_at_zero_and_end_above_it_or_below() {
        let chart = chart(&[Some(2), Some(-2), Some(0), None]);
        let drawn: Vec<_> = chart
            .bars
            .iter()
            .map(|bar| {
                let drawn = bar.drawn.as_ref()?;
                Some((drawn.y.as_str(), drawn.height.as_str(), drawn.is_below))
            })
            .collect();
        // The line at zero is half way between 26 and 176.
        let expected = [
            Some(("26.0", "75.0", false)),
            Some(("101.0", "75.0", true)),
            None,
            None,
        ];
        assert_eq!(drawn, expected);
        let zero = chart.lines.iter().find(|line| line.is_zero).unwrap();
        assert_eq!((zero.y.as_str(), zero.label.as_str()), ("101.0", "0"));
    }

    #[test]
    fn few_days_have_a_date_each_and_many_have_three() {
        let text = |count: usize| {
            let chart = chart(&vec![Some(1); count]);
            let labels = chart.dates.iter().map(|label| label.text.clone());
            labels.collect::<Vec<_>>()
        };
        assert_eq!(text(2), ["1 Mar", "2 Mar"]);
        assert_eq!(text(14), ["1 Mar", "8 Mar", "14 Mar"]);
        assert_eq!(text(0), [""; 0]);
    }
}
