//! Questions as people answer them: once, in time, and their own.

use std::time::Duration;

use domain::{Answer, ErrorCode, tools::Tool};
use serde_json::json;

use super::*;
use crate::testing::{Bed, shown};

fn words(text: &str) -> NewAnswers {
    NewAnswers { answers: vec![Answer { selected: vec![], text: Some(text.into()) }] }
}

#[tokio::test]
async fn an_answer_counts_once_in_time_and_from_its_owner() {
    let bed = Bed::new().await;
    let (ann, eve) = (bed.user("ann").await, bed.user("eve").await);
    let project = bed.project(&ann, "garden").await;
    let agent = bed.agent(&ann, &project, "otter").await;
    let (tools, questions) = (bed.services.tools(), bed.services.questions());
    let worker = tools.in_place_of(&ann, agent.id).await.unwrap();
    let ask = async || {
        let asks = json!({"questions": [{"question": "Which?"}], "expires_in_s": 60, "wait_seconds": 0});
        let asked = tools.call(&worker, Tool::AskUserQuestion, asks, None).await.unwrap();
        asked["question_id"].as_str().unwrap().parse::<QuestionId>().unwrap()
    };
    let id = ask().await;
    let nobodys = QuestionId::from_uuid(uuid::Uuid::from_u128(7));
    let foreign = shown(questions.answer(&eve, id, words("mine")).await);
    assert_eq!(foreign, shown(questions.answer(&eve, nobodys, words("mine")).await));
    assert_eq!(questions.list(&eve).await.unwrap(), []);
    let both = [words("first"), words("second")].map(|answers| questions.answer(&ann, id, answers));
    let outcomes = futures::future::join_all(both).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let refused = outcomes.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.code(), ErrorCode::QuestionClosed);
    let late = ask().await;
    bed.clock.advance(Duration::from_secs(60));
    assert_eq!(questions.answer(&ann, late, words("late")).await.unwrap_err().code(), ErrorCode::QuestionClosed);
    // It was about no task, so it stands on the agent's timeline.
    let kinds: Vec<_> =
        bed.services.agents().timeline(&ann, agent.id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert!(matches!(kinds[1], EventKind::QuestionAsked { question_id, .. } if question_id == id), "{kinds:?}");
    assert!(matches!(kinds[2], EventKind::QuestionClosed { question_id, .. } if question_id == id), "{kinds:?}");
}
