//! Clients that registered themselves.

use protocol::client::BY_ANYBODY;

use crate::{NOW, on_both};

// Open registration brings more within a minute than one transaction forgets.
on_both!(all_unused_clients_are_forgotten_in_one_round, fresh => {
    let store = &fresh.store;
    for number in 0..450 {
        let mut client = crate::client(&format!("c{number}"));
        client.registered_by = BY_ANYBODY.into();
        store.insert_client(client).await.unwrap();
    }
    store.insert_client(crate::client("made")).await.unwrap();
    assert_eq!(store.sweep_unused_clients(NOW + 1).await.unwrap(), 450);
    assert_eq!(store.sweep_unused_clients(NOW + 1).await.unwrap(), 0);
    assert!(store.client("made").await.unwrap().is_some());
});
