//! One source text per query, type-checked against both concrete connection types.
//!
//! * `read!(store, |c| query)`: a connection, one round trip or a few. The body is async and may use `?`.
//! * `write!(store, |c| body)`: one transaction. On SQLite it is a job of the single writer; on PostgreSQL it runs in
//!   a task of its own, so that a client who hangs up cannot cut it in half. The body owns what it uses.
//! * `change!(store, |c| body)`: the same, and the body returns `(value, subjects)`: whoever keeps what was read of
//!   these subjects forgets it: other processes when the transaction commits, this one before the caller goes on.
//!
//! Bodies end in `Ok(…)` with a [`crate::StoreError`] on the other side; an `Err` rolls everything back.

macro_rules! read {
    ($store:expr, |$c:ident| $body:expr) => {
        match $store.backend() {
            $crate::connect::Backend::Postgres(postgres) => {
                let mut guard = postgres.connection().await?;
                let outcome = postgres
                    .within(async {
                        let $c = &mut *guard;
                        let outcome: Result<_, $crate::StoreError> = async { $body }.await;
                        outcome
                    })
                    .await;
                $crate::connect::give_back(guard, &outcome);
                outcome
            }
            $crate::connect::Backend::Sqlite(sqlite) => {
                let mut guard = sqlite.reader()?;
                let $c = &mut *guard;
                let outcome: Result<_, $crate::StoreError> = async { $body }.await;
                outcome
            }
        }
    };
}

macro_rules! write {
    ($store:expr, |$c:ident| $body:expr) => {
        match $store.backend() {
            $crate::connect::Backend::Postgres(postgres) => {
                let postgres = postgres.clone();
                $crate::connect::detached(async move {
                    let mut guard = postgres.transaction().await?;
                    let outcome = postgres
                        .within(async {
                            let $c = &mut *guard;
                            let outcome: Result<_, $crate::StoreError> = async { $body }.await;
                            outcome
                        })
                        .await;
                    guard.finish(outcome).await
                })
                .await
            }
            $crate::connect::Backend::Sqlite(sqlite) => {
                sqlite
                    .write(move |$c: &mut $crate::connect::Lite| {
                        Box::pin(async move {
                            let outcome: Result<_, $crate::StoreError> = { $body };
                            outcome
                        })
                    })
                    .await
            }
        }
    };
}

macro_rules! change {
    ($store:expr, |$c:ident| $body:expr) => {
        match $store.backend() {
            $crate::connect::Backend::Postgres(postgres) => {
                let postgres = postgres.clone();
                let freshness = $store.freshness().clone();
                $crate::connect::detached(async move {
                    let mut guard = postgres.transaction().await?;
                    let outcome = postgres
                        .within(async {
                            let $c = &mut *guard;
                            let outcome: Result<(_, Vec<$crate::Subject>), $crate::StoreError> =
                                async { $body }.await;
                            let (value, subjects) = outcome?;
                            $crate::freshness::announce($c, &subjects).await?;
                            Ok((value, subjects))
                        })
                        .await;
                    let (value, subjects) = guard.finish(outcome).await?;
                    freshness.touch(&subjects);
                    Ok(value)
                })
                .await
            }
            $crate::connect::Backend::Sqlite(sqlite) => {
                let changed = sqlite
                    .write(move |$c: &mut $crate::connect::Lite| {
                        Box::pin(async move {
                            let outcome: Result<(_, Vec<$crate::Subject>), $crate::StoreError> =
                                async { $body }.await;
                            let (value, subjects) = outcome?;
                            let epoch = $crate::freshness::bump($c, &subjects).await?;
                            Ok((value, subjects, epoch))
                        })
                    })
                    .await;
                changed.map(|(value, subjects, epoch)| {
                    $store.freshness().touch(&subjects);
                    $store.freshness().made_epoch(epoch);
                    value
                })
            }
        }
    };
}
