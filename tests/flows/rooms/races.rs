//! Many at once.

use super::*;
use tests::on_both;

on_both! {
    // At most ten, however many come: twenty uploads where nine are there.
    async fn twenty_at_once_where_nine_are(house: &House) {
        let person = house.person("grace@example.org").await;
        let asking = by_token(house, &person, "gallery").await;
        for hue in 0..9 {
            asking.waits(hue).await;
        }
        let uploads = (0..20).map(|hue| asking.upload(TEMP, 100 + hue));
        let answers = futures_util::future::join_all(uploads).await;
        let count = |status: u16, error: &str| {
            answers.iter().filter(|answer| (answer.status, answer.text("error")) == (status, error)).count()
        };
        // Two of one person are worked on at a time; the others wait for their turn, or are sent away for a moment.
        let (taken, full) = (count(201, ""), count(400, "waiting_full"));
        assert_eq!(taken, 1, "{answers:?}");
        assert_eq!(taken + full + count(503, "temporarily_unavailable"), 20, "{answers:?}");
        assert_eq!(asking.waiting().await.len(), 10);
        let room = asking.room("Chambre", "Hôtel").await;
        assert_eq!(ids(&room).len(), 10);
        let id = room["id"].as_str().unwrap();
        let delete = format!("/rooms/{id}/delete-image/{}/", ids(&room)[4]);
        Answer::of(asking.ask(Method::POST, &delete)).await.expect(200);

        let path = format!("/rooms/{id}/upload-image/");
        let answers = futures_util::future::join_all((0..20).map(|hue| asking.upload(&path, 150 + hue))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
        let others = answers.iter().filter(|answer| answer.status != 201);
        for other in others {
            assert!(matches!((other.status, other.text("error")), (400, "gallery_full") | (503, _)), "{other:?}");
        }
        let shown = asking.get(&format!("/rooms/{id}/")).await.expect(200).body;
        let orders: Vec<_> = shown["images"].as_array().unwrap().iter().map(|image| image["order"].clone()).collect();
        assert_eq!(orders, (0..10).map(|order| json!(order)).collect::<Vec<_>>(), "without gaps");
        asking.upload(&path, 1).await.expect_error(400, "gallery_full");
        // Two orders at once: one of them holds, whole.
        let (mut up, mut down) = (ids(&shown), ids(&shown));
        up.sort();
        down.sort();
        down.reverse();
        let reorder = format!("/rooms/{id}/reorder-images/");
        let (bodies, path) = ([json!({ "order": up }), json!({ "order": down })], &reorder);
        let both = futures_util::future::join_all((0..10).map(|number| asking.post(path, &bodies[number % 2]))).await;
        assert!(both.iter().all(|answer| answer.status == 200));
        let now = asking.images(id).await;
        assert!(now == up || now == down, "{now:?}");
    }
}
