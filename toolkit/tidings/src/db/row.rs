//! Rows, and how they become values of your types.

use std::sync::Arc;

use super::value::{FromValue, Value};
use crate::Error;

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// Reads a column by its name.
    ///
    /// # Errors
    /// [`Error::Decode`] when there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        let index = self
            .columns
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| decode_error(column, "no such column".to_owned()))?;
        self.at(index)
    }

    /// Reads a column by its place, counted from 0.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn at<T: FromValue>(&self, index: usize) -> Result<T, Error> {
        let name = || self.columns.get(index).map_or("?", String::as_str);
        let value = self.values.get(index).cloned();
        let value = value.ok_or_else(|| decode_error(name(), format!("no column {index}")))?;
        T::from_value(value).map_err(|reason| decode_error(name(), reason))
    }
}

fn decode_error(column: &str, reason: String) -> Error {
    Error::Decode {
        what: format!("column {column}"),
        reason,
    }
}

/// A type that a whole row can be read as.
///
/// Derive it for structs (columns by field name), or use a tuple (columns by place):
///
/// ```
/// #[derive(tidings::FromRow)]
/// struct Order {
///     id: uuid::Uuid,
///     total_minor: i64,
/// }
/// ```
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// [`Error::Decode`] when a column is missing or holds something else.
    fn from_row(row: &Row) -> Result<Self, Error>;
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(row.clone())
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),+))*) => {$(
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self, Error> {
                Ok(($(row.at::<$name>($index)?,)+))
            }
        }
    )*};
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
