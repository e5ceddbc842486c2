//! The suite on SQLite.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod suite;

use suite::TestDb;
use tollgate_store::Location;

async fn fresh() -> TestDb {
    let folder = tempfile::tempdir().unwrap();
    TestDb { location: Location::Sqlite(folder.path().join("data/tollgate.db")), _folder: Some(folder) }
}

async fn done(db: TestDb) {
    drop(db);
}

suite::run_suite!(fresh, done);

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let db = fresh().await;
    let store = db.open().await;
    suite::world(&store).await;
    let Location::Sqlite(path) = &db.location else { panic!("not on SQLite") };
    let mut files = 0;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log and the log's index");
}

#[tokio::test]
async fn a_path_that_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "not a folder").unwrap();
    let location = Location::Sqlite(folder.path().join("file/tollgate.db"));
    let db = TestDb { location, _folder: Some(folder) };
    let error = db.open_with(suite::MASTER).await.unwrap_err().to_string();
    assert!(error.contains("file/tollgate.db"), "{error}");
}
