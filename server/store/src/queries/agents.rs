//! Queries on `agents`.

use diesel::{dsl::count_star, prelude::*};
use diesel_async::RunQueryDsl;
use domain::{AgentMode, Desired, Phase};

use super::{super::Conn, terms, timeline, users};
use crate::{
    columns::name_of,
    rows::{
        agent::{AgentRow, AgentWithProject, Launch, LaunchRow, PhaseRow},
        event::EventRow,
    },
    schema::{agent_modes, agents, projects, users as users_table},
    terms::RECONCILER,
};

pub async fn insert(c: &mut Conn, agent: &AgentRow, mode: &str, limit: i64, event: &EventRow) -> QueryResult<Launch> {
    write_tx!(c, async |c| -> QueryResult<_> {
        // All launches of one owner go through here one by one, so that counting is enough.
        if !users::lock_active(c, &agent.user_id).await? {
            return Ok(Launch::ProjectNotFound);
        }
        let project = projects::table.find(&agent.project_id).filter(projects::user_id.eq(&agent.user_id));
        let Some(project_name) = project.select(projects::name).first::<String>(c).await.optional()? else {
            return Ok(Launch::ProjectNotFound);
        };
        let theirs = agents::table.filter(agents::user_id.eq(&agent.user_id));
        let same_name = theirs.filter(agents::unique_name.eq(&agent.unique_name));
        if same_name.count().get_result::<i64>(c).await? > 0 {
            return Ok(Launch::NameTaken);
        }
        let wanted = theirs.filter(agents::desired.ne(name_of(&Desired::Deleted)));
        if wanted.count().get_result::<i64>(c).await? >= limit {
            return Ok(Launch::LimitReached);
        }
        diesel::insert_into(agents::table).values(agent).execute(c).await?;
        let row = (agent_modes::agent_id.eq(&agent.id), agent_modes::mode.eq(mode));
        diesel::insert_into(agent_modes::table).values(row).execute(c).await?;
        timeline::add(c, event).await?;
        terms::note_change(c).await?;
        let row = agents::table.find(&agent.id).select(AgentRow::as_select()).first(c).await?;
        Ok(Launch::Inserted(Box::new((row, project_name, Some(mode.to_owned()), None))))
    })
    .await
}

pub async fn find(c: &mut Conn, id: &str) -> QueryResult<Option<AgentWithProject>> {
    let agent = agents::table.inner_join(projects::table).left_join(agent_modes::table).filter(agents::id.eq(id));
    agent
        .select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable(), agent_modes::step.nullable()))
        .first(c)
        .await
        .optional()
}

/// Those of the agents that there are.
pub async fn several(c: &mut Conn, ids: &[&String]) -> QueryResult<Vec<AgentWithProject>> {
    let all = agents::table.inner_join(projects::table).left_join(agent_modes::table).filter(agents::id.eq_any(ids));
    all.select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable(), agent_modes::step.nullable()))
        .load(c)
        .await
}

pub async fn of_user(c: &mut Conn, owner: &str) -> QueryResult<Vec<AgentWithProject>> {
    let all = agents::table
        .inner_join(projects::table)
        .left_join(agent_modes::table)
        .filter(agents::user_id.eq(owner))
        .order(agents::id);
    all.select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable(), agent_modes::step.nullable()))
        .load(c)
        .await
}

/// The owner's newest agents, newest first, and how many there are of each phase: `rows` of them, or all if there are no more
/// than `whole`.
pub async fn first(
    c: &mut Conn,
    owner: &str,
    rows: i64,
    whole: i64,
) -> QueryResult<(Vec<AgentWithProject>, Vec<(String, i64)>)> {
    let theirs = agents::table.filter(agents::user_id.eq(owner));
    let phases: Vec<(String, i64)> =
        theirs.group_by(agents::phase).select((agents::phase, count_star())).load(c).await?;
    let all = phases.iter().map(|(_, number)| number).sum::<i64>();
    // Of a list that is shown whole, one that is added in this moment is not to push another one out.
    let rows = if all <= whole { i64::MAX } else { rows };
    let newest = theirs.inner_join(projects::table).left_join(agent_modes::table).order(agents::id.desc()).limit(rows);
    let agents = newest
        .select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable(), agent_modes::step.nullable()))
        .load(c)
        .await?;
    Ok((agents, phases))
}

pub async fn all(c: &mut Conn) -> QueryResult<Vec<AgentWithProject>> {
    let all = agents::table.inner_join(projects::table).left_join(agent_modes::table).order(agents::id);
    all.select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable(), agent_modes::step.nullable()))
        .load(c)
        .await
}

