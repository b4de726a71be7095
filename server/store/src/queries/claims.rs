//! Taking tasks. Agents that ask at the same time are served together: what one transaction costs is shared by all of them.
//!
//! Rows are held in the order that `work` says: owner, agents, tasks, leases.

use std::collections::{HashMap, HashSet};

use diesel::{
    dsl::{exists, not},
    prelude::*,
    result::Error::{RollbackTransaction, SerializationError},
};
use diesel_async::RunQueryDsl;
use domain::{Desired, Phase, TaskState};

use super::{super::Conn, agents as agent_queries, tasks as task_queries, terms, users, work};
use crate::{
    StoreError,
    columns::name_of,
    rows::{
        agent::AgentWithProject,
        claim::{ClaimRows, ClaimantRow, ClaimedRows},
        task::{LeaseRow, TaskRow, TaskRows},
    },
    schema::{agents, events, leases, projects, task_dependencies, tasks},
};

diesel::alias!(tasks as needed: Needed);

/// What is known of a project that says how many agents may work at once.
struct Room {
    limit: usize,
    holders: HashSet<String>,
}

/// Gives every agent the owner's first task, or finds the one that it holds.
pub async fn claim(c: &mut Conn, request: &ClaimRows) -> QueryResult<Vec<ClaimedRows>> {
    loop {
        match write_tx!(c, async |c| -> QueryResult<_> { try_claim(c, request).await }).await {
            // A person was faster to change one of the tasks: look again.
            Err(RollbackTransaction) => {}
            outcome => return outcome,
        }
    }
}

async fn try_claim(c: &mut Conn, request: &ClaimRows) -> QueryResult<Vec<ClaimedRows>> {
    // All claims of one owner go through here one by one, so that counting who is at work is enough.
    users::lock(c, &request.owner).await?;
    let mut alive = lock_alive(c, request).await?;
    let held = held(c, request).await?;
    let mut resumed = resume(c, request, &held).await?;
    let free: Vec<_> =
        request.agents.iter().filter(|agent| alive.contains_key(&agent.id) && !held.contains_key(&agent.id)).collect();
    let (mut taken, why_none) = hand_out(c, request, &free, &mut alive).await?;
    let outcome = |agent: &ClaimantRow| {
        if let Some((rows, at_work)) = taken.remove(&agent.id) {
            return ClaimedRows::Taken(Box::new(rows), at_work.map(Box::new));
        }
        match held.get(&agent.id) {
            Some(task) => resumed.remove(task).map_or(ClaimedRows::Empty, |rows| ClaimedRows::Resumed(Box::new(rows))),
            None if alive.contains_key(&agent.id) => why_none.unwrap_or(WhyNone::Empty).into(),
            None => ClaimedRows::Dead,
        }
    };
    Ok(request.agents.iter().map(outcome).collect())
}

/// Those of the agents that shall run. Whoever stops one waits until this transaction has ended.
async fn lock_alive(c: &mut Conn, request: &ClaimRows) -> QueryResult<HashMap<String, AgentWithProject>> {
    let ids: Vec<_> = request.agents.iter().map(|agent| &agent.id).collect();
    let running = agents::table.filter(agents::id.eq_any(&ids)).filter(agents::desired.eq(name_of(&Desired::Running)));
    diesel::update(running).set(agents::generation.eq(agents::generation)).execute(c).await?;
    let found = agent_queries::several(c, &ids).await?;
    let running = found.into_iter().filter(|(row, ..)| row.desired == name_of(&Desired::Running));
    Ok(running.map(|agent| (agent.0.id.clone(), agent)).collect())
}

/// The task that each agent holds, if it does.
async fn held(c: &mut Conn, request: &ClaimRows) -> QueryResult<HashMap<String, String>> {
    let theirs = leases::table.filter(leases::agent_id.eq_any(request.agents.iter().map(|agent| &agent.id)));
    let alive = theirs.filter(leases::expires_at.gt(request.now));
    let oldest_first = alive.order((leases::claimed_at, leases::task_id));
    let held: Vec<(Option<String>, String)> = oldest_first.select((leases::agent_id, leases::task_id)).load(c).await?;
    // The newest wins.
    Ok(held.into_iter().filter_map(|(agent, task)| Some((agent?, task))).collect())
}

async fn resume(
    c: &mut Conn,
    request: &ClaimRows,
    held: &HashMap<String, String>,
) -> QueryResult<HashMap<String, TaskRows>> {
    for agent in held.keys() {
        work::renew(c, agent, request.now, request.until).await?;
    }
    task_queries::several(c, &held.values().collect::<Vec<_>>()).await
}

#[derive(Clone, Copy)]
enum WhyNone {
    Empty,
    Waiting,
    Full,
}

impl From<WhyNone> for ClaimedRows {
    fn from(why: WhyNone) -> Self {
        match why {
            WhyNone::Empty => Self::Empty,
            WhyNone::Waiting => Self::Waiting,
            WhyNone::Full => Self::Full,
        }
    }
}

