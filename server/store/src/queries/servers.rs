//! Queries on `servers` and `news`: what servers on one database tell each other.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{
    rows::server::{NewsRow, ServerRow},
    schema::{news, servers},
};

pub async fn all(c: &mut Conn) -> QueryResult<Vec<ServerRow>> {
    servers::table.select(ServerRow::as_select()).load(c).await
}

pub async fn join(c: &mut Conn, id: &str) -> QueryResult<()> {
    let row = ServerRow { id: id.to_owned(), beats: 0, told: 0 };
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::insert_into(servers::table).values(&row).execute(c).await.map(drop)
    })
    .await
}

/// Another sign of life. What the server told up to `forget` is forgotten. False when the server has no row.
pub async fn beat(c: &mut Conn, id: &str, forget: i64) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let server = servers::table.find(id);
        if diesel::update(server).set(servers::beats.eq(servers::beats + 1)).execute(c).await? == 0 {
            return Ok(false);
        }
        let old = news::table.filter(news::server_id.eq(id)).filter(news::number.le(forget));
        diesel::delete(old).execute(c).await?;
        Ok(true)
    })
    .await
}

/// Adds what the server tells, which must be something. False when it has no row.
pub async fn tell(c: &mut Conn, id: &str, rows: &[NewsRow], told: i64) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        if diesel::update(servers::table.find(id)).set(servers::told.eq(told)).execute(c).await? == 0 {
            return Ok(false);
        }
        insert_all!(c, news::table, rows);
        Ok(true)
    })
    .await
}

/// What the server told after `number`, oldest first.
pub async fn told_after(c: &mut Conn, id: &str, number: i64, limit: i64) -> QueryResult<Vec<NewsRow>> {
    let after = news::table.filter(news::server_id.eq(id)).filter(news::number.gt(number));
    after.select(NewsRow::as_select()).order(news::number).limit(limit).load(c).await
}

/// Forgets the server with all that it told; with `beats`, only if it has not given a sign of life since.
pub async fn forget(c: &mut Conn, id: &str, beats: Option<i64>) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        match beats {
            Some(beats) => {
                let silent = servers::table.find(id).filter(servers::beats.eq(beats));
                diesel::delete(silent).execute(c).await.map(drop)
            }
            None => diesel::delete(servers::table.find(id)).execute(c).await.map(drop),
        }
    })
    .await
}
