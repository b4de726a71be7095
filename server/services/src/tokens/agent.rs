//! Tokens of agents. Each is made from the signing key whenever it is needed, so that it is stored nowhere: the database
//! knows its SHA-256. It is another one after every start that somebody asked for, and dead while the agent shall not run.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Agent, TokenId};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use store::StoreError;

use super::{Tokens, form};
use crate::{Inner, Worker, entropy::Entropy, error::Error, secret};

/// Bytes of one block of the stream that tokens are made of.
const BLOCK_BYTES: usize = 32;

impl Tokens {
    /// The agent that comes with this token; nobody when the token is unknown, or its agent shall not run.
    pub async fn authenticate_agent(&self, secret: &str) -> Result<Option<Worker>, Error> {
        if !form::is_token(form::AGENT, secret) {
            return Ok(None);
        }
        let found = self.0.store.agent_token_by_hash(&secret::hash(secret)).await?;
        Ok(found.map(|record| Worker {
            agent_id: record.agent_id,
            agent_name: record.agent_name,
            user_id: record.user_id,
            project_id: record.project_id,
        }))
    }
}

impl Inner {
    /// The agent's token, which works from now on.
    pub(crate) async fn agent_token(&self, agent: &Agent) -> Result<SecretString, StoreError> {
        let token = of(&self.settings.signing_key, agent);
        let (id, now) = self.ids.next();
        let hash = secret::hash(token.expose_secret());
        self.store.put_agent_token(agent.id, TokenId::from_uuid(id), &hash, now).await?;
        Ok(token)
    }
}

/// The token of an agent at its generation.
fn of(key: &SecretString, agent: &Agent) -> SecretString {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(format!("agent-token|{}|{}|{}|", agent.id, agent.user_id, agent.generation).as_bytes());
    form::generate(form::AGENT, &Stream { mac, block: AtomicU32::new(0) })
}

/// Bytes that only who has the key can foresee: the same in every run.
struct Stream {
    mac: Hmac<Sha256>,
    block: AtomicU32,
}

impl Entropy for Stream {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(BLOCK_BYTES) {
            let number = self.block.fetch_add(1, Ordering::Relaxed);
            let block = self.mac.clone().chain_update(number.to_be_bytes()).finalize().into_bytes();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bed;

    #[tokio::test]
    async fn a_token_lives_as_long_as_its_agent_shall_run_and_is_new_after_every_start() {
        let bed = Bed::new().await;
        let ann = bed.user("ann").await;
        let project = bed.project(&ann, "p").await;
        let agent = bed.agent(&ann, &project, "otter").await;
        let (inner, tokens, agents) = (bed.inner(), bed.services.tokens(), bed.services.agents());
        let token = inner.agent_token(&agent).await.unwrap();
        assert_eq!(inner.agent_token(&agent).await.unwrap().expose_secret(), token.expose_secret());
        let worker = tokens.authenticate_agent(token.expose_secret()).await.unwrap().unwrap();
        assert_eq!((worker.agent_id, worker.user_id, worker.project_id), (agent.id, ann.user.id, project.id));
        // A person's front door does not open to it.
        assert!(
            bed.services
                .accounts()
                .authenticate_token(token.expose_secret(), crate::testing::client())
                .await
                .unwrap()
                .is_none()
        );
        agents.stop(&ann, agent.id).await.unwrap();
        assert_eq!(tokens.authenticate_agent(token.expose_secret()).await.unwrap(), None);
        let again = agents.start(&ann, agent.id).await.unwrap();
        let fresh = inner.agent_token(&again).await.unwrap();
        assert_ne!(fresh.expose_secret(), token.expose_secret());
        assert_eq!(tokens.authenticate_agent(token.expose_secret()).await.unwrap(), None);
        assert!(tokens.authenticate_agent(fresh.expose_secret()).await.unwrap().is_some());
        agents.delete(&ann, agent.id).await.unwrap();
        assert_eq!(tokens.authenticate_agent(fresh.expose_secret()).await.unwrap(), None);
        assert_eq!(tokens.authenticate_agent("awa_nonsense").await.unwrap(), None);
    }
}
