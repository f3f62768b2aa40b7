//! What can be set from outside.

/// How the service is run.
///
/// ```
/// let settings = commands::Settings { first_sync: true };
/// # let _ = settings;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Asks `platforms` once for all of them, by gRPC, when the replica is empty at a start and
    /// the register runs in another process. Without it they come with the events, from the
    /// first one on, which takes longer where the history is long.
    pub first_sync: bool,
}
