//! Feeds over HTTP: programs in any language follow a stream, publish to it, and services on
//! other machines follow each other, all over real sockets.

mod accepting;
mod access;
mod following;
mod gone;
mod hostile;
mod pages;
mod polling;
pub(crate) mod site;
mod violations;
