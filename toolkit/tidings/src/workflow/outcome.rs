//! How calls outside end, and what the other side says about them later.

/// How a call has ended, as far as the caller can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It was done.
    Done(T),
    /// It was not done and will not be: the other side has said so, and why.
    Failed(String),
    /// Nobody here knows (a time-out, a lost connection, an answer without sense), and why.
    Unknown(String),
}

impl<T> Outcome<T> {
    /// The same with another result.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Outcome::Done(value) => Outcome::Done(f(value)),
            Outcome::Failed(error) => Outcome::Failed(error),
            Outcome::Unknown(error) => Outcome::Unknown(error),
        }
    }
}

/// What the other side says has become of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// It was done.
    Done(T),
    /// It was not done and will not be, and why.
    Failed(String),
    /// It has not arrived and never will, so it is made again. Where the other side might
    /// still hear of it (a queue, a proxy), this is the wrong answer.
    NotThere,
    /// The other side cannot say yet, or cannot be asked, and why; it is asked again.
    Unknown(String),
}

impl<T> Found<T> {
    /// The same with another result.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Found::Done(value) => Found::Done(f(value)),
            Found::Failed(error) => Found::Failed(error),
            Found::NotThere => Found::NotThere,
            Found::Unknown(error) => Found::Unknown(error),
        }
    }
}

impl<T> From<Outcome<T>> for Found<T> {
    fn from(outcome: Outcome<T>) -> Self {
        match outcome {
            Outcome::Done(value) => Found::Done(value),
            Outcome::Failed(error) => Found::Failed(error),
            Outcome::Unknown(error) => Found::Unknown(error),
        }
    }
}
