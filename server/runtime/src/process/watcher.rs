//! Watches over one agent that lives: tells when its terminal answers, when something about it changes and when it
//! ends, as it happens.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{Observation, Observed, Step};
use rustix::process::Signal;
use tokio::time::{sleep, sleep_until};

use super::{
    host::{Host, Live, Slot},
    socket,
    watch::Watch,
};

/// Pauses between looks at a socket that is there and does not answer yet: this long at first, then twice as long each
/// time.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// An agent can change its run folder as often as it likes; it is looked at no more often than this once it is up.
const LEAST_PAUSE: Duration = Duration::from_millis(50);

/// Runs until the agent has ended.
pub(super) async fn watch(host: Arc<Host>, slot: Arc<Slot>, live: Arc<Live>) {
    let changes = Watch::entries(&slot.paths.run)
        .inspect_err(|error| tracing::warn!(agent = %slot.id, %error, "the agent's run folder cannot be watched"))
        .ok();
    // Whoever started or found it knows that already.
    let starting = Observation::plain(slot.id, Observed::Starting);
    let mut told = Some(Observation { step: Some(Step::Started), ..starting });
    let mut pause = FIRST_PAUSE;
    let timed_out = loop {
        let seen = host.look_at_live(&slot, &live).await;
        let up = seen.state == Observed::Running;
        if told.as_ref() != Some(&seen) && seen.state != Observed::Stopping {
            host.tell(seen.clone());
            told = Some(seen);
        }
        // Between being bound and being listened on, a socket is there and refuses; nothing tells when that changes.
        let again = !up && (changes.is_none() || socket::has_note(&slot.paths.run, "ttyd.sock"));
        pause = if up { FIRST_PAUSE } else { pause };
        tokio::select! {
            biased;
            () = live.main.ended() => break false,
            () = sleep_until(live.since + host.config.start_timeout), if !live.answered.load(Ordering::Acquire) => break true,
            () = sleep(pause), if again => pause = (pause * 2).min(LONGEST_PAUSE),
            () = changed(changes.as_ref()) => if up { sleep(LEAST_PAUSE).await },
        }
    };
    let _gate = slot.gate.lock().await;
    if timed_out && !live.main.is_over() {
        if live.stopping.load(Ordering::Acquire) {
            return;
        }
        live.main.signal(Signal::KILL);
        live.main.ended_within(super::host::KILL_DEADLINE).await;
    }
    if let Some(last) = host.settle(&slot, &live, timed_out).await {
        tracing::info!(agent = %slot.id, reason = ?last.reason, "an agent ended");
        host.tell(last);
    }
}

async fn changed(watch: Option<&Watch>) {
    let changed = match watch {
        Some(watch) => watch.changed().await.is_ok(),
        None => false,
    };
    if !changed {
        std::future::pending::<()>().await;
    }
}
