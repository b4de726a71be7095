//! Queries on `agents`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Desired, Phase};

use super::{super::Conn, timeline, users};
use crate::{
    columns::name_of,
    rows::{
        agent::{AgentRow, AgentWithProject, Launch, LaunchRow, PhaseRow},
        event::EventRow,
    },
    schema::{agent_modes, agents, projects, users as users_table},
};

pub async fn insert(c: &mut Conn, agent: &AgentRow, mode: &str, limit: i64, event: &EventRow) -> QueryResult<Launch> {
    write_tx!(c, async |c| -> QueryResult<_> {
        // All launches of one owner go through here one by one, so that counting is enough.
        users::lock(c, &agent.user_id).await?;
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
        let row = agents::table.find(&agent.id).select(AgentRow::as_select()).first(c).await?;
        Ok(Launch::Inserted(Box::new((row, project_name, Some(mode.to_owned())))))
    })
    .await
}

pub async fn find(c: &mut Conn, id: &str) -> QueryResult<Option<AgentWithProject>> {
    let agent = agents::table.inner_join(projects::table).left_join(agent_modes::table).filter(agents::id.eq(id));
    agent.select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable())).first(c).await.optional()
}

pub async fn of_user(c: &mut Conn, owner: &str) -> QueryResult<Vec<AgentWithProject>> {
    let all = agents::table
        .inner_join(projects::table)
        .left_join(agent_modes::table)
        .filter(agents::user_id.eq(owner))
        .order(agents::id);
    all.select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable())).load(c).await
}

pub async fn all(c: &mut Conn) -> QueryResult<Vec<AgentWithProject>> {
    let all = agents::table.inner_join(projects::table).left_join(agent_modes::table).order(agents::id);
    all.select((AgentRow::as_select(), projects::name, agent_modes::mode.nullable())).load(c).await
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
        let Some((row, project_name, mode)) = lock(c, id).await?.filter(|(row, ..)| row.user_id == owner) else {
            return Ok(None);
        };
        let name = name_of(&desired);
        let is_retry = desired == Desired::Running && row.phase == name_of(&Phase::Failed);
        if row.desired == name && !is_retry {
            return Ok(Some((row, project_name, mode)));
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
        find(c, id).await
    })
    .await
}

pub async fn set_phase(
    c: &mut Conn,
    id: &str,
    expected_generation: i64,
    change: &PhaseRow,
    event: Option<&EventRow>,
) -> QueryResult<Option<AgentWithProject>> {
    let is_news = |row: &AgentRow| row.generation == expected_generation && !change.is_known_to(row);
    // Most observations are nothing new, and reading costs no lock.
    if !find(c, id).await?.is_some_and(|(row, ..)| is_news(&row)) {
        return Ok(None);
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        let Some((row, ..)) = lock(c, id).await?.filter(|(row, ..)| is_news(row)) else { return Ok(None) };
        let agent = agents::table.find(id);
        diesel::update(agent).set(change).execute(c).await?;
        if row.phase == change.phase {
            diesel::update(agent).set(agents::phase_since.eq(row.phase_since)).execute(c).await?;
        }
        if let Some(event) = event {
            timeline::add(c, event).await?;
        }
        find(c, id).await
    })
    .await
}

pub async fn delete(c: &mut Conn, id: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::delete(agents::table.find(id)).execute(c).await.map(|rows| rows > 0)
    })
    .await
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
        users_table::username,
        projects::repository_url,
        projects::default_branch,
    ));
    let row = agent.first::<(AgentRow, String, Option<String>, String, Option<String>, String)>(c).await.optional()?;
    Ok(row.map(|(row, project, mode, user, url, branch)| ((row, project, mode), user, url, branch)))
}
