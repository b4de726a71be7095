//! Rows of `servers` and `news`.

use diesel::prelude::*;

use crate::schema::{news, servers};

/// A row of `servers`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = servers)]
pub struct ServerRow {
    pub id: String,
    pub beats: i64,
    pub told: i64,
}

/// A row of `news`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = news)]
pub struct NewsRow {
    pub server_id: String,
    pub number: i64,
    pub content: String,
}
