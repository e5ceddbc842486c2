//! The suite on PostgreSQL. Needs a server: see `server`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod server;
mod suite;

use suite::TestDb;
use tollgate_base::Secret;
use tollgate_store::Location;

/// A new database of its own for every test.
async fn fresh() -> TestDb {
    TestDb { location: Location::Postgres(Secret::new(server::create("t").await)), _folder: None }
}

async fn done(db: TestDb) {
    server::drop(url_of(&db)).await;
}

fn url_of(db: &TestDb) -> &str {
    let Location::Postgres(url) = &db.location else { panic!("not on PostgreSQL") };
    url.expose()
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
    server::execute(&format!("{cut} '{}'", server::name_of(url_of(&db)))).await;
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
