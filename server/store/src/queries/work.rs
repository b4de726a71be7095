//! What agents write: everything that a call changes, as a whole or not at all.
//!
//! Rows are held in one order, so that two calls seldom wait for each other: owner, agent, task, lease.

use diesel::{prelude::*, result::Error::RollbackTransaction};
use diesel_async::RunQueryDsl;

use super::{super::Conn, questions, tasks as task_queries, timeline};
use crate::{
    Written,
    rows::{
        task::{LeaseRow, TaskRows},
        work::{AnsweredRow, FenceRow, RenewalRow, WorkRows},
    },
    schema::{answered_calls, leases, projects, tasks},
};

/// Writes what one call changes, or nothing.
pub async fn write(c: &mut Conn, work: &WorkRows) -> QueryResult<Written> {
    let mut refusal = Written::Done;
    let outcome = write_tx!(c, async |c| -> QueryResult<_> {
        refusal = Written::Done;
        if let Some(why) = try_write(c, work).await? {
            refusal = why;
            return Err(RollbackTransaction);
        }
        Ok(())
    })
    .await;
    match outcome {
        Ok(()) => Ok(Written::Done),
        Err(RollbackTransaction) if refusal != Written::Done => Ok(refusal),
        Err(error) => Err(error),
    }
}

/// Why it cannot be written, if so: then everything must be taken back.
async fn try_write(c: &mut Conn, work: &WorkRows) -> QueryResult<Option<Written>> {
    let fenced = work.fence.as_ref().map(|fence| &fence.task_id);
    if let Some(task) = fenced.or(work.task.as_ref().map(|(rows, _)| &rows.task.id)) {
        task_queries::lock(c, task).await?;
    }
    if let Some(fence) = &work.fence
        && !holds(c, fence).await?
    {
        return Ok(Some(Written::LeaseLost));
    }
    if let Some(close) = &work.close
        && questions::close(c, close).await? == 0
        && close.id.is_some()
    {
        return Ok(Some(Written::QuestionClosed));
    }
    if let Some((rows, version)) = &work.task
        && !task_queries::replace(c, &work.owner, rows, *version).await?
    {
        return Ok(Some(Written::VersionConflict));
    }
    if let Some(renewal) = &work.renewal {
        renew_one(c, renewal).await?;
    }
    if let Some((task, report)) = &work.report {
        diesel::update(leases::table.find(task)).set(leases::report.eq(Some(report))).execute(c).await?;
    }
    if let Some(rows) = &work.new_task {
        task_queries::add(c, rows).await?;
    }
    if let Some(question) = &work.question {
        questions::add(c, question).await?;
    }
    for event in &work.events {
        timeline::add(c, event).await?;
    }
    if let Some(answered) = &work.answered {
        diesel::insert_into(answered_calls::table).values(answered).execute(c).await?;
    }
    Ok(None)
}

/// Whether the lease is the one that the writer knows. Its task is locked, so it stays so.
async fn holds(c: &mut Conn, fence: &FenceRow) -> QueryResult<bool> {
    let lease = leases::table.find(&fence.task_id).filter(leases::epoch.eq(fence.epoch));
    let row: Option<LeaseRow> = lease.select(LeaseRow::as_select()).first(c).await.optional()?;
    Ok(row.is_some_and(|row| {
        let is_theirs = fence.agent_id.is_none() || row.agent_id == fence.agent_id;
        is_theirs && row.expires_at.is_some_and(|end| (end <= fence.at) == fence.is_expired)
    }))
}

async fn renew_one(c: &mut Conn, renewal: &RenewalRow) -> QueryResult<()> {
    let mut lease = diesel::update(leases::table.filter(leases::task_id.eq(&renewal.task_id)))
        .filter(leases::agent_id.is_not_null())
        .set(leases::expires_at.eq(Some(renewal.until)))
        .into_boxed();
    if renewal.only_later {
        lease = lease.filter(leases::expires_at.lt(renewal.until));
    }
    lease.execute(c).await.map(drop)
}

