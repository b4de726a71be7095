//! `/api/questions`: what agents ask, and what people answer.

use axum::extract::State;
use domain::{NewAnswers, Question, QuestionId};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Envelope, Failures, Reply,
    extract::{Body, PathId, SignedIn},
};
use crate::AppState;

/// The routes of questions.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(answer))
}

/// The open questions of the caller's agents, oldest first.
#[utoipa::path(get, path = "/api/questions", tag = "Questions", operation_id = "list_questions",
    responses((status = 200, body = Envelope<Vec<Question>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Question>>> {
    Ok(Envelope::of(services.questions().list(&caller).await?))
}

/// Answers a question: one answer for each prompt, in their order. Only the first answer counts.
#[utoipa::path(post, path = "/api/questions/{id}/answer", tag = "Questions", operation_id = "answer_question",
    params(("id" = QuestionId, Path, description = "The question.")),
    request_body = NewAnswers, responses((status = 200, body = Envelope<Question>), Failures))]
async fn answer(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<QuestionId>,
    Body(input): Body<NewAnswers>,
) -> Reply<Envelope<Question>> {
    Ok(Envelope::of(services.questions().answer(&caller, id, input).await?))
}
