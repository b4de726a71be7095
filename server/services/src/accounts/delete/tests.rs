//! How an account goes: at once as a way in, by and by with what is in it, and never with what is somebody else's.

use domain::{AuditEvent, Credential, CredentialKind, ErrorCode, NewToken, Phase, Project, Role};
use futures::{FutureExt as _, StreamExt as _};
use runtime::AgentRuntime as _;
use secrecy::ExposeSecret as _;

use super::*;
use crate::{
    SignedIn,
    testing::{Bed, PASSWORD, client, credentials, launch, settings},
};

/// How long what is told may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// An administrator, and two users with the same things.
struct Trio {
    bed: Bed,
    root: Caller,
    ann: Caller,
    bob: Caller,
}

async fn furnish(bed: &Bed, caller: &Caller) -> Project {
    let project = bed.project(caller, "p").await;
    bed.task(caller, &project, "paint").await;
    for name in ["otter", "seal"] {
        let agent = bed.agent(caller, &project, name).await;
        bed.look_at(agent.id).await;
    }
    project
}

impl Trio {
    async fn new() -> Self {
        let settings = crate::Settings { credential_keys: vec!["6".repeat(64).into()], ..settings() };
        let bed = Bed::with(settings, domain::SandboxKind::Bubblewrap).await;
        let (root, ann, bob) = (bed.user("root").await, bed.user("ann").await, bed.user("bob").await);
        for caller in [&ann, &bob] {
            furnish(&bed, caller).await;
            set_credential(&bed, caller).await;
        }
        Self { bed, root, ann, bob }
    }

    async fn delete_ann(&self) -> Result<Account, Error> {
        self.bed.services.accounts().delete_user(&self.root, self.ann.user.id).await
    }

    async fn agents_of(&self, caller: &Caller) -> Vec<domain::Agent> {
        self.bed.store.agents(caller.user.id).await.unwrap()
    }

    /// What the runtime has, by owner.
    async fn there(&self, caller: &Caller) -> usize {
        let inventory = self.bed.runtime.inventory().await.unwrap();
        inventory
            .iter()
            .filter(|owned| owned.made_for.as_ref().is_some_and(|made| made.user_id == caller.user.id))
            .count()
    }

    /// One look at each of the agents of everybody.
    async fn look_at_all(&self) {
        for agent in self.bed.store.all_agents().await.unwrap() {
            self.bed.look_at(agent.id).await;
        }
    }

    async fn assert_bob_is_as_he_was(&self) {
        let agents = self.bed.services.agents().list(&self.bob).await.unwrap();
        assert_eq!(agents.iter().map(|agent| agent.phase).collect::<Vec<_>>(), [Phase::Idle; 2]);
        assert_eq!(self.there(&self.bob).await, 2);
        let projects = self.bed.services.projects().list(&self.bob).await.unwrap();
        assert_eq!(self.bed.services.tasks().list(&self.bob, projects[0].id).await.unwrap().len(), 1);
        assert_eq!(self.bed.services.credentials().list(&self.bob).await.unwrap().len(), 1);
        self.bed.login("bob", PASSWORD).await.unwrap();
    }

    async fn assert_ann_is_gone(&self) {
        assert_eq!(self.bed.store.user(self.ann.user.id).await.unwrap(), None);
        assert_eq!((self.agents_of(&self.ann).await, self.there(&self.ann).await), (vec![], 0));
        assert_eq!(self.bed.store.projects(self.ann.user.id).await.unwrap(), []);
        assert_eq!(self.bed.store.credentials_of(self.ann.user.id).await.unwrap(), []);
        assert_eq!(self.bed.services.installation().orphans(&self.root).await.unwrap(), []);
    }
}

async fn set_credential(bed: &Bed, caller: &Caller) -> Credential {
    bed.services.credentials().set(caller, CredentialKind::ModelKey, "sk-0123456789abcdef".into()).await.unwrap()
}

