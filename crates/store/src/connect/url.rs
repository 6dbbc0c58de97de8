//! What a database URL means. The scheme alone decides; anything else is an error, never a new file.

use std::{fmt, path::PathBuf};

use crate::StoreError;

/// How far the connection to PostgreSQL is protected; read by us from `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    /// Encrypts, does not verify who answers.
    Require,
    /// Encrypts and verifies certificate and host name.
    VerifyFull,
}

#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    /// The URL without our own parameters, for tokio-postgres.
    pub url: String,
    pub ssl: SslMode,
    /// `sslrootcert`: a PEM file of roots instead of the system's.
    pub roots: Option<PathBuf>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(PostgresUrl),
}

/// Without the password, for logs.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => std::write!(f, "sqlite://{}", path.display()),
            Self::Postgres(postgres) => match ::url::Url::parse(&postgres.url) {
                Ok(mut url) => {
                    if url.password().is_some() {
                        let _ = url.set_password(Some("***"));
                    }
                    url.fmt(f)
                }
                Err(_) => f.write_str("postgres://…"),
            },
        }
    }
}

impl DatabaseUrl {
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err(refused("sqlite:// needs a path, for example sqlite://data/visage.db"));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return postgres(text).map(Self::Postgres);
        }
        Err(refused("it must begin with sqlite:// (a file) or postgres:// (a server)"))
    }
}

fn refused(why: &str) -> StoreError {
    StoreError::Settings(format!("database.url cannot be used: {why}."))
}

fn postgres(text: &str) -> Result<PostgresUrl, StoreError> {
    let mut url = ::url::Url::parse(text).map_err(|error| refused(&format!("it is not a URL ({error})")))?;
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
    let (mut ssl, mut roots, mut kept) = (None, None, Vec::new());
    for (key, value) in pairs {
        match key.as_str() {
            "sslmode" => ssl = Some(ssl_mode(&value)?),
            "sslrootcert" => roots = Some(PathBuf::from(value)),
            _ => kept.push((key, value)),
        }
    }
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    // On this machine encryption protects nothing; across a network the safe mode is the default.
    let ssl = ssl.unwrap_or(if is_local(&url) { SslMode::Disable } else { SslMode::VerifyFull });
    Ok(PostgresUrl { url: url.into(), ssl, roots })
}

fn ssl_mode(value: &str) -> Result<SslMode, StoreError> {
    match value {
        "disable" => Ok(SslMode::Disable),
        "require" => Ok(SslMode::Require),
        "verify-full" => Ok(SslMode::VerifyFull),
        _ => Err(refused("sslmode is disable, require (encrypts, does not verify) or verify-full")),
    }
}

fn is_local(url: &::url::Url) -> bool {
    match url.host_str() {
        None | Some("" | "localhost" | "127.0.0.1" | "[::1]") => true,
        // A percent-encoded path is a Unix socket.
        Some(host) => host.starts_with('/') || host.starts_with("%2F") || host.starts_with("%2f"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_decide() {
        assert!(
            matches!(DatabaseUrl::parse("sqlite://a/b.db"), Ok(DatabaseUrl::Sqlite(path)) if path.as_os_str() == "a/b.db")
        );
        for wrong in ["visage.db", "sqlite:visage.db", "mysql://x/y", "", "sqlite://"] {
            let error = DatabaseUrl::parse(wrong).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("sqlite://"), "{wrong}: {error}");
        }
    }

    #[test]
    fn sslmode_is_ours() {
        let parsed = |text: &str| match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Postgres(postgres)) => postgres,
            _ => panic!("{text}"),
        };
        assert_eq!(parsed("postgres://u@127.0.0.1/db").ssl, SslMode::Disable);
        assert_eq!(parsed("postgres://u@db.example/db").ssl, SslMode::VerifyFull);
        let url =
            parsed("postgres://u:p@db.example/db?sslmode=require&sslrootcert=/ca.pem&connect_timeout=3");
        assert_eq!(url.ssl, SslMode::Require);
        assert_eq!(url.roots, Some(PathBuf::from("/ca.pem")));
        assert_eq!(url.url, "postgres://u:p@db.example/db?connect_timeout=3");
        assert!(DatabaseUrl::parse("postgres://h/db?sslmode=prefer").is_err());
        let shown =
            DatabaseUrl::parse("postgres://u:hush@h/db").map(|url| url.to_string()).unwrap_or_default();
        assert!(!shown.contains("hush"));
    }
}
