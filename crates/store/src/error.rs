//! What can go wrong with the database, in the three kinds that callers treat differently.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot answer now; the same request may work in a moment. Answered 503 with `Retry-After`.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row like this exists already, or a row that it names does not. `0` names the constraint.
    #[error("conflict with an existing row: {0}")]
    Conflict(String),
    /// The settings cannot work: a wrong URL, an unreadable certificate.
    #[error("{0}")]
    Settings(String),
    /// A fault of ours or of the schema. Answered 500; the cause goes to the log only.
    #[error("database fault: {0}")]
    Fault(String),
}

impl From<Diesel> for StoreError {
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::DatabaseError(kind, information) => {
                let message = information.message().to_owned();
                match kind {
                    DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation => {
                        Self::Conflict(message)
                    }
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::SerializationFailure
                    | DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable(message),
                    _ if is_passing(&message) => Self::Unavailable(message),
                    _ => Self::Fault(message),
                }
            }
            Diesel::BrokenTransactionManager => {
                Self::Unavailable("the connection broke in a transaction".into())
            }
            other => Self::Fault(other.to_string()),
        }
    }
}

impl From<diesel::ConnectionError> for StoreError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Diesel gives these no kind of their own: timeouts, locks, a full disk, a server that stops or starts.
fn is_passing(message: &str) -> bool {
    const SIGNS: [&str; 12] = [
        "statement timeout",
        "lock timeout",
        "deadlock detected",
        "database is locked",
        "database table is locked",
        "disk is full",
        "No space left",
        "terminating connection",
        "the database system is",
        "too many clients",
        "readonly database",
        "disk I/O error",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}