/// Makes all leases of the agent last until then, those that have not expired. Writes only where that is later.
pub async fn renew(c: &mut Conn, agent: &str, now: i64, until: i64) -> QueryResult<()> {
    let theirs = leases::table.filter(leases::agent_id.eq(agent));
    let alive = theirs.filter(leases::expires_at.gt(now)).filter(leases::expires_at.lt(until));
    diesel::update(alive).set(leases::expires_at.eq(Some(until))).execute(c).await.map(drop)
}

/// The same by itself. `soon`: leases that last longer are left alone, so that most calls only read.
pub async fn renew_if_soon(c: &mut Conn, agent: &str, now: i64, soon: i64, until: i64) -> QueryResult<()> {
    let theirs = leases::table.filter(leases::agent_id.eq(agent));
    let due = theirs.filter(leases::expires_at.gt(now)).filter(leases::expires_at.lt(soon));
    if due.count().get_result::<i64>(c).await? == 0 {
        return Ok(());
    }
    write_tx!(c, async |c| -> QueryResult<_> { renew(c, agent, now, until).await }).await
}

/// Makes all leases of the agent end then at the latest.
pub async fn cut(c: &mut Conn, agent: &str, until: i64) -> QueryResult<()> {
    let theirs = leases::table.filter(leases::agent_id.eq(agent));
    let longer = theirs.filter(leases::expires_at.gt(until));
    if longer.count().get_result::<i64>(c).await? == 0 {
        return Ok(());
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        let longer = leases::table.filter(leases::agent_id.eq(agent)).filter(leases::expires_at.gt(until));
        diesel::update(longer).set(leases::expires_at.eq(Some(until))).execute(c).await.map(drop)
    })
    .await
}

/// The tasks that the agent holds, expired or not.
pub async fn tasks_of(c: &mut Conn, agent: &str) -> QueryResult<Vec<(String, TaskRows)>> {
    let theirs = leases::table.filter(leases::agent_id.eq(agent)).order(leases::claimed_at.desc());
    let ids: Vec<String> = theirs.select(leases::task_id).load(c).await?;
    with_owners(c, ids).await
}

/// Who holds what, expired or not, by the state that it is in.
pub async fn held_states(c: &mut Conn) -> QueryResult<Vec<(String, String)>> {
    let held = leases::table.inner_join(tasks::table).filter(leases::agent_id.is_not_null());
    held.select((leases::agent_id.assume_not_null(), tasks::state)).load(c).await
}

/// The tasks of everybody whose lease has expired, those that expired first before the others.
pub async fn expired(c: &mut Conn, now: i64, limit: i64) -> QueryResult<Vec<(String, TaskRows)>> {
    let all = leases::table.filter(leases::expires_at.le(now)).order(leases::expires_at).limit(limit);
    let ids: Vec<String> = all.select(leases::task_id).load(c).await?;
    with_owners(c, ids).await
}

async fn with_owners(c: &mut Conn, ids: Vec<String>) -> QueryResult<Vec<(String, TaskRows)>> {
    let mut found = Vec::new();
    for id in ids {
        let task = tasks::table.inner_join(projects::table).filter(tasks::id.eq(&id));
        let owner: Option<String> = task.select(projects::user_id).first(c).await.optional()?;
        if let (Some(owner), Some(rows)) = (owner, task_queries::find_unscoped(c, &id).await?) {
            found.push((owner, rows));
        }
    }
    Ok(found)
}

/// What the agent was answered to the call with this key.
pub async fn answered(c: &mut Conn, agent: &str, key: &str) -> QueryResult<Option<AnsweredRow>> {
    answered_calls::table.find((agent, key)).select(AnsweredRow::as_select()).first(c).await.optional()
}

pub async fn forget_answered(c: &mut Conn, before: i64) -> QueryResult<usize> {
    let old = answered_calls::table.filter(answered_calls::created_at.lt(before));
    if old.count().get_result::<i64>(c).await? == 0 {
        return Ok(0);
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        let old = answered_calls::table.filter(answered_calls::created_at.lt(before));
        diesel::delete(old).execute(c).await
    })
    .await
}
