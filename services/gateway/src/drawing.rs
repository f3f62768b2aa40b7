//! Services and streams as a drawing: who publishes what on the left, who reads it on the right.
//!
//! The map of the console and `tidings map --format svg` are drawn by this. Columns of boxes
//! are enough: events flow one way, and a service that both publishes and reads stands in two
//! of them, so that no line runs backwards.

mod layout;
mod whole;

use askama::Template;
use tidings::catalog::Catalog;

pub(crate) use layout::Placed;
pub(crate) use whole::{around, everything, row_id, stream_id};

/// What a drawing is made of: boxes in columns, and lines between boxes of two columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawing {
    pub(crate) columns: Vec<Column>,
    pub(crate) lines: Vec<Line>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) boxes: Vec<Box>,
}

/// A service or a stream.
#[derive(Clone, Debug)]
pub(crate) struct Box {
    /// Unique in the drawing.
    pub(crate) id: String,
    pub(crate) shape: Shape,
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) href: String,
    pub(crate) tone: Tone,
    /// What lines can end at; a box without rows is one itself.
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Service,
    Stream,
}

impl Shape {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Shape::Service => "is-service",
            Shape::Stream => "is-stream",
        }
    }
}

/// A subscription.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) words: String,
    pub(crate) href: String,
    pub(crate) tone: Tone,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) from: String,
    /// A box or a row.
    pub(crate) to: String,
    pub(crate) label: String,
    /// Where its words lead.
    pub(crate) href: String,
    pub(crate) tone: Tone,
}

/// How something stands. The words beside it say the same as the colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    /// Nothing is known, because nothing was asked for.
    #[default]
    Plain,
    Ok,
    Unknown,
    Warn,
    Bad,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Tone::Plain => "is-plain",
            Tone::Ok => "is-ok",
            Tone::Unknown => "is-unknown",
            Tone::Warn => "is-warn",
            Tone::Bad => "is-bad",
        }
    }
}

#[derive(Template)]
#[template(path = "drawing.svg")]
struct Inside<'a> {
    drawing: &'a Placed,
}

/// The whole catalogue as an SVG file, which brings its own look with it.
///
/// # Errors
/// None that anybody has seen: it is written into memory.
pub fn svg(catalog: &Catalog) -> Result<String, askama::Error> {
    let mut drawing = everything(catalog);
    drawing.lead_nowhere();
    let drawing = drawing.placed();
    let Placed { width, height, .. } = drawing;
    let inside = Inside { drawing: &drawing }.render()?;
    let style = include_str!("../assets/drawing.css");
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>Who publishes what, and who reads it</title>\n\
         <style>\n{style}</style>{inside}</svg>\n"
    ))
}
