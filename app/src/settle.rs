//! `tidings settle`: a person's decision about slots that stand still.

use std::io::Write;

use tidings::{Clock, Installation, SubscriptionInfo, alert};

use crate::cli::Settle;
use crate::config::Config;
use crate::{Error, process, services};

/// Lets every slot of a subscription's stream that waits for a person go on from a moment.
///
/// Works on a stopped server's folder only, as whatever writes there; a running server on
/// PostgreSQL notices by itself.
pub(crate) async fn settle(config: Config, options: Settle) -> Result<(), Error> {
    let _folder = config.take(&config.services())?;
    let setup = services::setup(config.storage(), services::Settings::default());
    let setup = process::for_command(setup.clock(Clock::system()), &config)?;
    let installation = setup.open().await.map_err(Error::Open)?;
    let of = subscription(&installation, &options)?;
    let settled = decide(&installation, of, &options).await;
    let settled = settled.map_err(Error::Settle)?;
    let out = &mut std::io::stdout();
    if settled.is_empty() {
        writeln!(out, "No slot of {} waits for a person.", options.stream)?;
    }
    for (slot, sequence) in settled {
        let stream = &options.stream;
        writeln!(out, "{stream}.{slot} goes on after {sequence}.")?;
    }
    Ok(())
}

fn subscription<'a>(
    installation: &'a Installation,
    options: &Settle,
) -> Result<&'a SubscriptionInfo, Error> {
    let mut all = installation.subscriptions().iter();
    let found = all.find(|one| {
        let name = format!("{}/{}", one.service.name(), one.name);
        name == options.subscription && one.stream == options.stream
    });
    found.ok_or_else(|| Error::NoSubscription {
        subscription: options.subscription.clone(),
        stream: options.stream.clone(),
    })
}

/// Decides about all of them at once: a crash leaves all of them standing, or none.
async fn decide(
    installation: &Installation,
    of: &SubscriptionInfo,
    options: &Settle,
) -> Result<Vec<(u16, u64)>, tidings::Error> {
    let slots: Vec<u16> = alert::stopped(of).await?.into_keys().collect();
    if slots.is_empty() {
        return Ok(Vec::new());
    }
    let starts = alert::starts(installation, of, &slots, options.from).await?;
    let mut tx = of.service.begin_own().await?;
    let note = options.note.as_deref();
    if !alert::settle_slots(&mut tx, of, &starts, note).await? {
        return Ok(Vec::new());
    }
    tx.commit().await?;
    Ok(starts)
}
