//! What holds for all services at once: another user's object answers exactly like one that does not exist.

use domain::{AgentId, ProjectId, ProjectPatch, QuestionId, SessionId, TaskId, TaskPatch, TokenId};
use uuid::Uuid;

use crate::{
    Caller, Error, Services, Via,
    testing::{Bed, launch, shown},
};

/// Ids of one object of each kind.
struct Ids {
    project: ProjectId,
    task: TaskId,
    agent: AgentId,
    question: QuestionId,
    session: SessionId,
    token: TokenId,
}

impl Ids {
    fn nobodys() -> Self {
        let id = Uuid::from_u128(0x0190_b5c6_7d2a_7cc3_9c41_3a8f_0c5d_1e22);
        Self {
            project: ProjectId::from_uuid(id),
            task: TaskId::from_uuid(id),
            agent: AgentId::from_uuid(id),
            question: QuestionId::from_uuid(id),
            session: SessionId::from_uuid(id),
            token: TokenId::from_uuid(id),
        }
    }

    async fn of(bed: &Bed, caller: &Caller) -> Self {
        let project = bed.project(caller, "theirs").await;
        let Via::Session(session) = caller.via else { panic!("not a session") };
        let agent = bed.agent(caller, &project, "theirs").await.id;
        let tools = bed.services.tools();
        let worker = tools.in_place_of(caller, agent).await.unwrap();
        let asks = serde_json::json!({"questions": [{"question": "?"}], "blocking": false});
        let asked = tools.call(&worker, domain::tools::Tool::AskUserQuestion, asks, None).await.unwrap();
        let token = domain::NewToken { name: "theirs".into(), expires_in_days: 1 };
        Self {
            project: project.id,
            task: bed.task(caller, &project, "theirs").await.id,
            agent,
            question: asked["question_id"].as_str().unwrap().parse().unwrap(),
            session,
            token: bed.services.tokens().create(caller, token).await.unwrap().token.id,
        }
    }
}

/// What every method that takes an id answers.
async fn answers(
    services: &Services,
    caller: &Caller,
    ids: &Ids,
    own: &domain::Project,
) -> Vec<(&'static str, String)> {
    let (projects, tasks, agents) = (services.projects(), services.tasks(), services.agents());
    let (terminals, accounts, tokens) = (services.terminals(), services.accounts(), services.tokens());
    let rename = || ProjectPatch { name: Some("mine now".into()), ..ProjectPatch::default() };
    let retitle = || TaskPatch { title: Some("mine now".into()), ..TaskPatch::default() };
    let task = || domain::NewTask { title: "t".into(), ..domain::NewTask::default() };
    let waiting = domain::NewTask { depends_on: vec![ids.task], ..task() };
    let part = domain::NewTask { parent_id: Some(ids.task), ..task() };
    let mut elsewhere = launch(own, None);
    elsewhere.project_id = ids.project;
    let answers = domain::NewAnswers { answers: vec![domain::Answer { selected: vec![], text: Some("mine".into()) }] };
    let nothing = |outcome: Result<(), Error>| shown(outcome);
    vec![
        ("projects.get", shown(projects.get(caller, ids.project).await)),
        ("projects.update", shown(projects.update(caller, ids.project, rename()).await)),
        ("projects.delete", nothing(projects.delete(caller, ids.project).await)),
        ("tasks.create", shown(tasks.create(caller, ids.project, task()).await)),
        ("tasks.create depends_on", shown(tasks.create(caller, own.id, waiting).await)),
        ("tasks.create parent_id", shown(tasks.create(caller, own.id, part).await)),
        ("tasks.list", shown(tasks.list(caller, ids.project).await)),
        ("tasks.get", shown(tasks.get(caller, ids.task).await)),
        ("tasks.update", shown(tasks.update(caller, ids.task, retitle()).await)),
        ("tasks.delete", nothing(tasks.delete(caller, ids.task).await)),
        ("tasks.timeline", shown(tasks.timeline(caller, ids.task).await)),
        ("agents.launch", shown(agents.launch(caller, elsewhere).await)),
        ("agents.get", shown(agents.get(caller, ids.agent).await)),
        ("agents.stop", shown(agents.stop(caller, ids.agent).await)),
        ("agents.start", shown(agents.start(caller, ids.agent).await)),
        ("agents.delete", shown(agents.delete(caller, ids.agent).await)),
        ("agents.timeline", shown(agents.timeline(caller, ids.agent).await)),
        ("agents.logs", shown(agents.logs(caller, ids.agent, 10).await)),
        ("tools.in_place_of", shown(services.tools().in_place_of(caller, ids.agent).await)),
        ("questions.of_task", shown(services.questions().of_task(caller, ids.task).await)),
        ("tasks.held_by", shown(services.tasks().held_by(caller, ids.agent).await)),
        ("questions.of_agent", shown(services.questions().of_agent(caller, ids.agent).await)),
        ("questions.answer", shown(services.questions().answer(caller, ids.question, answers).await)),
        ("terminals.open", nothing(terminals.open(caller, ids.agent).await.map(drop))),
        ("terminals.watch", nothing(terminals.watch(caller, ids.agent).await.map(drop))),
        ("accounts.revoke_session", nothing(accounts.revoke_session(caller, ids.session).await)),
        ("tokens.revoke", nothing(tokens.revoke(caller, ids.token).await)),
    ]
}

#[tokio::test]
async fn anothers_object_answers_like_one_that_does_not_exist_even_to_an_administrator() {
    let bed = Bed::new().await;
    let (admin, ann, bob) = (bed.user("admin").await, bed.user("ann").await, bed.user("bob").await);
    let anns = Ids::of(&bed, &ann).await;
    for caller in [&admin, &bob] {
        let own = bed.project(caller, "own").await;
        let foreign = answers(&bed.services, caller, &anns, &own).await;
        let missing = answers(&bed.services, caller, &Ids::nobodys(), &own).await;
        assert_eq!(foreign, missing);
    }
    assert_eq!(bed.services.agents().list(&bob).await.unwrap(), []);
    assert_eq!(bed.services.projects().list(&ann).await.unwrap()[0].name, "theirs");
    assert!(bed.caller_with(&bed.login("ann", crate::testing::PASSWORD).await.unwrap().secret).await.is_some());
}
