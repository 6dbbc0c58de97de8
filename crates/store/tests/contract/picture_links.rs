//! `picture_stable`: one handle a person and client, gone with the consent, never back from a race.

use protocol::Client;
use store::picture_links::NewLink;
use store::{Store, grants::Grant};

use crate::{NOW, client, codes_and_tokens, furnish, on_both, person};

async fn grant(store: &Store, digest: u8, grant: Grant) {
    let code = store::codes::Code {
        user_id: grant.user_id.clone(),
        client_id: grant.client_id.clone(),
        ..codes_and_tokens::code(digest)
    };
    store.issue_code(code, store::codes::Ground::default()).await.unwrap();
    store.spend_code(&[digest; 32], grant, None, NOW + 1).await.unwrap();
}

fn link(handle: &str, grant: &Grant) -> NewLink {
    NewLink {
        handle: handle.into(),
        grant_id: grant.id.clone(),
        user_id: grant.user_id.clone(),
        client_id: grant.client_id.clone(),
        created_at: NOW,
    }
}

on_both!(a_handle_lives_as_long_as_the_consent, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    store.insert_client(client("other")).await.unwrap();
    let first = codes_and_tokens::grant("g1");
    grant(store, 1, first.clone()).await;
    assert_eq!(store.picture_link("ada", "rp").await.unwrap(), None);
    assert_eq!(store.make_picture_link(link("h1", &first)).await.unwrap().as_deref(), Some("h1"));
    assert_eq!(store.make_picture_link(link("h2", &first)).await.unwrap().as_deref(), Some("h1"), "the first stands");
    assert_eq!(store.picture_link("ada", "rp").await.unwrap().as_deref(), Some("h1"));
    assert_eq!(store.linked_profile("h1").await.unwrap().unwrap().user.id, "ada");
    assert!(store.linked_profile("h2").await.unwrap().is_none());

    // Of another person or client than it says: nothing.
    let foreign = NewLink { user_id: "bob".into(), ..link("h3", &first) };
    assert_eq!(store.make_picture_link(foreign).await.unwrap(), None);
    let foreign = NewLink { client_id: "other".into(), ..link("h3", &first) };
    assert_eq!(store.make_picture_link(foreign).await.unwrap(), None);
    let nobody = NewLink { user_id: "nobody".into(), ..link("h3", &first) };
    assert_eq!(store.make_picture_link(nobody).await.unwrap(), None);
    assert!(store.linked_profile("h3").await.unwrap().is_none());

    store.set_active("ada", false, NOW).await.unwrap();
    assert!(store.linked_profile("h1").await.unwrap().is_none(), "a disabled person");
    store.set_active("ada", true, NOW).await.unwrap();
    assert!(store.linked_profile("h1").await.unwrap().is_some());
    store.update_client(Client { is_active: false, ..client("rp") }).await.unwrap();
    assert!(store.linked_profile("h1").await.unwrap().is_none(), "a disabled client");
    store.update_client(client("rp")).await.unwrap();

    // Disabling ended the grant; the address stayed. Withdrawing takes it away, and an ended grant makes no other.
    assert_eq!(store.make_picture_link(link("h4", &first)).await.unwrap(), None);
    let second = codes_and_tokens::grant("g2");
    grant(store, 2, second.clone()).await;
    assert_eq!(store.make_picture_link(link("h4", &second)).await.unwrap().as_deref(), Some("h1"));
    store.withdraw_consent("ada", "rp", NOW).await.unwrap();
    assert!(store.linked_profile("h1").await.unwrap().is_none());
    assert_eq!(store.make_picture_link(link("h5", &second)).await.unwrap(), None);
    assert_eq!(store.picture_link("ada", "rp").await.unwrap(), None);

    let third = codes_and_tokens::grant("g3");
    grant(store, 3, third.clone()).await;
    assert_eq!(store.make_picture_link(link("h6", &third)).await.unwrap().as_deref(), Some("h6"), "a new one");
    store.delete_client("rp", crate::personal_tokens::entry("a1", "client.deleted")).await.unwrap();
    assert!(store.linked_profile("h6").await.unwrap().is_none());
    store.insert_user(person("eve")).await.unwrap();
});

// Twenty requests at once make one handle; a withdrawal among them leaves none.
on_both!(requests_at_once_make_one_handle, fresh => {
    let store = &fresh.store;
    furnish(store).await;
    for round in 0..5u8 {
        let living = codes_and_tokens::grant(&format!("g{round}"));
        grant(store, 10 + round, living.clone()).await;
        let makers: Vec<_> = (0..20)
            .map(|number| {
                let (store, link) = (store.clone(), link(&format!("h{round}-{number}"), &living));
                tokio::spawn(async move { store.make_picture_link(link).await.unwrap() })
            })
            .collect();
        if round % 2 == 1 {
            let withdrawn = store.withdraw_consent("ada", "rp", NOW).await.unwrap();
            assert!(withdrawn);
        }
        let mut made = Vec::new();
        for maker in makers {
            made.extend(maker.await.unwrap());
        }
        made.sort();
        made.dedup();
        assert!(made.len() <= 1, "{made:?}");
        if round % 2 == 1 {
            assert_eq!(store.picture_link("ada", "rp").await.unwrap(), None, "nothing comes back");
        } else {
            assert_eq!(store.picture_link("ada", "rp").await.unwrap(), made.first().cloned());
            store.withdraw_consent("ada", "rp", NOW).await.unwrap();
        }
    }
});
