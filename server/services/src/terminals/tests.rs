//! Opening terminals and learning when they must end.

use domain::{ErrorCode, Observation, Observed};
use runtime::fake::Start;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::testing::Bed;

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
    assert_eq!(open().await, "otter is still starting. Try again in a moment.");
    bed.runtime.change_silently(Observation::plain(agent.id, Observed::Running));
    bed.look_at(agent.id).await;
    bed.runtime.change_silently(Observation::plain(agent.id, Observed::Stopped));
    assert_eq!(open().await, "The agent's terminal does not answer at the moment. Try again shortly.");
    bed.services.agents().stop(&ann, agent.id).await.unwrap();
    assert_eq!(open().await, "otter does not run. Start it to open its terminal.");
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
