//! The suite on PostgreSQL. Needs a server: see `TOLLGATE_TEST_POSTGRES_URL` below.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod suite;

use std::sync::atomic::{AtomicU32, Ordering};

use suite::TestDb;
use tollgate_base::Secret;
use tollgate_store::Location;

const VARIABLE: &str = "TOLLGATE_TEST_POSTGRES_URL";

fn server() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} is not set. `make test` starts a throw-away server and sets it; \
             by hand: export {VARIABLE}=$(scripts/test-postgres start /tmp/tollgate-postgres)"
        )
    })
}

async fn on_server(sql: &str) {
    let (client, connection) = tokio_postgres::connect(&server(), tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}

fn url_of(database: &str) -> String {
    let server = server();
    let (base, query) = server.split_once('?').unwrap_or((&server, ""));
    let (base, _) = base.rsplit_once('/').unwrap();
    if query.is_empty() { format!("{base}/{database}") } else { format!("{base}/{database}?{query}") }
}

/// A new database of its own for every test.
async fn fresh() -> TestDb {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    on_server(&format!("CREATE DATABASE {name}")).await;
    TestDb { location: Location::Postgres(Secret::new(url_of(&name))), _folder: None }
}

async fn done(db: TestDb) {
    on_server(&format!("DROP DATABASE {} WITH (FORCE)", name_of(&db))).await;
}

fn name_of(db: &TestDb) -> String {
    let Location::Postgres(url) = &db.location else { panic!("not on PostgreSQL") };
    url.expose().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned()
}

suite::run_suite!(fresh, done);

#[tokio::test]
async fn a_server_that_is_not_there_is_said() {
    let location = Location::Postgres(Secret::from("postgres://ann:hunter2@127.0.0.1:1/none"));
    let error = TestDb { location, _folder: None }.open_with(suite::MASTER).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, tollgate_store::StoreError::Unavailable { .. }), "{text}");
    assert!(text.contains("refused") && !text.contains("hunter2"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_is_replaced() {
    let db = fresh().await;
    let store = db.open().await;
    let (key, _) = suite::world(&store).await;
    // Every connection of the pool is cut, as a restart of the server would.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
    on_server(&format!("{cut} '{}'", name_of(&db))).await;
    let mut answered = false;
    for _ in 0..20 {
        answered = store.user_balance(key.user_id).await == Ok(Some(suite::dollars("10")));
        if answered {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(answered);
    done(db).await;
}
