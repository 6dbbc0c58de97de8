//! Whom a session's end is told to: queued with the end itself, claimed by one, kept until it is taken.

use protocol::Client;
use store::{
    Store,
    codes::{Code, Ground, Issued},
    logout::{NOTICE_KEPT, Notice},
};

use crate::{NOW, SECOND, client, codes_and_tokens::code, furnish, on_both, session};

/// `rp` takes part without listening on the back channel, `b1` and `b2` listen.
async fn furnished(store: &Store) {
    furnish(store).await;
    for id in ["b1", "b2"] {
        let mut listening = client(id);
        listening.metadata.backchannel_logout_uri = Some(format!("https://{id}.example/out"));
        store.insert_client(listening).await.unwrap();
    }
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    for (number, client) in [(1, "rp"), (2, "b1"), (3, "b2"), (4, "b1")] {
        joins(store, number, client, "s1", "ada").await;
    }
}

pub async fn joins(store: &Store, number: u8, client: &str, sid: &str, user: &str) {
    let code = Code { client_id: client.into(), user_id: user.into(), sid: Some(sid.into()), ..code(number) };
    let ground = Ground { listens: true, ..Ground::default() };
    assert_eq!(store.issue_code(code, ground).await.unwrap(), Issued::Written);
}

/// Everything that is due, claimed, by client.
pub async fn due(store: &Store, now: i64) -> Vec<Notice> {
    let mut all = Vec::new();
    for client in store.clients_to_notify(&[], 10, now).await.unwrap() {
        all.extend(store.claim_notices(&client, 10, SECOND, now).await.unwrap());
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn whose(notices: &[Notice]) -> Vec<(&str, &str, &str)> {
    notices.iter().map(|one| (one.client_id.as_str(), one.user_id.as_str(), one.sid.as_str())).collect()
}

// S100
on_both!(an_end_is_told_to_those_who_took_part_and_listen, fresh => {
    let store = &fresh.store;
    furnished(store).await;
    assert!(due(store, NOW).await.is_empty(), "nothing before the end");
    let mut left = store.end_session("s1", NOW).await.unwrap().unwrap();
    left.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    let left: Vec<_> = left.iter().map(|one| one.client_id.as_str()).collect();
    assert_eq!(left, ["b1", "b2", "rp"], "each once, however often it signed in");
    assert_eq!(store.end_session("s1", NOW).await.unwrap(), None);
    let notices = due(store, NOW).await;
    assert_eq!(whose(&notices), [("b1", "ada", "s1"), ("b2", "ada", "s1")]);
    assert!(due(store, NOW).await.is_empty(), "claimed");
    store.finish_notice(&notices[0].id).await.unwrap();
    let again = due(store, NOW + SECOND).await;
    assert_eq!(whose(&again), [("b2", "ada", "s1")], "whoever claimed it died");
    assert!(due(store, NOW + NOTICE_KEPT).await.is_empty(), "too late");
});

// S37, S100: every cause.
on_both!(whatever_ends_a_session_is_told, fresh => {
    let store = &fresh.store;
    furnished(store).await;
    // Somebody else at the same browser; the same person keeps the session.
    store.begin_session(session("s2", "ada"), Some(session("s1", "ada").digest)).await.unwrap();
    assert!(due(store, NOW).await.is_empty());
    store.begin_session(session("s3", "bob"), Some(session("s2", "ada").digest)).await.unwrap();
    assert_eq!(whose(&due(store, NOW).await), [("b1", "ada", "s1"), ("b2", "ada", "s1")]);

    // A changed password ends the other sessions; a disabled and a deleted person's all end.
    let mut number = 10;
    let mut begin = async |sid: &'static str, user: &'static str| {
        number += 1;
        store.begin_session(session(sid, user), None).await.unwrap();
        joins(store, number, "b1", sid, user).await;
    };
    begin("s4", "ada").await;
    begin("s5", "ada").await;
    store.set_password("ada", "hash".into(), Some("s5"), NOW).await.unwrap();
    assert_eq!(whose(&due(store, NOW).await), [("b1", "ada", "s4")]);
    store.set_active("ada", false, NOW).await.unwrap();
    assert_eq!(whose(&due(store, NOW).await), [("b1", "ada", "s5")]);
    begin("s6", "bob").await;
    store.delete_user("bob", 0, NOW).await.unwrap();
    assert_eq!(whose(&due(store, NOW).await), [("b1", "bob", "s6")], "told though the person is gone");
});

on_both!(a_client_that_fails_waits_and_the_others_do_not, fresh => {
    let store = &fresh.store;
    furnished(store).await;
    store.begin_session(session("s7", "bob"), None).await.unwrap();
    joins(store, 20, "b1", "s7", "bob").await;
    store.end_session("s1", NOW).await.unwrap();
    store.end_session("s7", NOW + 1).await.unwrap();
    let now = NOW + 1;
    assert_eq!(store.clients_to_notify(&["b2".into()], 10, now).await.unwrap(), ["b1"]);
    let claimed = store.claim_notices("b1", 10, 20 * SECOND, now).await.unwrap();
    assert_eq!(claimed.len(), 2);
    store.postpone_notices(&claimed[0], now + 60 * SECOND, now + 5 * SECOND).await.unwrap();
    assert_eq!(store.clients_to_notify(&[], 10, now).await.unwrap(), ["b2"]);
    assert_eq!(store.notices_waiting("b1").await.unwrap(), (2, 1));
    let later = store.claim_notices("b1", 10, 20 * SECOND, now + 5 * SECOND).await.unwrap();
    assert_eq!(whose(&later), whose(&claimed[1..]), "what failed waits longer than what only stood behind it");
    store.release_notices(&later).await.unwrap();
    let last = store.claim_notices("b1", 10, 20 * SECOND, now + 60 * SECOND).await.unwrap();
    assert_eq!((last.len(), last[0].attempts, last[1].attempts), (2, 0, 1), "what was tried least comes first");

    // What a client that is gone was owed is for whoever sends to drop; a disabled one is owed nothing.
    let disabled = Client { is_active: false, ..store.client("b2").await.unwrap().unwrap().as_ref().clone() };
    store.update_client(disabled).await.unwrap();
    store.begin_session(session("s8", "ada"), None).await.unwrap();
    joins(store, 30, "b2", "s8", "ada").await;
    store.end_session("s8", NOW + 2).await.unwrap();
    store.delete_client("b1", crate::personal_tokens::entry("a1", "client.deleted")).await.unwrap();
    let left = due(store, NOW + 90 * SECOND).await;
    assert_eq!(whose(&left), [("b1", "ada", "s1"), ("b2", "ada", "s1"), ("b1", "bob", "s7")]);
});

// Two nodes look at the same moment.
on_both!(a_notice_is_claimed_once, fresh => {
    let store = &fresh.store;
    furnished(store).await;
    store.end_session("s1", NOW).await.unwrap();
    let nodes = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.claim_notices("b1", 10, SECOND, NOW).await.unwrap().len() })
    });
    let mut claimed = 0;
    for node in nodes.collect::<Vec<_>>() {
        claimed += node.await.unwrap();
    }
    assert_eq!(claimed, 1);
});
