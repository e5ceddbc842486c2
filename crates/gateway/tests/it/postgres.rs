//! The gate on PostgreSQL: the same requests, the same records, the same charges.

use tollgate_base::Secret;
use tollgate_store::Location;

use crate::settle::every_kind_is_charged;
use crate::support::Setup;

#[path = "../../../store/tests/server/mod.rs"]
mod server;

#[tokio::test]
async fn every_kind_is_recorded_and_charged_exactly() {
    let url = server::create("gate_").await;
    let location = Location::Postgres(Secret::new(url.clone()));
    every_kind_is_charged(Setup { location: Some(location), ..Setup::default() }).await;
    server::drop(&url).await;
}
