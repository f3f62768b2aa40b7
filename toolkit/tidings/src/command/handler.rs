//! What a service's author writes: handlers of commands and of answers.

use std::marker::PhantomData;
use std::sync::Arc;

use super::code::{Handles, Sends};
use super::reply::Awaits;
use super::{Answer, Command, Received};
use crate::{Fault, Service, Tx};

/// Code that carries out a command: `async fn(Received<C>, &mut Tx) -> Result<C::Reply, E>`.
///
/// What it does through the transaction commits together with the fact that the command is
/// done, and with the reply: once, however often the command is delivered. It may be
/// *entered* more than once; calls to the outside are jobs.
///
/// An error that may pass ([`Fate::Retry`](crate::Fate)) parks the command, which is tried
/// again. One that cannot ([`Fate::Fail`](crate::Fate)) is told to a sender that waits for a
/// reply; without one the command is dead, and a person decides.
pub trait CommandHandler<'a, C: Command, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<C::Reply, E>> + Send + 'a;
    /// Carries out the command.
    fn call(&self, command: Received<C>, tx: &'a mut Tx) -> Self::Future;
}

impl<'a, C, E, F, Fut> CommandHandler<'a, C, E> for F
where
    C: Command,
    F: Fn(Received<C>, &'a mut Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C::Reply, E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, command: Received<C>, tx: &'a mut Tx) -> Fut {
        self(command, tx)
    }
}

/// Code that learns what has become of a command: `async fn(Answer<C>, &mut Tx) -> Result<(), E>`.
///
/// It is told once for each command: its effect commits together with the fact that the
/// command has ended.
pub trait AnswerHandler<'a, C: Command, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Learns the answer.
    fn call(&self, answer: Answer<C>, tx: &'a mut Tx) -> Self::Future;
}

impl<'a, C, E, F, Fut> AnswerHandler<'a, C, E> for F
where
    C: Command,
    F: Fn(Answer<C>, &'a mut Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, answer: Answer<C>, tx: &'a mut Tx) -> Fut {
        self(answer, tx)
    }
}

impl Service {
    /// Declares that the service sends this command.
    ///
    /// When nobody in the installation handles it, an alert of the kind `unhandled` is open
    /// from the start until a later start finds somebody. Until then commands wait in the
    /// sender's outbox.
    #[must_use]
    pub fn sends<C: Command>(mut self) -> Self {
        self.commands.declare(Sends::of::<C>());
        self
    }

    /// Carries out a command: `async fn(Received<C>, &mut Tx) -> Result<C::Reply, E>`; see
    /// [`CommandHandler`].
    #[must_use]
    pub fn handles<C, E, H>(mut self, handler: H) -> Self
    where
        C: Command,
        E: Fault,
        H: for<'a> CommandHandler<'a, C, E>,
    {
        let code = Handles(handler, PhantomData::<fn(C) -> E>);
        self.commands.handles.push(Arc::new(code));
        self
    }

    /// Declares that the service sends this command, and learns what becomes of those that
    /// it sends with [`Sending::reply_within`](crate::Sending::reply_within):
    /// `async fn(Answer<C>, &mut Tx) -> Result<(), E>`; see [`AnswerHandler`].
    #[must_use]
    pub fn on_reply<C, E, H>(mut self, handler: H) -> Self
    where
        C: Command,
        E: Fault,
        H: for<'a> AnswerHandler<'a, C, E>,
    {
        self.commands.declare(Sends::of::<C>());
        let code = Awaits(handler, PhantomData::<fn(C) -> E>);
        self.commands.awaits.push(Arc::new(code));
        self
    }
}
