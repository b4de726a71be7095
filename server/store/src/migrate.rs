//! Brings the tables up to date with the migrations that are embedded in this program.

use diesel::{
    backend::Backend as Database,
    migration::{Migration, MigrationSource},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::{
    Result, SchemaState, StoreError, mysql,
    pool::{Pools, Store},
    postgres, sqlite,
};

impl Store {
    /// Compares the database's tables with what this program needs. Changes nothing.
    pub async fn schema_state(&self) -> Result<SchemaState> {
        let applied = dispatch!(self, schema::applied())?;
        let known = known()?;
        let unknown: Vec<_> =
            applied.iter().filter(|version| known.iter().all(|(known, _)| known != *version)).cloned().collect();
        if !unknown.is_empty() {
            return Ok(SchemaState::Newer { unknown });
        }
        let pending: Vec<_> =
            known.into_iter().filter(|(version, _)| !applied.contains(version)).map(|(_, name)| name).collect();
        Ok(if pending.is_empty() { SchemaState::Current } else { SchemaState::Behind { pending } })
    }

    /// Applies the missing migrations and returns their names. Safe to run in several processes at once: one works, the
    /// others wait up to a minute. A database of a newer version is left alone: [`StoreError::Newer`].
    pub async fn migrate(&self) -> Result<Vec<String>> {
        if let SchemaState::Newer { unknown } = self.schema_state().await? {
            return Err(StoreError::Newer { unknown });
        }
        self.with_migrations(Direction::Up).await
    }

    /// Takes back the newest migration, with the data that only it can hold, and returns its name.
    pub async fn revert_migration(&self) -> Result<Option<String>> {
        self.with_migrations(Direction::Down).await.map(|mut names| names.pop())
    }

    async fn with_migrations(&self, direction: Direction) -> Result<Vec<String>> {
        let (url, pools) = (self.url.clone(), self.pools.clone());
        // Diesel's harness blocks, so it gets a thread of its own.
        let work = tokio::task::spawn_blocking(move || match pools {
            Pools::Sqlite(_) => sqlite::with_migration_lock(&url, |c| direction.go(c, sqlite::MIGRATIONS)),
            Pools::Postgres(_) => postgres::with_migration_lock(&url, |c| direction.go(c, postgres::MIGRATIONS)),
            Pools::Mysql(_) => mysql::with_migration_lock(&url, |c| direction.go(c, mysql::MIGRATIONS)),
        });
        work.await.map_err(|e| StoreError::Unavailable(Box::new(e)))?
    }
}

/// Version and name of every migration of this program, oldest first. The same in all three folders, as a test proves.
fn known() -> Result<Vec<(String, String)>> {
    let migrations: Vec<Box<dyn Migration<Sqlite>>> = sqlite::MIGRATIONS.migrations().map_err(StoreError::Query)?;
    let mut known: Vec<_> = migrations.iter().map(|m| (m.name().version().to_string(), m.name().to_string())).collect();
    known.sort_unstable();
    Ok(known)
}

/// Which way to migrate.
#[derive(Clone, Copy)]
enum Direction {
    /// Apply all that are missing.
    Up,
    /// Take back the newest.
    Down,
}

impl Direction {
    fn go<DB: Database>(
        self,
        connection: &mut impl MigrationHarness<DB>,
        migrations: EmbeddedMigrations,
    ) -> Result<Vec<String>> {
        match self {
            Self::Up => apply(connection, migrations),
            Self::Down => revert(connection, &migrations),
        }
    }
}

fn apply<DB: Database>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>> {
    let pending = connection.pending_migrations(migrations).map_err(StoreError::Query)?;
    let mut names = Vec::new();
    for migration in pending {
        let name = migration.name().to_string();
        connection.run_migration(&migration).map_err(|source| StoreError::Migration { name: name.clone(), source })?;
        tracing::info!(migration = %name, "migrated the database");
        names.push(name);
    }
    Ok(names)
}

fn revert<DB: Database>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: &EmbeddedMigrations,
) -> Result<Vec<String>> {
    let applied = connection.applied_migrations().map_err(StoreError::Query)?;
    // The newest comes first.
    let Some(version) = applied.first() else { return Ok(Vec::new()) };
    let all: Vec<Box<dyn Migration<DB>>> = migrations.migrations().map_err(StoreError::Query)?;
    let Some(migration) = all.into_iter().find(|m| m.name().version() == *version) else {
        return Err(StoreError::Newer { unknown: vec![version.to_string()] });
    };
    let name = migration.name().to_string();
    connection.revert_migration(&migration).map_err(|source| StoreError::Migration { name: name.clone(), source })?;
    tracing::warn!(migration = %name, "took a migration of the database back");
    Ok(vec![name])
}
