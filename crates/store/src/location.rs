//! Where a store's data is.

use std::path::PathBuf;

use tollgate_base::Secret;

/// A SQLite file or a PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file on this machine; made if it is missing.
    Sqlite(PathBuf),
    /// A URL such as `postgres://user:password@host/database?sslmode=require`. `sslmode` and `sslrootcert` are read as
    /// libpq words them, but every mode that encrypts also checks the server's certificate; without `sslmode` nothing
    /// is encrypted.
    Postgres(Secret<String>),
}

impl Location {
    /// What a `database_url` means: `postgres://…` and `postgresql://…` are PostgreSQL, `sqlite:path`, `sqlite://path`
    /// and a bare path are files.
    #[must_use]
    pub fn parse(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::Postgres(Secret::from(url));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        Self::Sqlite(PathBuf::from(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides() {
        let sqlite = |path: &str| Location::Sqlite(PathBuf::from(path));
        assert_eq!(Location::parse("data/tollgate.db"), sqlite("data/tollgate.db"));
        assert_eq!(Location::parse("sqlite:data/t.db"), sqlite("data/t.db"));
        assert_eq!(Location::parse("sqlite:///var/t.db"), sqlite("/var/t.db"));
        for url in ["postgres://a@h/d", "postgresql://a@h/d"] {
            assert_eq!(Location::parse(url), Location::Postgres(Secret::from(url)));
        }
        assert!(!format!("{:?}", Location::parse("postgres://a:pw@h/d")).contains("pw"));
    }
}
