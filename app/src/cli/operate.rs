//! What operators ask a running server, and tell it to do.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Layout;

/// Whom to ask, and in whose name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The server")]
pub(crate) struct Asking {
    /// Where the running server is: the gateway's address, or the one that the settings say to
    /// listen on, where nothing is said.
    #[arg(long, value_name = "URL", env = "TIDINGS_URL")]
    pub(crate) url: Option<String>,
    /// In whose name to ask: the address of an operator's account, for the record of what is
    /// done. Whoever can read the database of accounts needs no password; elsewhere put an
    /// access token into TIDINGS_TOKEN.
    #[arg(long = "as", value_name = "EMAIL")]
    pub(crate) name: Option<String>,
    /// Print what the server answers, as JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) layout: Layout,
}

/// How much of a list, and what its emptiness means.
#[derive(Args, Clone, Debug)]
pub(crate) struct Listing {
    /// How many at the most, the newest first.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// End with the code 3 when there are any, for scripts.
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

/// Which events.
#[derive(Args, Clone, Debug)]
pub(crate) struct EventFilter {
    /// Only of this stream: orders.
    #[arg(long, value_name = "NAME")]
    pub(crate) stream: Option<String>,
    /// Only of this type: order.created.
    #[arg(long = "type", value_name = "NAME")]
    pub(crate) kind: Option<String>,
    /// Only about this entity: an order's id in the stream of orders.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Only of the flow with this correlation id.
    #[arg(long, value_name = "ID")]
    pub(crate) correlation_id: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Events {
    /// Stored events, the newest first.
    List {
        #[command(flatten)]
        filter: EventFilter,
        /// Only those published since: 2026-03-14T16:00:07Z.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Only those published before.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Follow what is published from now on, until it is stopped with Ctrl+C.
    Tail {
        #[command(flatten)]
        filter: EventFilter,
        #[command(flatten)]
        asking: Asking,
    },
    /// One event, and what each of its subscriptions has done with it.
    Show {
        /// Its address: orders.12.345.
        event_id: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Everything that one request has led to: events, who applied them, jobs, workflows, what
    /// they led to in turn.
    Trace {
        /// The correlation id of the flow, or the address of one of its events.
        id: String,
        #[command(flatten)]
        asking: Asking,
    },
}

/// One event that a subscription could not apply.
#[derive(Args, Clone, Debug)]
pub(crate) struct DeadOne {
    /// The subscription with its service, as `tidings dead list` prints it: expiration/orders.
    pub(crate) subscription: String,
    /// The event's address: orders.12.345.
    pub(crate) event_id: String,
}

#[derive(Subcommand)]
pub(crate) enum Dead {
    /// Events that wait for a person, with the error of the last try.
    List {
        /// Only of this service.
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Apply it in a transaction that is rolled back, and tell what it would have done.
    Try {
        #[command(flatten)]
        one: DeadOne,
        #[command(flatten)]
        asking: Asking,
    },
    /// Apply it again, in its place: what is behind it of its key follows.
    Retry {
        #[command(flatten)]
        one: DeadOne,
        #[command(flatten)]
        asking: Asking,
    },
    /// Apply again all dead events of this subscription, or those with the same error: 10,000 at
    /// the most.
    RetryAll {
        /// The subscription with its service: expiration/orders.
        subscription: String,
        /// Only those whose error has this text in it.
        #[arg(long, value_name = "TEXT")]
        error: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Put other data in the place of what could not be applied, and apply it.
    Edit {
        #[command(flatten)]
        one: DeadOne,
        /// The file with the new data, as JSON; - reads standard input. Hidden values that are
        /// left as ••• stay what they are.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Why, for the record.
        #[arg(long, value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Give it up: it is never applied, and the record says why.
    Discard {
        #[command(flatten)]
        one: DeadOne,
        /// Why, for the record.
        #[arg(long, value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        asking: Asking,
    },
}

/// One subscription, and why.
#[derive(Args, Clone, Debug)]
pub(crate) struct OneSubscription {
    /// The subscription with its service: expiration/orders.
    pub(crate) subscription: String,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

#[derive(Subcommand)]
pub(crate) enum Subscriptions {
    /// Every subscription: what it owes, what is parked, what is dead, whether it is paused.
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// Apply no more events, in no instance, until it is resumed. They are kept.
    Pause(OneSubscription),
    /// Go on with what a paused subscription owes.
    Resume(OneSubscription),
    /// Build a projection anew beside the one in use, and swap; see `tidings rebuild`.
    Rebuild(OneSubscription),
}

#[derive(Subcommand)]
pub(crate) enum Jobs {
    /// Jobs: those that wait for a person, or those in another state.
    List {
        /// ready, running, done, dead, cancelled or all.
        #[arg(long, value_name = "NAME", default_value = "dead")]
        state: String,
        /// Only of this service.
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
        /// Only of this kind.
        #[arg(long, value_name = "NAME")]
        kind: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Run a dead job again.
    Retry {
        /// The service that it belongs to.
        service: String,
        /// Its id.
        job_id: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Do not run it, or tell the one that runs to stop.
    Cancel {
        /// The service that it belongs to.
        service: String,
        /// Its id.
        job_id: String,
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Subcommand)]
pub(crate) enum Alerts {
    /// What is wrong now, or was.
    List {
        /// open, acknowledged, closed or all.
        #[arg(long, value_name = "NAME", default_value = "open")]
        state: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Say that a person sees to it: it stays open until its cause is gone, and reminds nobody.
    Acknowledge {
        /// The service that has opened it.
        service: String,
        /// Its number, as `tidings alerts list` prints it.
        alert_id: String,
        /// What is being done, for the record.
        #[arg(long, value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        asking: Asking,
    },
}
