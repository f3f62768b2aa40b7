//! What can be set from outside.

/// How the service is run.
///
/// ```
/// let settings = commands::Settings::default();
/// # let _ = settings;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Settings {}
