//! Lines and traces of work that a test does itself.

#[cfg(test)]
mod lines;
#[cfg(test)]
mod traces;
