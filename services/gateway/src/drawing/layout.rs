//! Where the boxes and lines of a drawing are, in pixels.

use std::collections::HashMap;

use super::{Box, Drawing, Shape, Tone};

const BOX_WIDTH: f64 = 196.0;
/// A box with rows has words of its own on them.
const WIDE: f64 = 236.0;
const HEAD: f64 = 34.0;
const NOTE: f64 = 18.0;
const ROW: f64 = 26.0;
/// Between two boxes of a column, at least.
const GAP: f64 = 16.0;
/// Between two columns: lines need room, and their words even more.
const BETWEEN: f64 = 150.0;
const BETWEEN_WITH_WORDS: f64 = 210.0;
const MARGIN: f64 = 12.0;
const TITLES: f64 = 34.0;
/// How often boxes are put nearer to those that they are joined with.
const ROUNDS: usize = 12;

/// A drawing that knows where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) titles: Vec<(f64, &'static str)>,
    pub(crate) boxes: Vec<PlacedBox>,
    pub(crate) lines: Vec<PlacedLine>,
}

#[derive(Clone, Debug)]
pub(crate) struct PlacedBox {
    pub(crate) it: Box,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl PlacedBox {
    pub(crate) fn radius(&self) -> f64 {
        match self.it.shape {
            Shape::Service => 6.0,
            Shape::Stream => HEAD.midpoint(NOTE) / 2.0,
        }
    }

    pub(crate) fn text_x(&self) -> f64 {
        self.x
            + if self.it.shape == Shape::Stream {
                20.0
            } else {
                12.0
            }
    }

    pub(crate) fn title_y(&self) -> f64 {
        self.y + 22.0
    }

    pub(crate) fn note_y(&self) -> f64 {
        self.y + 40.0
    }

    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn row_y(&self, index: &usize) -> f64 {
        self.y + head(&self.it) + row_offset(*index)
    }

    fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PlacedLine {
    pub(crate) path: String,
    pub(crate) label: String,
    pub(crate) href: String,
    pub(crate) label_x: f64,
    pub(crate) label_y: f64,
    pub(crate) tone: Tone,
}

fn row_offset(index: usize) -> f64 {
    ROW * u32::try_from(index).map_or(0.0, f64::from)
}

fn head(it: &Box) -> f64 {
    if it.note.is_empty() {
        HEAD
    } else {
        HEAD + NOTE
    }
}

fn height(it: &Box) -> f64 {
    let rows = row_offset(it.rows.len());
    head(it) + rows + if it.rows.is_empty() { 0.0 } else { 4.0 }
}

impl Drawing {
    /// Puts every box where few lines cross, and draws the lines.
    pub(crate) fn placed(mut self) -> Placed {
        self.untangle();
        let tall = |boxes: &[Box]| {
            let heights: f64 = boxes.iter().map(height).sum();
            heights + GAP * count(boxes.len().saturating_sub(1))
        };
        let tallest = self.columns.iter().map(|one| tall(&one.boxes));
        let tallest = tallest.fold(0.0, f64::max);
        let mut placed = Placed {
            width: 0.0,
            height: MARGIN + TITLES + tallest + MARGIN,
            titles: Vec::new(),
            boxes: Vec::new(),
            lines: Vec::new(),
        };
        let mut x = MARGIN;
        for column in &self.columns {
            let is_wide = column.boxes.iter().any(|one| !one.rows.is_empty());
            let width = if is_wide { WIDE } else { BOX_WIDTH };
            if is_wide {
                x += BETWEEN_WITH_WORDS - BETWEEN;
            }
            placed.titles.push((x, column.title));
            let own = tall(&column.boxes);
            let space = (tallest - own) / (count(column.boxes.len()) + 1.0);
            let mut y = MARGIN + TITLES + space;
            for it in &column.boxes {
                let height = height(it);
                placed.boxes.push(PlacedBox {
                    it: it.clone(),
                    x,
                    y,
                    width,
                    height,
                });
                y += height + GAP + space;
            }
            x += width + BETWEEN;
        }
        placed.width = x - BETWEEN + MARGIN;
        placed.lines = lines(&self, &placed.boxes);
        placed
    }

    /// Puts the boxes of each column in the order of those that they are joined with, again and
    /// again; and keeps the order in which the fewest lines cross.
    fn untangle(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for round in 0..ROUNDS {
            let orders = self.places();
            let indexes: Vec<usize> = (0..self.columns.len()).collect();
            let mut turns = indexes;
            if round % 2 == 1 {
                turns.reverse();
            }
            for index in turns {
                let orders = if round == 0 {
                    orders.clone()
                } else {
                    self.places()
                };
                self.sort(index, &orders);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// Where each box and row is, from the top of its column, from 0 to 1.
    fn places(&self) -> HashMap<String, f64> {
        let mut places = HashMap::new();
        for column in &self.columns {
            let rows = |one: &Box| one.rows.len().max(1);
            let all = count(column.boxes.iter().map(rows).sum());
            let mut at = 0.0;
            for one in &column.boxes {
                let own = count(rows(one));
                places.insert(one.id.clone(), (at + own / 2.0) / all);
                for (index, row) in one.rows.iter().enumerate() {
                    places.insert(row.id.clone(), (at + count(index) + 0.5) / all);
                }
                at += own;
            }
        }
        places
    }

    fn sort(&mut self, index: usize, places: &HashMap<String, f64>) {
        let pull = |id: &str| {
            let of = |line: &super::Line| match (line.from == id, line.to == id) {
                (true, _) => places.get(&line.to).copied(),
                (_, true) => places.get(&line.from).copied(),
                _ => None,
            };
            let pulls: Vec<f64> = self.lines.iter().filter_map(of).collect();
            (!pulls.is_empty()).then(|| pulls.iter().sum::<f64>() / count(pulls.len()))
        };
        let mut sorted = self.columns[index].boxes.clone();
        for one in &mut sorted {
            one.rows.sort_by(|a, b| {
                pull(&a.id)
                    .partial_cmp(&pull(&b.id))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        let whole = |one: &Box| {
            let ids = one.rows.iter().map(|row| row.id.as_str());
            let pulls: Vec<f64> = ids.chain([one.id.as_str()]).filter_map(pull).collect();
            match pulls.is_empty() {
                true => places.get(&one.id).copied().unwrap_or_default(),
                false => pulls.iter().sum::<f64>() / count(pulls.len()),
            }
        };
        sorted.sort_by(|a, b| whole(a).total_cmp(&whole(b)));
        self.columns[index].boxes = sorted;
    }

    fn crossings(&self) -> usize {
        let places = self.places();
        let column_of = |id: &str| {
            let holds = |one: &Box| one.id == id || one.rows.iter().any(|row| row.id == id);
            let mut columns = self.columns.iter();
            columns.position(|column| column.boxes.iter().any(holds))
        };
        let ends: Vec<_> = self
            .lines
            .iter()
            .filter_map(|line| {
                let ends = (places.get(&line.from)?, places.get(&line.to)?);
                Some((column_of(&line.from)?, ends))
            })
            .collect();
        let mut crossings = 0;
        for (index, (column, (from, to))) in ends.iter().enumerate() {
            let later = ends[index + 1..].iter().filter(|(of, _)| of == column);
            let cross = later.filter(|(_, (f, t))| (*from - *f) * (*to - *t) < 0.0);
            crossings += cross.count();
        }
        crossings
    }
}

/// Small numbers only.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

fn lines(drawing: &Drawing, boxes: &[PlacedBox]) -> Vec<PlacedLine> {
    let start = |id: &str| {
        let found = boxes.iter().find(|one| one.it.id == id)?;
        Some((found.right(), found.middle()))
    };
    let end = |id: &str| {
        boxes.iter().find_map(|one| {
            if one.it.id == id {
                return Some((one.x, one.middle()));
            }
            let row = one.it.rows.iter().position(|row| row.id == id)?;
            Some((one.x, one.row_y(&row) + ROW / 2.0 - 2.0))
        })
    };
    let placed = drawing.lines.iter().filter_map(|line| {
        let ((x1, y1), (x2, y2)) = (start(&line.from)?, end(&line.to)?);
        // A label lies on the end of the line, so that end is level.
        let level = if line.label.is_empty() {
            10.0
        } else {
            (x2 - x1) * 0.45
        };
        let bend = x1.midpoint(x2 - level);
        let knee = x2 - level;
        let path = format!(
            "M{x1:.0} {y1:.0}C{bend:.0} {y1:.0} {bend:.0} {y2:.0} {knee:.0} {y2:.0}H{:.0}",
            x2 - 7.0
        );
        Some(PlacedLine {
            path,
            label: line.label.clone(),
            href: line.href.clone(),
            label_x: x2 - 14.0,
            label_y: y2 - 5.0,
            tone: line.tone,
        })
    });
    placed.collect()
}