/// Waits until no other transaction changes this agent, and reads it.
async fn lock(c: &mut Conn, id: &str) -> QueryResult<Option<AgentWithProject>> {
    diesel::update(agents::table.find(id)).set(agents::generation.eq(agents::generation)).execute(c).await?;
    find(c, id).await
}

pub async fn set_desired(
    c: &mut Conn,
    owner: &str,
    id: &str,
    desired: Desired,
    at: i64,
    event: &EventRow,
) -> QueryResult<Option<AgentWithProject>> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let Some((row, project_name, mode, step)) = lock(c, id).await?.filter(|(row, ..)| row.user_id == owner) else {
            return Ok(None);
        };
        let name = name_of(&desired);
        let is_retry = desired == Desired::Running && row.phase == name_of(&Phase::Failed);
        if row.desired == name && !is_retry {
            return Ok(Some((row, project_name, mode, step)));
        }
        if row.desired == name_of(&Desired::Deleted) {
            return Ok(None);
        }
        let unique_name = (desired != Desired::Deleted).then_some(&row.name);
        let change = (
            agents::desired.eq(name),
            agents::desired_since.eq(at),
            agents::generation.eq(row.generation + 1),
            agents::unique_name.eq(unique_name),
        );
        diesel::update(agents::table.find(id)).set(change).execute(c).await?;
        timeline::add(c, event).await?;
        terms::note_change(c).await?;
        find(c, id).await
    })
    .await
}

pub async fn set_phase(
    c: &mut Conn,
    id: &str,
    expected_generation: i64,
    in_term: Option<i64>,
    change: &PhaseRow,
    step: Option<&str>,
    event: Option<&EventRow>,
) -> QueryResult<Option<AgentWithProject>> {
    let is_news = |(row, _, _, known): &AgentWithProject| {
        row.generation == expected_generation && !(change.is_known_to(row) && known.as_deref() == step)
    };
    // Most observations are nothing new, and reading costs no lock.
    if !find(c, id).await?.is_some_and(|agent| is_news(&agent)) {
        return Ok(None);
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        if !may_write(c, in_term).await? {
            return Ok(None);
        }
        let Some((row, ..)) = lock(c, id).await?.filter(|agent| is_news(agent)) else { return Ok(None) };
        let agent = agents::table.find(id);
        diesel::update(agent).set(change).execute(c).await?;
        set_step(c, id, step).await?;
        if row.phase == change.phase {
            diesel::update(agent).set(agents::phase_since.eq(row.phase_since)).execute(c).await?;
        }
        if let Some(event) = event {
            timeline::add(c, event).await?;
        }
        terms::note_change(c).await?;
        find(c, id).await
    })
    .await
}

pub async fn delete(c: &mut Conn, id: &str, in_term: Option<i64>) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        if !may_write(c, in_term).await? {
            return Ok(false);
        }
        let rows = diesel::delete(agents::table.find(id)).execute(c).await?;
        terms::note_change(c).await?;
        Ok(rows > 0)
    })
    .await
}

/// Keeps the step beside the mode. An agent of a server that did not know modes gets the one that it has had.
async fn set_step(c: &mut Conn, id: &str, step: Option<&str>) -> QueryResult<()> {
    let kept = diesel::update(agent_modes::table.find(id)).set(agent_modes::step.eq(step)).execute(c).await?;
    if kept == 0 {
        let mode = name_of(&AgentMode::default());
        let row = (agent_modes::agent_id.eq(id), agent_modes::mode.eq(mode), agent_modes::step.eq(step));
        diesel::insert_into(agent_modes::table).values(row).execute(c).await?;
    }
    Ok(())
}

/// Whether the reconciler whose term this is may still write; who has no term is not the reconciler.
async fn may_write(c: &mut Conn, in_term: Option<i64>) -> QueryResult<bool> {
    match in_term {
        Some(epoch) => terms::is_current(c, RECONCILER, epoch).await,
        None => Ok(true),
    }
}

pub async fn launch_facts(c: &mut Conn, id: &str) -> QueryResult<Option<LaunchRow>> {
    let all = agents::table
        .inner_join(projects::table)
        .inner_join(users_table::table)
        .left_join(agent_modes::table)
        .filter(agents::id.eq(id));
    let agent = all.select((
        AgentRow::as_select(),
        projects::name,
        agent_modes::mode.nullable(),
        agent_modes::step.nullable(),
        users_table::username,
        projects::repository_url,
        projects::default_branch,
    ));
    let row = agent
        .first::<(AgentRow, String, Option<String>, Option<String>, String, Option<String>, String)>(c)
        .await
        .optional()?;
    Ok(row.map(|(row, project, mode, step, user, url, branch)| ((row, project, mode, step), user, url, branch)))
}
