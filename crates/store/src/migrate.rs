//! Brings a database to the schema of this program, one migration after another.
//!
//! A migration is a file of statements for both databases. `{blob}` stands for the type of byte strings; lines
//! between `-- only: sqlite` (or `postgres`) and `-- end` are for that database alone. Each migration runs in a
//! transaction of its own, under a lock, so that several nodes may start at the same time.

use std::fmt::Write as _;

use crate::db::{Db, Dialect, Row, Tx, params};
use crate::error::{Result, StoreError};

struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
}

/// All migrations in order. One that was released is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", text: include_str!("../migrations/0001_first.sql") },
    Migration {
        version: 2,
        name: "traits_and_family",
        text: include_str!("../migrations/0002_traits_and_family.sql"),
    },
    Migration {
        version: 3,
        name: "kept_responses",
        text: include_str!("../migrations/0003_kept_responses.sql"),
    },
    Migration { version: 4, name: "service_tier", text: include_str!("../migrations/0004_service_tier.sql") },
    Migration { version: 5, name: "ledger", text: include_str!("../migrations/0005_ledger.sql") },
    Migration { version: 6, name: "quotas", text: include_str!("../migrations/0006_quotas.sql") },
    Migration { version: 7, name: "limits", text: include_str!("../migrations/0007_limits.sql") },
    Migration { version: 8, name: "prices", text: include_str!("../migrations/0008_prices.sql") },
    Migration { version: 9, name: "policy", text: include_str!("../migrations/0009_policy.sql") },
    Migration { version: 10, name: "sticky", text: include_str!("../migrations/0010_sticky.sql") },
    Migration { version: 11, name: "health", text: include_str!("../migrations/0011_health.sql") },
    Migration { version: 12, name: "shaping", text: include_str!("../migrations/0012_shaping.sql") },
    Migration {
        version: 13,
        name: "holds_by_node",
        text: include_str!("../migrations/0013_holds_by_node.sql"),
    },
];

/// Any number that no other program locks in the same database: "tollgate" in ASCII.
const LOCK: i64 = 0x746f_6c6c_6761_7465;

/// Applies what is missing. Does nothing on a database that is up to date.
pub(crate) async fn migrate(db: &Db, now_micros: i64) -> Result<()> {
    loop {
        let mut tx = db.begin().await?;
        let applied = apply_next(&mut tx, now_micros).await;
        match tx.finish(applied).await? {
            Some(migration) => {
                tracing::info!(version = migration.version, name = migration.name, "database migrated");
            }
            None => return Ok(()),
        }
    }
}

/// Applies the first migration that is missing; which one that was.
async fn apply_next(tx: &mut Tx, now_micros: i64) -> Result<Option<&'static Migration>> {
    // SQLite locks the whole database at the transaction's begin.
    if tx.dialect() == Dialect::Postgres {
        tx.script(format!("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
    }
    tx.script(
        "CREATE TABLE IF NOT EXISTS schema_migrations \
         (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"
            .to_owned(),
    )
    .await?;
    let rows =
        tx.query("SELECT version, checksum FROM schema_migrations ORDER BY version", params![]).await?;
    let applied = rows.into_iter().map(applied).collect::<Result<Vec<_>>>()?;
    let Some(next) = next(&applied, MIGRATIONS)? else {
        return Ok(None);
    };
    tx.script(render(next.text, tx.dialect())).await?;
    tx.execute(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
        params![next.version, next.name, checksum(next.text), now_micros],
    )
    .await?;
    Ok(Some(next))
}

/// A migration that the database has: its number and checksum.
type Applied = (i64, String);

fn applied(mut row: Row) -> Result<Applied> {
    Ok((row.int()?, row.text()?))
}

/// The first of `known` that is not in `applied`, if the two fit together.
fn next<'a>(applied: &[Applied], known: &'a [Migration]) -> Result<Option<&'a Migration>> {
    let newest_known = known.last().map_or(0, |migration| migration.version);
    if let Some((found, _)) = applied.last().filter(|(found, _)| *found > newest_known) {
        return Err(StoreError::NewerSchema { found: *found, known: newest_known });
    }
    for (at, (version, sum)) in applied.iter().enumerate() {
        match known.get(at) {
            Some(migration) if migration.version == *version && checksum(migration.text) == *sum => {}
            _ => return Err(StoreError::ForeignSchema { version: *version }),
        }
    }
    Ok(known.get(applied.len()))
}

/// SHA-256 of a migration's text, in hexadecimal.
fn checksum(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _written = write!(hex, "{byte:02x}");
        hex
    })
}

/// A migration's text as `dialect` is to run it.
fn render(text: &str, dialect: Dialect) -> String {
    let (name, blob) = match dialect {
        Dialect::Sqlite => ("sqlite", "BLOB"),
        Dialect::Postgres => ("postgres", "BYTEA"),
    };
    let mut only = None;
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed == "-- end" {
            only = None;
        } else if let Some(named) = trimmed.strip_prefix("-- only: ") {
            only = Some(named);
        } else if !trimmed.starts_with("--") && only.is_none_or(|named| named == name) {
            out.push_str(&line.replace("{blob}", blob));
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration { version: 1, name: "one", text: "SELECT 1" },
        Migration { version: 2, name: "two", text: "SELECT 2" },
    ];

    fn has(version: i64, text: &str) -> Applied {
        (version, checksum(text))
    }

    #[test]
    fn the_next_one_follows_what_is_there() {
        let next_version =
            |applied: &[Applied]| next(applied, KNOWN).map(|found| found.map(|next| next.version));
        assert_eq!(next_version(&[]), Ok(Some(1)));
        assert_eq!(next_version(&[has(1, "SELECT 1")]), Ok(Some(2)));
        assert_eq!(next_version(&[has(1, "SELECT 1"), has(2, "SELECT 2")]), Ok(None));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |applied: &[Applied]| next(applied, KNOWN).err();
        assert_eq!(refused(&[has(3, "SELECT 3")]), Some(StoreError::NewerSchema { found: 3, known: 2 }));
        assert_eq!(refused(&[has(1, "SELECT 9")]), Some(StoreError::ForeignSchema { version: 1 }));
        assert_eq!(refused(&[has(2, "SELECT 2")]), Some(StoreError::ForeignSchema { version: 2 }));
    }

    #[test]
    fn each_database_gets_its_own_words() {
        let text = "-- a comment\nA {blob};\n-- only: sqlite\nB;\n-- end\n-- only: postgres\nC {blob};\n-- end\nD;\n";
        assert_eq!(render(text, Dialect::Sqlite), "A BLOB;\nB;\nD;\n");
        assert_eq!(render(text, Dialect::Postgres), "A BYTEA;\nC BYTEA;\nD;\n");
    }

    #[test]
    fn versions_count_up_from_one() {
        let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert!(versions[0] == 1 && versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    }

    #[test]
    fn the_checksum_is_sha_256() {
        assert_eq!(checksum("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