async fn newest(bed: &Bed) -> AuditEvent {
    bed.store.audit(1).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_deleted_user_is_shut_out_at_once_and_everything_goes_by_and_by() {
    let trio = Trio::new().await;
    let (bed, accounts) = (&trio.bed, trio.bed.services.accounts());
    let elsewhere: SignedIn = bed.login("ann", PASSWORD).await.unwrap();
    let input = NewToken { name: "script".into(), expires_in_days: 7 };
    let token = bed.services.tokens().create(&trio.ann, input).await.unwrap().secret;
    let otter = trio.agents_of(&trio.ann).await.remove(0);
    let of_agent = bed.runtime.spec(otter.id).unwrap().token.unwrap().expose_secret().to_owned();
    assert!(bed.services.tokens().authenticate_agent(&of_agent).await.unwrap().is_some());
    let mut events = bed.services.live().subscribe(&trio.ann, None).unwrap();
    let mut bobs = bed.services.live().subscribe(&trio.bob, None).unwrap();
    let mut watch = bed.services.terminals().watch(&trio.ann, otter.id).await.unwrap();

    let account = trio.delete_ann().await.unwrap();
    assert_eq!((account.username.as_str(), account.agents, account.projects), ("ann", 2, 1));
    assert!(account.deleting_since.is_some());
    assert_eq!(bed.caller(&elsewhere).await, None);
    assert_eq!(bed.login("ann", PASSWORD).await.unwrap_err().code(), ErrorCode::InvalidCredentials);
    assert_eq!(accounts.authenticate_token(&token, client()).await.unwrap(), None);
    assert!(bed.services.tokens().authenticate_agent(&of_agent).await.unwrap().is_none());
    while events.next().now_or_never().expect("the stream has ended").is_some() {}
    let told = async { while !matches!(watch.next().await, crate::Watched::SignedOut) {} };
    tokio::time::timeout(PATIENCE, told).await.expect("the terminal is told");
    crate::testing::drain(&mut bobs);
    assert!(bobs.next().now_or_never().is_none(), "the other one's stream goes on");
    // What was authorized a moment before comes too late.
    let project = bed.store.projects(trio.ann.user.id).await.unwrap().remove(0);
    let late = bed.services.agents().launch(&trio.ann, launch(&project, None)).await;
    assert_eq!(late.unwrap_err().code(), ErrorCode::NotFound);
    let anew = accounts.register(credentials("ann", PASSWORD), client()).await;
    assert_eq!(anew.unwrap_err().code(), ErrorCode::NameTaken, "the name is in use until nothing is left");
    let reset = accounts.reset_password("ann", "another password".into()).await;
    assert_eq!(reset.unwrap_err().code(), ErrorCode::VersionConflict, "nobody gets in by a new password");

    // Asking again changes nothing.
    assert_eq!(trio.delete_ann().await.unwrap(), account);
    bed.look_at(otter.id).await;
    assert_eq!((trio.there(&trio.ann).await, trio.agents_of(&trio.ann).await.len()), (1, 1));
    assert!(bed.store.user(trio.ann.user.id).await.unwrap().is_some(), "until the last agent is gone");
    trio.look_at_all().await;
    trio.assert_ann_is_gone().await;
    trio.assert_bob_is_as_he_was().await;

    let noted: Vec<_> = bed.store.audit(100).await.unwrap();
    let noted: Vec<_> = noted.into_iter().filter(|entry| entry.action == AuditAction::DeleteUser).collect();
    let [entry] = &noted[..] else { panic!("{noted:?}") };
    assert_eq!((entry.actor.name.as_str(), entry.outcome), ("root", Outcome::Ok));
    assert_eq!(entry.object, Some(format!("{} ann", trio.ann.user.id)));
    // Another ann is another user.
    let again = bed.register("ann").await;
    assert_ne!(again.user.id, trio.ann.user.id);
    assert_eq!(trio.bed.services.projects().list(&bed.caller(&again).await.unwrap()).await.unwrap(), []);
}

#[tokio::test]
async fn one_deletes_oneself_with_the_password_only() {
    let trio = Trio::new().await;
    let accounts = trio.bed.services.accounts();
    let wrong = accounts.delete_own(&trio.ann, "not the password".into()).await.unwrap_err();
    assert_eq!((wrong.code(), wrong.fields()[0].field.as_str()), (ErrorCode::Invalid, "password"));
    assert_eq!(newest(&trio.bed).await.outcome, Outcome::Denied);
    trio.bed.login("ann", PASSWORD).await.unwrap();
    let account = accounts.delete_own(&trio.ann, PASSWORD.into()).await.unwrap();
    assert_eq!(account.agents, 2);
    assert_eq!(newest(&trio.bed).await.actor.name, "ann");
    trio.look_at_all().await;
    trio.assert_ann_is_gone().await;
    trio.assert_bob_is_as_he_was().await;
}

#[tokio::test]
async fn members_delete_nobody_else_and_the_last_administrator_stays() {
    let trio = Trio::new().await;
    let accounts = trio.bed.services.accounts();
    for refused in
        [accounts.delete_user(&trio.ann, trio.bob.user.id).await.map(drop), accounts.list(&trio.ann).await.map(drop)]
    {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    }
    trio.assert_bob_is_as_he_was().await;
    let own = accounts.delete_user(&trio.root, trio.root.user.id).await.unwrap_err();
    assert_eq!(own.code(), ErrorCode::InvalidTransition, "not without the password");
    let last = accounts.delete_own(&trio.root, PASSWORD.into()).await.unwrap_err();
    assert_eq!(last.code(), ErrorCode::InvalidTransition);
    assert!(last.public_message().ends_with("aiworker admin set-role NAME admin"), "{}", last.public_message());
    assert!(accounts.delete_for_operator(trio.root.user.id).await.is_err());
    // The remedy is one.
    accounts.set_role("Bob", Role::Admin).await.unwrap();
    assert_eq!(newest(&trio.bed).await.object.as_deref(), Some("bob admin"));
    let account = accounts.delete_own(&trio.root, PASSWORD.into()).await.unwrap();
    assert_eq!(account.agents, 0);
    assert_eq!(trio.bed.store.user(trio.root.user.id).await.unwrap(), None, "who has no agents is gone at once");
    assert!(accounts.set_role("bob", Role::Member).await.is_err(), "he is the last one now");
    let unknown = accounts.delete_for_operator(trio.root.user.id).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn what_a_killed_server_left_the_next_one_does() {
    let trio = Trio::new().await;
    // Killed after the transaction, before anybody was told: the database alone knows.
    let audit = trio.bed.inner().audit_event(Actor::system(), "", AuditAction::DeleteUser, None, Outcome::Ok);
    let begun = trio.bed.store.begin_deletion(trio.ann.user.id, &password::NOBODY.into(), audit.at, &audit).await;
    assert!(matches!(begun.unwrap(), BeginDeletion::Begun { .. }));
    let next = trio.bed.restarted(settings(), domain::SandboxKind::Bubblewrap);
    next.0.erase_users().await.unwrap();
    assert_eq!(trio.there(&trio.ann).await, 2, "nothing goes before its agents");
    let mut agents = trio.agents_of(&trio.ann).await;
    // Killed after the runtime removed an agent, before its row went.
    let first = agents.remove(0).id;
    trio.bed.runtime.remove(first).await.unwrap();
    trio.bed.look_at(first).await;
    // Killed after the last row went, before the account did.
    let last = agents.remove(0).id;
    trio.bed.runtime.remove(last).await.unwrap();
    assert!(trio.bed.store.delete_agent(last, None).await.unwrap());
    assert!(trio.bed.store.user(trio.ann.user.id).await.unwrap().is_some());
    next.0.erase_users().await.unwrap();
    trio.assert_ann_is_gone().await;
    trio.assert_bob_is_as_he_was().await;
}

#[tokio::test]
async fn the_reconciler_alone_brings_it_to_its_end() {
    let trio = Trio::new().await;
    trio.delete_ann().await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let reconciler = trio.bed.services.reconciler();
    let gone = async {
        while trio.bed.store.user(trio.ann.user.id).await.unwrap().is_some() {
            trio.bed.clock.advance(std::time::Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    tokio::join!(reconciler.run(stop.clone()), gone);
    trio.assert_ann_is_gone().await;
    trio.assert_bob_is_as_he_was().await;
}

#[tokio::test]
async fn an_administrator_sees_what_is_in_an_account() {
    let trio = Trio::new().await;
    let list = trio.bed.services.accounts().list(&trio.root).await.unwrap();
    let seen: Vec<_> = list
        .iter()
        .map(|account| (account.username.as_str(), account.role, account.agents, account.projects))
        .collect();
    let member = Role::Member;
    assert_eq!(seen, [("ann", member, 2, 1), ("bob", member, 2, 1), ("root", Role::Admin, 0, 0)]);
    assert_eq!(trio.bed.services.accounts().account_for_operator("Ann").await.unwrap(), list[0]);
}