type Taken = HashMap<String, (TaskRows, Option<AgentWithProject>)>;

/// Gives tasks to the agents, in their order, and says why the last ones got none.
async fn hand_out(
    c: &mut Conn,
    request: &ClaimRows,
    free: &[&ClaimantRow],
    alive: &mut HashMap<String, AgentWithProject>,
) -> QueryResult<(Taken, Option<WhyNone>)> {
    if free.is_empty() {
        return Ok((Taken::new(), None));
    }
    let mut rooms = rooms(c, &request.owner).await?;
    let mut chosen: Vec<(&ClaimantRow, TaskRow)> = Vec::new();
    loop {
        let wanted = free.len() - chosen.len();
        let found = first(c, request, &full(&rooms), &chosen, wanted).await?;
        let is_all = found.len() < wanted;
        for task in found {
            let Some(agent) = free.get(chosen.len()) else { break };
            let room = rooms.get_mut(&task.project_id);
            if room.is_none_or(|room| room.admits(&agent.id)) {
                chosen.push((*agent, task));
            }
        }
        // Otherwise a project has become full meanwhile, and there are tasks behind it.
        if is_all || chosen.len() == free.len() {
            break;
        }
    }
    let taken = take(c, request, &chosen, alive).await?;
    let why = if taken.len() < free.len() { Some(why_none(c, request, &rooms).await?) } else { None };
    Ok((taken, why))
}

impl Room {
    /// Counts the agent in, if there is room for it.
    fn admits(&mut self, agent: &str) -> bool {
        let admitted = self.holders.len() < self.limit;
        if admitted {
            self.holders.insert(agent.to_owned());
        }
        admitted
    }
}

/// The owner's projects that say how many agents may work at once, and who does.
async fn rooms(c: &mut Conn, owner: &str) -> QueryResult<HashMap<String, Room>> {
    let limited = projects::table.filter(projects::user_id.eq(owner)).filter(projects::working_limit.is_not_null());
    let limits: Vec<(String, Option<i32>)> = limited.select((projects::id, projects::working_limit)).load(c).await?;
    let room = |(project, limit): (String, Option<i32>)| {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok())?;
        Some((project, Room { limit, holders: HashSet::new() }))
    };
    let mut rooms: HashMap<String, Room> = limits.into_iter().filter_map(room).collect();
    if rooms.is_empty() {
        return Ok(rooms);
    }
    let held = leases::table.inner_join(tasks::table).filter(tasks::project_id.eq_any(rooms.keys()));
    let holders = held.filter(leases::agent_id.is_not_null()).select((tasks::project_id, leases::agent_id)).distinct();
    let holders: Vec<(String, Option<String>)> = holders.load(c).await?;
    for (project, agent) in holders {
        if let (Some(room), Some(agent)) = (rooms.get_mut(&project), agent) {
            room.holders.insert(agent);
        }
    }
    Ok(rooms)
}

fn full(rooms: &HashMap<String, Room>) -> Vec<&String> {
    rooms.iter().filter(|(_, room)| room.holders.len() >= room.limit).map(|(project, _)| project).collect()
}

/// The first tasks that may be handed out, after those that were chosen.
async fn first(
    c: &mut Conn,
    request: &ClaimRows,
    full: &[&String],
    chosen: &[(&ClaimantRow, TaskRow)],
    wanted: usize,
) -> QueryResult<Vec<TaskRow>> {
    let unfinished = task_dependencies::table
        .inner_join(needed.on(needed.field(tasks::id).eq(task_dependencies::depends_on_id)))
        .filter(task_dependencies::task_id.eq(tasks::id))
        .filter(needed.field(tasks::state).ne(name_of(&TaskState::Done)));
    let mut free = tasks::table
        .inner_join(projects::table)
        .filter(projects::user_id.eq(&request.owner))
        .filter(tasks::state.eq(name_of(&TaskState::Backlog)))
        .filter(not(exists(unfinished)))
        .order((tasks::priority, tasks::id))
        .limit(i64::try_from(wanted).unwrap_or(i64::MAX))
        .select(TaskRow::as_select())
        .into_boxed();
    if !full.is_empty() {
        free = free.filter(tasks::project_id.ne_all(full));
    }
    if !chosen.is_empty() {
        free = free.filter(tasks::id.ne_all(chosen.iter().map(|(_, task)| &task.id)));
    }
    if let Some(project) = &request.project_id {
        free = free.filter(tasks::project_id.eq(project));
    }
    free.load(c).await
}

