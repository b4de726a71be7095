//! Opening terminals and learning when they must end.

use std::time::Duration;

use domain::{ErrorCode, Observation, Observed, SandboxKind};
use runtime::fake::Start;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::{
    Settings,
    clock::elapsed,
    testing::{self, Bed},
};

#[tokio::test]
async fn a_terminal_is_raw_bytes_to_the_agent_with_its_own_credential() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    bed.look_at(agent.id).await;
    let mut access = bed.services.terminals().open(&ann, agent.id).await.unwrap();
    let password = bed.runtime.spec(agent.id).unwrap().terminal_password;
    let expected = Base64::encode_string(format!("agent:{}", password.expose_secret()).as_bytes());
    assert_eq!(access.ttyd_auth_token.expose_secret(), expected);
    let (dialled, mut theirs) = bed.runtime.accept().await.unwrap();
    assert_eq!(dialled, agent.id);
    access.stream.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    theirs.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}

#[tokio::test]
async fn a_terminal_that_cannot_be_opened_says_why() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    let open = async || {
        let error = bed.services.terminals().open(&ann, agent.id).await.map(drop).unwrap_err();
        assert_eq!(error.code(), ErrorCode::TerminalUnavailable);
        error.public_message()
    };
    bed.runtime.set_start(Start::ByHand);
    bed.look_at(agent.id).await;
    let (why, ()) = tokio::join!(open(), async {
        while bed.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        bed.clock.advance(START_WAIT);
    });
    assert_eq!(why, "otter is still starting. Try again in a moment.");
    bed.runtime.change_silently(Observation::plain(agent.id, Observed::Running));
    bed.look_at(agent.id).await;
    bed.runtime.change_silently(Observation::plain(agent.id, Observed::Stopped));
    assert_eq!(open().await, "The agent's terminal does not answer at the moment. Try again shortly.");
    bed.services.agents().stop(&ann, agent.id).await.unwrap();
    assert_eq!(open().await, "otter does not run. Start it to open its terminal.");
}

#[tokio::test]
async fn a_terminal_that_is_opened_early_is_there_as_soon_as_the_agent_is_up() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    bed.runtime.set_start(Start::ByHand);
    bed.look_at(agent.id).await;
    let terminals = bed.services.terminals();
    let (access, ()) = tokio::join!(terminals.open(&ann, agent.id), async {
        while bed.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        bed.runtime.change_silently(Observation::plain(agent.id, Observed::Running));
        bed.look_at(agent.id).await;
    });
    assert_eq!(access.unwrap().agent.phase, Phase::Idle);
}

#[tokio::test]
async fn a_watch_tells_of_the_agent_until_it_or_the_session_is_gone() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    bed.look_at(agent.id).await;
    let terminals = bed.services.terminals();
    let (mut watch, mut other) =
        (terminals.watch(&ann, agent.id).await.unwrap(), terminals.watch(&ann, agent.id).await.unwrap());
    assert!(matches!(watch.next().await, Watched::Agent(agent) if agent.phase == Phase::Idle));
    bed.services.agents().delete(&ann, agent.id).await.unwrap();
    assert!(matches!(watch.next().await, Watched::Agent(agent) if agent.desired == Desired::Deleted));
    bed.look_at(agent.id).await;
    assert!(matches!(watch.next().await, Watched::Agent(agent) if agent.phase == Phase::Stopping));
    assert_eq!(watch.next().await, Watched::Gone);
    assert_eq!(watch.next().await, Watched::Gone);
    bed.services.accounts().logout(&ann).await.unwrap();
    assert_eq!(other.next().await, Watched::Gone, "it is read when the watch begins to listen");
    let bob = bed.user("bob").await;
    let agent = bed.agent(&bob, &bed.project(&bob, "p").await, "seal").await;
    let mut watch = terminals.watch(&bob, agent.id).await.unwrap();
    assert!(matches!(watch.next().await, Watched::Agent(_)));
    bed.services.accounts().logout(&bob).await.unwrap();
    assert_eq!(watch.next().await, Watched::SignedOut);
}

