//! Queries that look after accounts from above: all of them, what they may do, and how one goes.

use diesel::{dsl::count_star, prelude::*};
use diesel_async::RunQueryDsl;
use domain::{Desired, Role};

use super::{super::Conn, agents, audit, terms, users};
use crate::{
    SetRole,
    columns::name_of,
    rows::{
        event::AuditRow,
        user::{AccountRow, Deletion, Erased, UserRow},
    },
    schema::{
        agent_tokens, agents as agents_table, credentials, kept_terminals, projects, sessions, tasks, tokens,
        users as users_table,
    },
};

pub async fn all(c: &mut Conn) -> QueryResult<Vec<AccountRow>> {
    let all = users_table::table.order(users_table::username).select(UserRow::as_select());
    let rows: Vec<UserRow> = all.load(c).await?;
    let theirs = agents_table::table.group_by(agents_table::user_id).select((agents_table::user_id, count_star()));
    let agents: Vec<(String, i64)> = theirs.load(c).await?;
    let theirs = projects::table.group_by(projects::user_id).select((projects::user_id, count_star()));
    let projects: Vec<(String, i64)> = theirs.load(c).await?;
    let number =
        |of: &[(String, i64)], id: &str| of.iter().find(|(user, _)| user == id).map_or(0, |(_, number)| *number);
    let account = |row: UserRow| (number(&agents, &row.id), number(&projects, &row.id), row);
    Ok(rows.into_iter().map(account).map(|(agents, projects, user)| AccountRow { user, agents, projects }).collect())
}

pub async fn being_deleted(c: &mut Conn) -> QueryResult<Vec<String>> {
    let all = users_table::table.filter(users_table::deleting_since.is_not_null()).order(users_table::id);
    all.select(users_table::id).load(c).await
}

/// Whether nobody else could look after this installation. Within a transaction that holds the registration.
async fn is_last_admin(c: &mut Conn, user: &UserRow) -> QueryResult<bool> {
    let admin = name_of(&Role::Admin);
    if user.role != admin {
        return Ok(false);
    }
    let others = users_table::table.filter(users_table::role.eq(admin)).filter(users_table::id.ne(&user.id));
    let others = others.filter(users_table::deleting_since.is_null());
    Ok(others.count().get_result::<i64>(c).await? == 0)
}

pub async fn set_role(c: &mut Conn, username: &str, role: Role, audit: &AuditRow) -> QueryResult<SetRole> {
    write_tx!(c, async |c| -> QueryResult<_> {
        users::lock_registration(c).await?;
        // MySQL takes no notice of spaces at the end of a text.
        let known = users::by_name(c, username).await?.filter(|user| user.username == username);
        let Some(user) = known.filter(|user| user.deleting_since.is_none()) else { return Ok(SetRole::NotFound) };
        if role != Role::Admin && is_last_admin(c, &user).await? {
            return Ok(SetRole::LastAdmin);
        }
        let row = users_table::table.find(&user.id);
        diesel::update(row).set(users_table::role.eq(name_of(&role))).execute(c).await?;
        audit::add(c, audit).await?;
        Ok(SetRole::Set)
    })
    .await
}

/// From here on the account is no way in any more and its agents are wanted gone; that cannot be undone. Whoever asks again
/// hears what is left.
pub async fn begin_deletion(
    c: &mut Conn,
    id: &str,
    hash_of_nothing: &str,
    at: i64,
    audit: &AuditRow,
) -> QueryResult<Deletion> {
    write_tx!(c, async |c| -> QueryResult<_> {
        users::lock_registration(c).await?;
        if !users::lock(c, id).await? {
            return Ok(Deletion::NotFound);
        }
        let Some(user) = users::find(c, id).await? else { return Ok(Deletion::NotFound) };
        if user.deleting_since.is_none() {
            if is_last_admin(c, &user).await? {
                return Ok(Deletion::LastAdmin);
            }
            // A server that does not know the new column yet lets nobody in with this hash either.
            let end = (users_table::deleting_since.eq(at), users_table::password_hash.eq(hash_of_nothing));
            diesel::update(users_table::table.find(id)).set(end).execute(c).await?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(id))).execute(c).await?;
            diesel::delete(tokens::table.filter(tokens::user_id.eq(id))).execute(c).await?;
            diesel::delete(credentials::table.filter(credentials::user_id.eq(id))).execute(c).await?;
            let theirs = agents_table::table.filter(agents_table::user_id.eq(id));
            let ids = theirs.select(agents_table::id).load::<String>(c).await?;
            for some in ids.chunks(IDS_AT_ONCE) {
                diesel::delete(agent_tokens::table.filter(agent_tokens::agent_id.eq_any(some))).execute(c).await?;
            }
            let deleted = name_of(&Desired::Deleted);
            let change = (
                agents_table::desired.eq(&deleted),
                agents_table::desired_since.eq(at),
                agents_table::generation.eq(agents_table::generation + 1),
                agents_table::unique_name.eq(None::<String>),
            );
            diesel::update(theirs.filter(agents_table::desired.ne(&deleted))).set(change).execute(c).await?;
            audit::add(c, audit).await?;
            terms::note_change(c).await?;
        }
        let agents = agents::of_user(c, id).await?;
        let projects = projects::table.filter(projects::user_id.eq(id)).count().get_result(c).await?;
        let user = users::find(c, id).await?.unwrap_or(user);
        Ok(Deletion::Begun(Box::new(user), agents, projects))
    })
    .await
}

/// Ids in one statement.
const IDS_AT_ONCE: usize = 500;
/// Tasks, each with its timeline, that one transaction erases.
const TASKS_AT_ONCE: i64 = 200;
/// Screens, of some hundred KiB each at worst, that one transaction erases.
const SCREENS_AT_ONCE: i64 = 50;

/// One step on the way of an account that is being deleted. Its row is the last to go.
pub async fn erase(c: &mut Conn, id: &str) -> QueryResult<Erased> {
    // It is asked after every agent that went. Most of them leave their user behind, and reading costs no lock.
    if users::find(c, id).await?.is_some_and(|user| user.deleting_since.is_none()) {
        return Ok(Erased::NotAsked);
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        // A launch holds the user, too, and is refused from now on.
        users::lock(c, id).await?;
        let Some(user) = users::find(c, id).await? else { return Ok(Erased::Gone) };
        if user.deleting_since.is_none() {
            return Ok(Erased::NotAsked);
        }
        let agents = agents_table::table.filter(agents_table::user_id.eq(id)).count().get_result::<i64>(c).await?;
        if agents > 0 {
            return Ok(Erased::WaitsForAgents(agents));
        }
        let theirs = projects::table.filter(projects::user_id.eq(id)).select(projects::id);
        let some = tasks::table.filter(tasks::project_id.eq_any(theirs)).select(tasks::id).limit(TASKS_AT_ONCE);
        let some: Vec<String> = some.load(c).await?;
        if !some.is_empty() {
            diesel::delete(tasks::table.filter(tasks::id.eq_any(&some))).execute(c).await?;
            return Ok(Erased::More);
        }
        let screens = kept_terminals::table.filter(kept_terminals::user_id.eq(id)).select(kept_terminals::agent_id);
        let some: Vec<String> = screens.limit(SCREENS_AT_ONCE).load(c).await?;
        if !some.is_empty() {
            diesel::delete(kept_terminals::table.filter(kept_terminals::agent_id.eq_any(&some))).execute(c).await?;
            return Ok(Erased::More);
        }
        diesel::delete(users_table::table.find(id)).execute(c).await?;
        Ok(Erased::Gone)
    })
    .await
}
