//! The gate on PostgreSQL: the same requests, the same records, the same charges.

use tollgate_base::Secret;
use tollgate_store::Location;

use crate::settle::every_kind_is_charged;
use crate::support::Setup;

const VARIABLE: &str = "TOLLGATE_TEST_POSTGRES_URL";

#[tokio::test]
async fn every_kind_is_recorded_and_charged_exactly() {
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set: `make test` starts a throw-away server and sets it")
    });
    let database = format!("gate_{}", std::process::id());
    on_server(&server, &format!("CREATE DATABASE {database}")).await;
    let (base, query) = server.split_once('?').unwrap_or((&server, ""));
    let base = base.rsplit_once('/').unwrap().0;
    let location = Location::Postgres(Secret::new(format!("{base}/{database}?{query}")));
    every_kind_is_charged(Setup { location: Some(location), ..Setup::default() }).await;
    on_server(&server, &format!("DROP DATABASE {database} WITH (FORCE)")).await;
}

async fn on_server(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}
