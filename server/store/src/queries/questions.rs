//! Queries on `questions`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::QuestionStatus;

use super::super::Conn;
use crate::{
    columns::name_of,
    rows::question::{CloseRow, QuestionRow, QuestionWithTitle},
    schema::{questions, tasks},
};

/// Adds a question within a transaction.
pub async fn add(c: &mut Conn, question: &QuestionRow) -> QueryResult<()> {
    diesel::insert_into(questions::table).values(question).execute(c).await.map(drop)
}

/// Closes open questions within a transaction, and says how many there were.
pub async fn close(c: &mut Conn, close: &CloseRow) -> QueryResult<usize> {
    let CloseRow { task_id, id, status, answers, answered_by, closed_at } = close;
    let change = (
        questions::status.eq(status),
        questions::answers.eq(answers),
        questions::answered_by.eq(answered_by),
        questions::closed_at.eq(Some(*closed_at)),
    );
    let open = questions::status.eq(name_of(&QuestionStatus::Pending));
    match (task_id, id) {
        (_, Some(id)) => diesel::update(questions::table.find(id).filter(open)).set(change).execute(c).await,
        (Some(task), None) => {
            let all = questions::table.filter(questions::task_id.eq(task)).filter(open);
            diesel::update(all).set(change).execute(c).await
        }
        (None, None) => Ok(0),
    }
}

pub async fn find(c: &mut Conn, owner: &str, id: &str) -> QueryResult<Option<QuestionWithTitle>> {
    let question = questions::table.left_join(tasks::table).filter(questions::id.eq(id));
    let theirs = question.filter(questions::user_id.eq(owner));
    theirs.select((QuestionRow::as_select(), tasks::title.nullable())).first(c).await.optional()
}

/// The owner's open questions, oldest first.
pub async fn open(c: &mut Conn, owner: &str) -> QueryResult<Vec<QuestionWithTitle>> {
    let all = questions::table.left_join(tasks::table).filter(questions::user_id.eq(owner));
    let open = all.filter(questions::status.eq(name_of(&QuestionStatus::Pending)));
    open.select((QuestionRow::as_select(), tasks::title.nullable())).order(questions::id).load(c).await
}

/// The last questions about the owner's task, newest first.
pub async fn of_task(c: &mut Conn, owner: &str, task: &str, limit: i64) -> QueryResult<Vec<QuestionWithTitle>> {
    let all = questions::table.left_join(tasks::table).filter(questions::user_id.eq(owner));
    let theirs = all.filter(questions::task_id.eq(task));
    let rows = theirs.select((QuestionRow::as_select(), tasks::title.nullable()));
    rows.order(questions::id.desc()).limit(limit).load(c).await
}

/// The last questions of the owner's agent, newest first.
pub async fn of_agent(c: &mut Conn, owner: &str, agent: &str, limit: i64) -> QueryResult<Vec<QuestionWithTitle>> {
    let all = questions::table.left_join(tasks::table).filter(questions::user_id.eq(owner));
    let theirs = all.filter(questions::agent_id.eq(agent));
    let rows = theirs.select((QuestionRow::as_select(), tasks::title.nullable()));
    rows.order(questions::id.desc()).limit(limit).load(c).await
}

/// Open questions of everybody whose time has passed, those that waited longest first.
pub async fn expired(c: &mut Conn, now: i64, limit: i64) -> QueryResult<Vec<QuestionWithTitle>> {
    let open = questions::status.eq(name_of(&QuestionStatus::Pending));
    let all = questions::table.left_join(tasks::table).filter(open.and(questions::expires_at.le(now)));
    let rows = all.select((QuestionRow::as_select(), tasks::title.nullable()));
    rows.order(questions::expires_at).limit(limit).load(c).await
}