/// A bed in which terminals are kept for an hour and read every five minutes.
async fn keeping() -> Bed {
    let settings = Settings { terminals_kept_for: Duration::from_hours(1), ..testing::settings() };
    Bed::with(settings, SandboxKind::Bubblewrap).await
}

#[tokio::test]
async fn what_was_last_on_a_terminal_stays_when_the_agent_is_stopped_and_when_it_is_deleted() {
    let bed = keeping().await;
    let (ann, bob) = (bed.user("ann").await, bed.user("bob").await);
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    let terminals = bed.services.terminals();
    bed.look_at(agent.id).await;
    assert_eq!(terminals.kept(&ann, agent.id).await.unwrap(), None);
    assert!(terminals.history(&ann, agent.id).await.unwrap().1.contains("screen of"));

    bed.services.agents().stop(&ann, agent.id).await.unwrap();
    bed.look_at(agent.id).await;
    let kept = terminals.kept(&ann, agent.id).await.unwrap().unwrap();
    assert_eq!((kept.of.agent_name.as_str(), kept.of.captured_at), ("otter", bed.services.now()));
    assert!(kept.text.starts_with("old line\nscreen of ") && !kept.text.ends_with('\n'), "{:?}", kept.text);
    assert_eq!(terminals.history(&ann, agent.id).await.unwrap(), ("otter".to_owned(), kept.text.clone()));
    assert!(terminals.kept_of_gone_agents(&ann).await.unwrap().is_empty(), "it is only stopped");

    bed.services.agents().delete(&ann, agent.id).await.unwrap();
    bed.look_at(agent.id).await;
    assert_eq!(terminals.kept(&ann, agent.id).await.unwrap().unwrap(), kept);
    assert_eq!(terminals.history(&ann, agent.id).await.unwrap().1, kept.text);
    assert_eq!(terminals.kept_of_gone_agents(&ann).await.unwrap(), [kept.of]);

    // To everybody else there is no such agent, and never was.
    let missing = terminals.kept(&bob, AgentId::from_uuid(uuid::Uuid::nil())).await.unwrap_err();
    for error in
        [terminals.kept(&bob, agent.id).await.unwrap_err(), terminals.history(&bob, agent.id).await.unwrap_err()]
    {
        assert_eq!((error.code(), error.public_message()), (missing.code(), missing.public_message()));
    }
    assert!(terminals.kept_of_gone_agents(&bob).await.unwrap().is_empty());

    // After its time it is as if there had never been one.
    bed.clock.advance(Duration::from_secs(3601));
    bed.inner().forget_terminals().await.unwrap();
    let gone = terminals.kept(&ann, agent.id).await.unwrap_err();
    assert_eq!(gone.public_message(), missing.public_message());
    assert!(terminals.kept_of_gone_agents(&ann).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_running_terminal_is_read_now_and_then_because_its_agent_may_end_by_itself() {
    let bed = keeping().await;
    let ann = bed.user("ann").await;
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    let terminals = bed.services.terminals();
    let kept_at = async || terminals.kept(&ann, agent.id).await.unwrap().map(|kept| kept.of.captured_at);
    let mut seen = Vec::new();
    for _ in 0..12 {
        bed.look_at(agent.id).await;
        seen.extend(kept_at().await.filter(|at| seen.last() != Some(at)));
        bed.clock.advance(Duration::from_mins(1));
    }
    let pauses: Vec<_> = seen.windows(2).map(|pair| elapsed(pair[0], pair[1]).as_secs()).collect();
    assert_eq!(pauses, [300], "{seen:?}");

    bed.runtime.change_silently(Observation::plain(agent.id, Observed::Failed));
    bed.look_at(agent.id).await;
    assert_eq!(kept_at().await.as_ref(), seen.last(), "what was read before is what is left");
    assert!(terminals.history(&ann, agent.id).await.unwrap().1.contains("screen of"));
}

#[tokio::test]
async fn nothing_is_kept_where_that_was_not_wanted() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let agent = bed.agent(&ann, &bed.project(&ann, "p").await, "otter").await;
    bed.look_at(agent.id).await;
    bed.services.agents().stop(&ann, agent.id).await.unwrap();
    bed.look_at(agent.id).await;
    assert_eq!(bed.services.terminals().kept(&ann, agent.id).await.unwrap(), None);
}