/// Makes each task its agent's. Takes everything back when somebody changed one of them meanwhile.
async fn take(
    c: &mut Conn,
    request: &ClaimRows,
    chosen: &[(&ClaimantRow, TaskRow)],
    alive: &mut HashMap<String, AgentWithProject>,
) -> QueryResult<Taken> {
    if chosen.is_empty() {
        return Ok(Taken::new());
    }
    let mut rows = mark_taken(c, request, chosen.iter().map(|(_, task)| &task.id).collect()).await?;
    let (mut new_leases, mut entries, mut taken) = (Vec::new(), Vec::new(), Taken::new());
    for (agent, seen) in chosen {
        let unchanged = rows.remove(&seen.id).filter(|rows| rows.task.version == seen.version + 1);
        let mut rows = unchanged.ok_or(RollbackTransaction)?;
        let lease = lease(request, agent, &rows);
        entries.push(agent.claimed(&lease.task_id, lease.epoch).map_err(unreadable)?);
        match rows.lease.replace(lease.clone()) {
            Some(_) => renew_as(c, &lease).await?,
            None => new_leases.push(lease),
        }
        let before = alive.remove(&agent.id);
        let works = before.map(|before| agent.works(before, request.now)).transpose().map_err(unreadable)?.flatten();
        let (entry, at_work) = works.unzip();
        entries.extend(entry);
        taken.insert(agent.id.clone(), (rows, at_work));
    }
    if !new_leases.is_empty() {
        insert_all!(c, leases::table, &new_leases);
    }
    insert_all!(c, events::table, &entries);
    show_at_work(c, request, taken.values().filter_map(|(_, agent)| agent.as_ref()).collect()).await?;
    Ok(taken)
}

/// Takes the tasks out of the backlog, all of them, and reads them as they are now.
async fn mark_taken(c: &mut Conn, request: &ClaimRows, ids: Vec<&String>) -> QueryResult<HashMap<String, TaskRows>> {
    let in_backlog = tasks::table.filter(tasks::id.eq_any(&ids)).filter(tasks::state.eq(name_of(&TaskState::Backlog)));
    let taken = (
        tasks::state.eq(name_of(&TaskState::InProgress)),
        tasks::version.eq(tasks::version + 1),
        tasks::updated_at.eq(request.now),
    );
    if diesel::update(in_backlog).set(taken).execute(c).await? < ids.len() {
        return Err(RollbackTransaction);
    }
    task_queries::several(c, &ids).await
}

/// The agent's hold on the task, with a number that no hold on it had before.
fn lease(request: &ClaimRows, agent: &ClaimantRow, rows: &TaskRows) -> LeaseRow {
    let before = rows.lease.as_ref();
    LeaseRow {
        task_id: rows.task.id.clone(),
        agent_id: Some(agent.id.clone()),
        agent_name: agent.name.clone(),
        epoch: before.map_or(0, |lease| lease.epoch) + 1,
        claimed_at: request.now,
        expires_at: Some(request.until),
        attempts: rows.attempts,
        report: before.and_then(|lease| lease.report.clone()),
    }
}

/// The task was held before: its row has a new holder.
async fn renew_as(c: &mut Conn, lease: &LeaseRow) -> QueryResult<()> {
    let held = (
        leases::agent_id.eq(&lease.agent_id),
        leases::agent_name.eq(&lease.agent_name),
        leases::epoch.eq(lease.epoch),
        leases::claimed_at.eq(lease.claimed_at),
        leases::expires_at.eq(lease.expires_at),
    );
    diesel::update(leases::table.find(&lease.task_id)).set(held).execute(c).await.map(drop)
}

async fn show_at_work(c: &mut Conn, request: &ClaimRows, at_work: Vec<&AgentWithProject>) -> QueryResult<()> {
    if at_work.is_empty() {
        return Ok(());
    }
    let theirs = agents::table.filter(agents::id.eq_any(at_work.iter().map(|(row, ..)| &row.id)));
    let phase = (agents::phase.eq(name_of(&Phase::Working)), agents::phase_since.eq(request.now));
    diesel::update(theirs).set(phase).execute(c).await?;
    terms::note_change(c).await
}

async fn why_none(c: &mut Conn, request: &ClaimRows, rooms: &HashMap<String, Room>) -> QueryResult<WhyNone> {
    let mut waiting = tasks::table
        .inner_join(projects::table)
        .filter(projects::user_id.eq(&request.owner))
        .filter(tasks::state.eq(name_of(&TaskState::Backlog)))
        .select(tasks::project_id)
        .distinct()
        .into_boxed();
    if let Some(project) = &request.project_id {
        waiting = waiting.filter(tasks::project_id.eq(project));
    }
    let (waiting, full): (Vec<String>, _) = (waiting.load(c).await?, full(rooms));
    Ok(if waiting.is_empty() {
        WhyNone::Empty
    } else if waiting.iter().all(|project| full.contains(&project)) {
        WhyNone::Full
    } else {
        WhyNone::Waiting
    })
}

/// What is stored cannot be understood or written down.
fn unreadable(error: StoreError) -> diesel::result::Error {
    SerializationError(Box::new(error))
}
