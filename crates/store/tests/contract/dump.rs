//! The whole database as text: the same from both, into both.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use store::{Store, dump::TABLES};

use crate::pictures::{change, confirm, picture};
use crate::{Fresh, NOW, SECOND, furnish, personal_tokens, session};

type Rows = BTreeMap<&'static str, BTreeSet<String>>;

async fn rows(store: &Store) -> Rows {
    let mut all = Rows::new();
    let dumped = store.dump(|table, lines| {
        // Parsed and written again: the two databases space their JSON differently.
        let parsed =
            lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().to_string());
        all.entry(table).or_default().extend(parsed);
        Ok(())
    });
    dumped.await.unwrap();
    all.remove("epoch");
    all
}

async fn furnished(fresh: &Fresh) {
    let store = &fresh.store;
    furnish(store).await;
    store.begin_session(session("s1", "ada"), None).await.unwrap();
    personal_tokens::make(store, "t1", "ada", "s1").await;
    let mut odd = picture("p1");
    odd.original_filename = "a \"quoted\" \\ name\nwith lines, ümläute, 写真 \u{1}.jpg".into();
    odd.caption = Some(String::new());
    store.stage_picture(odd).await.unwrap();
    confirm(store, "p1", change("ada", 0, 0)).await.unwrap();
    store.stage_picture(picture("p2")).await.unwrap();
    confirm(store, "p2", change("ada", 10 * SECOND, 0)).await.unwrap();
    store.put_setting("number", "12").await.unwrap();
    store.use_assertion(&[0, 1, 255], NOW).await.unwrap();
}

async fn restore(into: &Store, rows: &Rows, renamed: &[(String, String)]) -> bool {
    let mut left: BTreeMap<&str, VecDeque<Vec<String>>> = rows
        .iter()
        .map(|(table, lines)| (*table, lines.iter().map(|line| vec![line.clone()]).collect()))
        .collect();
    left.insert("epoch", [vec![r#"{"id":1,"value":7}"#.to_owned()]].into());
    into.restore(renamed, |table| Ok(left.get_mut(table).and_then(VecDeque::pop_front))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_comes_back_in_either_database() {
    for from in [crate::sqlite().await, crate::postgres().await] {
        furnished(&from).await;
        let before = rows(&from.store).await;
        assert!(before["pictures"].iter().any(|row| row.contains("写真")), "{:?}", before["pictures"]);
        for into in [crate::sqlite().await, crate::postgres().await] {
            assert!(into.store.is_uninhabited().await.unwrap());
            assert!(restore(&into.store, &before, &[]).await);
            assert_eq!(rows(&into.store).await, before);
            assert!(!into.store.is_uninhabited().await.unwrap());
            assert!(!restore(&into.store, &before, &[]).await, "never over somebody's rows");
            // And it lives on: what is unique is unique, what refers refers.
            assert!(into.store.insert_user(crate::person("ada")).await.is_err());
            assert_eq!(into.store.profile("ada").await.unwrap().unwrap().portrait.unwrap().sizes, "512,96");
        }
        let elsewhere = crate::sqlite().await;
        assert!(restore(&elsewhere.store, &before, &[("default".into(), "cloud".into())]).await);
        assert_eq!(elsewhere.store.picture("p2").await.unwrap().unwrap().store, "cloud");
        let queued = crate::claim_all(&elsewhere.store, 9, SECOND, NOW + 60 * SECOND).await;
        assert!(queued.iter().all(|row| row.store == "default"), "what waits to be deleted is not renamed");
    }
}

#[tokio::test]
async fn no_table_is_forgotten() {
    let fresh = crate::sqlite().await;
    let there: BTreeSet<String> = crate::schema::sqlite_columns(&fresh.settings.url).into_keys().collect();
    assert_eq!(there, TABLES.map(str::to_owned).into());
}
