//! Tokens that people make for themselves.

use protocol::Scopes;
use store::{
    Store,
    audit::AuditRow,
    personal_tokens::{Made, PersonalToken},
};

use crate::{Fresh, NOW, SECOND, furnish, on_both, session};

const MINUTE: i64 = 60 * SECOND;

fn token(id: &str, user: &str) -> PersonalToken {
    PersonalToken {
        id: id.into(),
        digest: id.as_bytes().repeat(16),
        user_id: user.into(),
        name: format!("The script {id}"),
        scopes: Scopes::parse("profile").unwrap(),
        created_at: NOW,
        expires_at: NOW + 3600 * SECOND,
        last_used_at: None,
    }
}

pub fn entry(id: &str, action: &str) -> AuditRow {
    AuditRow {
        id: format!("{action}-{id}"),
        at: NOW,
        actor: None,
        action: action.into(),
        subject: id.into(),
        detail: "{}".into(),
    }
}

/// Of three at most.
pub async fn make(store: &Store, id: &str, user: &str, sid: &str) -> Made {
    store.insert_personal_token(token(id, user), sid, 3, entry(id, "made")).await.unwrap()
}

async fn lives(store: &Store, id: &str) -> bool {
    store.live_personal_token(&id.as_bytes().repeat(16), NOW).await.unwrap().is_some()
}

async fn furnished(fresh: &Fresh) -> &Store {
    furnish(&fresh.store).await;
    fresh.store.begin_session(session("s1", "ada"), None).await.unwrap();
    fresh.store.begin_session(session("s2", "bob"), None).await.unwrap();
    &fresh.store
}

on_both!(they_are_made_listed_and_revoked_by_their_person_alone, fresh => {
    let store = furnished(&fresh).await;
    assert_eq!(make(store, "t1", "ada", "s1").await, Made::Made);
    assert_eq!(store.live_personal_token(&b"t1".repeat(16), NOW).await.unwrap(), Some(token("t1", "ada")));
    assert_eq!(store.personal_tokens("ada", NOW).await.unwrap(), [token("t1", "ada")]);
    assert!(store.personal_tokens("bob", NOW).await.unwrap().is_empty());
    assert!(!store.revoke_personal_token("t1", "bob", entry("t1", "revoked")).await.unwrap());
    assert!(lives(store, "t1").await);
    assert!(store.revoke_personal_token("t1", "ada", entry("t1", "revoked")).await.unwrap());
    assert!(!store.revoke_personal_token("t1", "ada", entry("t1", "again")).await.unwrap());
    assert!(!lives(store, "t1").await);
    let audited: Vec<String> =
        store.audit_of("t1", 9).await.unwrap().into_iter().map(|row| row.action).collect();
    assert_eq!(audited.len(), 2, "{audited:?}");
});

// S37: by their end, with a disabled or deleted person, with a changed password.
on_both!(they_end_with_what_they_stand_on, fresh => {
    let store = furnished(&fresh).await;
    make(store, "t1", "ada", "s1").await;
    let end = NOW + 3600 * SECOND;
    assert!(store.live_personal_token(&b"t1".repeat(16), end - 1).await.unwrap().is_some());
    assert!(store.live_personal_token(&b"t1".repeat(16), end).await.unwrap().is_none());
    assert!(store.personal_tokens("ada", end).await.unwrap().is_empty());
    store.set_password("ada", "hash".into(), Some("s1"), NOW).await.unwrap();
    assert!(!lives(store, "t1").await, "changed password");
    make(store, "t2", "ada", "s1").await;
    store.set_active("ada", false, NOW).await.unwrap();
    assert!(!lives(store, "t2").await, "disabled");
    assert_eq!(make(store, "t3", "ada", "s1").await, Made::SessionOver);
    store.set_active("ada", true, NOW).await.unwrap();
    assert!(!lives(store, "t2").await, "and never again");
    make(store, "t4", "bob", "s2").await;
    assert!(store.delete_user("bob", 0, NOW).await.unwrap());
    assert!(!lives(store, "t4").await, "deleted");
});

on_both!(a_session_that_is_over_makes_none, fresh => {
    let store = furnished(&fresh).await;
    assert_eq!(make(store, "t1", "ada", "s2").await, Made::SessionOver, "somebody else's");
    store.set_password("ada", "hash".into(), None, NOW).await.unwrap();
    assert_eq!(make(store, "t1", "ada", "s1").await, Made::SessionOver);
});

on_both!(of_many_made_at_once_no_more_than_the_limit_live, fresh => {
    let store = furnished(&fresh).await;
    let ids: Vec<String> = (10..18).map(|number| format!("t{number}")).collect();
    let all = ids.iter().map(|id| make(store, id, "ada", "s1"));
    let made = futures_util::future::join_all(all).await;
    assert_eq!(made.iter().filter(|made| **made == Made::Made).count(), 3);
    assert_eq!(store.personal_tokens("ada", NOW).await.unwrap().len(), 3);
    assert_eq!(make(store, "t9", "bob", "s2").await, Made::Made, "each person has their own number");
});

on_both!(the_last_use_is_noted_now_and_then, fresh => {
    let store = furnished(&fresh).await;
    make(store, "t1", "ada", "s1").await;
    let used = async |now: i64| {
        store.use_personal_token("t1", now - 5 * MINUTE, now).await.unwrap();
        store.personal_tokens("ada", NOW).await.unwrap()[0].last_used_at
    };
    assert_eq!(used(NOW).await, Some(NOW));
    assert_eq!(used(NOW + MINUTE).await, Some(NOW));
    assert_eq!(used(NOW + 5 * MINUTE).await, Some(NOW + 5 * MINUTE));
});
