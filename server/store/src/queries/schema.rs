//! Which migrations the database has.

use diesel::{QueryableByName, prelude::*, sql_types::BigInt};
use diesel_async::RunQueryDsl;

use super::super::{Conn, HAS_MIGRATIONS};

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    tables: i64,
}

/// The versions of the applied migrations, oldest first. Unlike the migration harness, this never creates its table.
pub async fn applied(c: &mut Conn) -> QueryResult<Vec<String>> {
    let found: Found = diesel::sql_query(HAS_MIGRATIONS).get_result(c).await?;
    if found.tables == 0 {
        return Ok(Vec::new());
    }
    let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
    versions.order(__diesel_schema_migrations::version).load(c).await
}

/// Asks for a sign of life.
pub async fn ping(c: &mut Conn) -> QueryResult<()> {
    diesel::sql_query("SELECT 1").execute(c).await.map(drop)
}
