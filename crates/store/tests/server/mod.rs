//! Databases of their own on the PostgreSQL server that the test command starts. The tests of other crates take this
//! module in by its path.

use std::sync::atomic::{AtomicU32, Ordering};

const VARIABLE: &str = "TOLLGATE_TEST_POSTGRES_URL";

/// The server's URL.
pub(crate) fn url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} is not set. `make test` starts a throw-away server and sets it; \
             by hand: export {VARIABLE}=$(scripts/test-postgres start /tmp/tollgate-postgres)"
        )
    })
}

/// Creates a database whose name begins with `prefix`; its URL.
pub(crate) async fn create(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("{prefix}{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    execute(&format!("CREATE DATABASE {name}")).await;
    let server = url();
    let (base, query) = server.split_once('?').unwrap_or((&server, ""));
    let (base, _) = base.rsplit_once('/').unwrap();
    if query.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{query}") }
}

/// Drops the database with this URL.
pub(crate) async fn drop(url: &str) {
    execute(&format!("DROP DATABASE {} WITH (FORCE)", name_of(url))).await;
}

/// The name of the database with this URL.
pub(crate) fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap().split('?').next().unwrap()
}

/// Runs a statement on the server.
pub(crate) async fn execute(sql: &str) {
    let (client, connection) = tokio_postgres::connect(&url(), tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    std::mem::drop(client);
    driver.await.unwrap().unwrap();
}
