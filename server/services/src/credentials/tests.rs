//! Credentials: write-only, sealed, given to agents, and changed over to new keys.

use domain::{ErrorCode, Phase, SandboxKind};

use super::*;
use crate::{
    Settings,
    testing::{Bed, settings},
};

fn with_keys(keys: &[&str]) -> Settings {
    Settings { credential_keys: keys.iter().map(|key| key.repeat(32).into()).collect(), ..settings() }
}

#[tokio::test]
async fn a_credential_goes_in_sealed_and_comes_out_as_a_file_of_an_agent() {
    let bed = Bed::with(with_keys(&["0a"]), SandboxKind::Bubblewrap).await;
    let ann = bed.user("ann").await;
    let credentials = bed.services.credentials();
    credentials.set(&ann, CredentialKind::ModelKey, "sk-ant-old-1234".into()).await.unwrap();
    let set = credentials.set(&ann, CredentialKind::ModelKey, " sk-ant-new-5678\n".into()).await.unwrap();
    assert_eq!((set.last_four.as_str(), credentials.list(&ann).await.unwrap()), ("5678", vec![set.clone()]));
    let stored = bed.store.credentials_of(ann.user.id).await.unwrap();
    assert!(stored.iter().all(|sealed| !sealed.sealed.contains("sk-ant")));
    let project = bed.project(&ann, "p").await;
    let agent = bed.agent(&ann, &project, "otter").await;
    bed.look_at(agent.id).await;
    let spec = bed.runtime.spec(agent.id).unwrap();
    let files: Vec<_> = spec.credentials.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
    assert_eq!(files, [("model-key", "sk-ant-new-5678")]);
    assert!(spec.token.is_some());
    credentials.delete(&ann, CredentialKind::ModelKey).await.unwrap();
    let again = credentials.delete(&ann, CredentialKind::ModelKey).await.unwrap_err();
    assert_eq!(again.code(), ErrorCode::NotFound);
    let bad = credentials.set(&ann, CredentialKind::GitToken, "a b c d e f".into()).await.unwrap_err();
    assert_eq!(bad.fields()[0].field, "secret");
}

#[tokio::test]
async fn keys_are_changed_without_losing_anything_and_a_missing_one_is_said() {
    let bed = Bed::with(with_keys(&["0a"]), SandboxKind::Bubblewrap).await;
    let ann = bed.user("ann").await;
    bed.services.credentials().set(&ann, CredentialKind::GitToken, "git-token-1".into()).await.unwrap();
    let without = bed.restarted(with_keys(&["0b"]), SandboxKind::Bubblewrap);
    assert!(without.credentials().check_keys().await.unwrap_err().public_message().contains("is missing"));
    // An agent does not begin without what it needs, and says so.
    let project = bed.project(&ann, "p").await;
    let agent = bed.agent(&ann, &project, "otter").await;
    without.credentials().set(&ann, CredentialKind::ModelKey, "sk-another".into()).await.unwrap();
    bed.look_at(agent.id).await;
    let agent = bed.services.agents().get(&ann, agent.id).await.unwrap();
    assert_eq!(agent.phase, Phase::Failed);
    assert!(agent.message.contains("credential"), "{}", agent.message);
    let both = bed.restarted(with_keys(&["0b", "0a"]), SandboxKind::Bubblewrap);
    both.credentials().check_keys().await.unwrap();
    assert_eq!(both.credentials().rotate_keys().await.unwrap(), 1);
    assert_eq!(both.credentials().rotate_keys().await.unwrap(), 0);
    without.credentials().check_keys().await.unwrap();
    let files = without.0.credential_files(ann.user.id).await.unwrap();
    assert!(files.iter().any(|(name, secret)| name == "git-token" && secret.expose_secret() == "git-token-1"));
}
