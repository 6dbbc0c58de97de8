//! The whole way of a gallery, field for field.

use super::*;
use tests::{on_both, personal};

const IMAGE: [&str; 10] = [
    "caption",
    "height",
    "id",
    "order",
    "original_filename",
    "thumbhash",
    "uploaded_at",
    "url",
    "variants",
    "width",
];

async fn whole_way(house: &House, asking: &Asking<'_>, hue: u8) {
    // formData.append('image', file); fetch('/rooms/upload-image-temp/', { method: 'POST', body: formData })
    let first = asking.upload(TEMP, hue).await.expect(201).body;
    let mut wanted = IMAGE.to_vec();
    wanted.extend(["message", "success"]);
    wanted.sort_unstable();
    assert_eq!(keys(&first), wanted);
    assert_eq!(
        (&first["success"], &first["order"], &first["caption"]),
        (&json!(true), &json!(0), &json!(""))
    );
    assert_eq!((&first["width"], &first["height"]), (&json!(340), &json!(340)));
    assert_eq!(first["original_filename"], "chambre.png");
    assert_eq!(keys(&first["variants"]), ["320", "340"], "only sizes that exist");
    let preview = house.http.get(first["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(
        (preview.status().as_u16(), &preview.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let second = asking.waits(hue + 1).await;
    let third = asking.waits(hue + 2).await;
    let first = first["id"].as_str().unwrap().to_owned();
    let listed = asking.get(WAITING).await.expect(200).body;
    assert_eq!(keys(&listed["images"][2]), IMAGE);
    assert_eq!(ids(&listed), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(asking.get("/rooms/list-image-temp").await.expect(200).body, listed, "the slash is optional");

    // fetch(`/rooms/delete-image-temp/${imageId}/`, { method: 'POST', headers: { 'X-CSRFToken': token } })
    let delete = format!("/rooms/delete-image-temp/{second}/");
    let deleted = Answer::of(asking.ask(Method::POST, &delete)).await.expect(200).body;
    assert_eq!(deleted, json!({ "success": true, "message": "The picture has been removed." }));
    Answer::of(asking.ask(Method::POST, &delete)).await.expect_error(404, "not_found");

    // The gallery takes the waiting ones along, in their order; nothing waits any more.
    let room = asking.room("Chambre bleue", "Hôtel du Lac").await;
    let shown = ["created_at", "establishment", "establishment_id", "id", "images", "name", "updated_at"];
    assert_eq!(keys(&room), shown);
    assert_eq!((&room["name"], &room["establishment"]), (&json!("Chambre bleue"), &json!("Hôtel du Lac")));
    assert_eq!(ids(&room), [first.clone(), third.clone()]);
    assert!(asking.waiting().await.is_empty());
    let id = room["id"].as_str().unwrap().to_owned();
    let at = |rest: &str| format!("/rooms/{id}/{rest}");
    assert_eq!(asking.get(&at("")).await.expect(200).body, room);
    for image in room["images"].as_array().unwrap() {
        assert_eq!(keys(image), IMAGE);
        for url in image["variants"].as_object().unwrap().values() {
            let url = url.as_str().unwrap();
            assert!(url.contains("/galleries/"), "{url}");
            let got = house.http.get(url).send().await.unwrap();
            assert_eq!(
                (got.status().as_u16(), &got.headers()["content-type"]),
                (200, &"image/jpeg".parse().unwrap())
            );
        }
    }

    // Directly into the gallery that is there.
    let added = asking.upload(&at("upload-image/"), hue + 3).await.expect(201).body;
    assert_eq!((&added["order"], keys(&added).len()), (&json!(2), 12));
    let fourth = added["id"].as_str().unwrap().to_owned();
    assert_eq!(asking.images(&id).await, [first.clone(), third.clone(), fourth.clone()]);

    // The order: JSON, a form with the field several times, one with commas.
    let order =
        asking.post(&at("reorder-images/"), &json!({ "order": [fourth, first, third] })).await.expect(200);
    assert_eq!(ids(&order.body), [fourth.clone(), first.clone(), third.clone()]);
    assert_eq!(order.body["images"][0]["order"], 0);
    let form = [("order", &first), ("order", &third), ("order", &fourth)];
    Answer::of(asking.ask(Method::POST, &at("reorder-images/")).form(&form)).await.expect(200);
    assert_eq!(asking.images(&id).await, [first.clone(), third.clone(), fourth.clone()]);
    let form = [("order", format!("{third},{fourth}, {first}"))];
    Answer::of(asking.ask(Method::POST, &at("reorder-images/")).form(&form)).await.expect(200);
    for bad in [
        json!([third]),
        json!([third, fourth, first, first]),
        json!([third, third, first]),
        json!([]),
        json!("x"),
    ] {
        let refused = asking.post(&at("reorder-images/"), &json!({ "order": bad })).await;
        refused.expect_error(400, "invalid_order");
    }
    assert_eq!(asking.images(&id).await, [third.clone(), fourth.clone(), first.clone()]);

    // Captions.
    let caption = at(&format!("images/{third}/caption/"));
    let kept = asking.post(&caption, &json!({ "caption": "  Vue sur le lac " })).await.expect(200).body;
    let wanted = json!({ "success": true, "message": "The caption has been saved.", "id": third, "caption": "Vue sur le lac" });
    assert_eq!(kept, wanted);
    for bad in ["a\nb", "a\u{1}b", &"x".repeat(301)] {
        asking.post(&caption, &json!({ "caption": bad })).await.expect_error(400, "invalid_caption");
    }
    let shown = asking.get(&at("")).await.expect(200).body;
    assert_eq!(shown["images"][0]["caption"], "Vue sur le lac");

    // Removal: at once from the gallery, from the store when its time has come.
    let gone = shown["images"][1]["url"].as_str().unwrap().to_owned();
    let delete = at(&format!("delete-image/{fourth}/"));
    Answer::of(asking.ask(Method::POST, &delete)).await.expect(200);
    Answer::of(asking.ask(Method::POST, &delete)).await.expect_error(404, "not_found");
    assert_eq!(asking.images(&id).await, [third.clone(), first.clone()]);
    house.advance(5);
    for _ in 0..100 {
        if house.http.get(&gone).send().await.unwrap().status() == 404 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(house.http.get(&gone).send().await.unwrap().status().as_u16(), 404);

    // Another gallery of the same organization, by its id; renamed, deleted.
    let body = json!({ "name": "Jardin", "establishment_id": room["establishment_id"] });
    let garden = asking.post("/rooms", &body).await.expect(201).body;
    assert_eq!((&garden["establishment"], ids(&garden).len()), (&json!("Hôtel du Lac"), 0));
    let all = asking.get("/rooms/").await.expect(200).body;
    let names: Vec<_> = all["rooms"].as_array().unwrap().iter().map(|room| room["name"].clone()).collect();
    assert_eq!(names, ["Chambre bleue", "Jardin"]);
    let garden = format!("/rooms/{}/", garden["id"].as_str().unwrap());
    let renamed =
        Answer::of(asking.ask(Method::PUT, &garden).json(&json!({ "name": "Parc" }))).await.expect(200);
    assert_eq!(renamed.body["name"], "Parc");
    Answer::of(asking.ask(Method::PUT, &garden).json(&json!({ "name": "" })))
        .await
        .expect_error(400, "invalid_name");
    Answer::of(asking.ask(Method::DELETE, &garden)).await.expect(200);
    asking.get(&garden).await.expect_error(404, "not_found");
    let own = asking.get("/rooms/establishments/").await.expect(200).body;
    assert_eq!(keys(&own["establishments"][0]), ["created_at", "id", "name"]);
    let place = format!("/rooms/establishments/{}/", room["establishment_id"].as_str().unwrap());
    Answer::of(asking.ask(Method::PUT, &place).json(&json!({ "name": format!("Grand Hôtel {hue}") })))
        .await
        .expect(200);
    assert_eq!(asking.get(&at("")).await.expect(200).body["establishment"], format!("Grand Hôtel {hue}"));
    Answer::of(asking.ask(Method::DELETE, &place)).await.expect_error(400, "not_empty");
    Answer::of(asking.ask(Method::DELETE, &at(""))).await.expect(200);
    Answer::of(asking.ask(Method::DELETE, &place)).await.expect(200);
    Answer::of(asking.ask(Method::DELETE, &place)).await.expect_error(404, "not_found");
}

on_both! {
    async fn by_a_token(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("gallery").await;
        let tokens = app.tokens(&person, "openid galleries").await;
        assert_eq!(tokens["scope"], "openid galleries");
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        whole_way(house, &Asking::Token(house, token), 1).await;
        let own = personal::token_of(&house.issuer, &person, &["galleries"]).await;
        let discovery = Answer::of(house.http.get(house.url("/.well-known/openid-configuration"))).await;
        assert!(discovery.body["scopes_supported"].as_array().unwrap().contains(&json!("galleries")));
        let mine = Asking::Token(house, own);
        whole_way(house, &mine, 10).await;
    }

    async fn by_a_session(house: &House) {
        let person = house.person("grace@example.org").await;
        let session = house.sign_in(&person).await;
        whole_way(house, &Asking::Browser(&session), 1).await;
        // The token in the field of the seed, before or after the file, or in ours.
        for (before, name) in [(true, "csrfmiddlewaretoken"), (false, "csrfmiddlewaretoken"), (true, "csrf")] {
            let part = || Part::bytes(picture::png(340, 30)).file_name("a.png");
            let form = match before {
                true => Form::new().text(name, session.csrf.clone()).part("image", part()),
                false => Form::new().part("image", part()).text(name, session.csrf.clone()),
            };
            Answer::of(session.plain(Method::POST, TEMP).multipart(form)).await.expect(201);
        }
        // `FormData` for the gallery too, and a plain form.
        let form = Form::new().text("name", "A").text("establishment", "B").text("csrfmiddlewaretoken", session.csrf.clone());
        let room = Answer::of(session.plain(Method::POST, "/rooms/").multipart(form)).await.expect(201).body;
        assert_eq!(ids(&room).len(), 3);
        let form = [("name", "C"), ("establishment", "B"), ("csrfmiddlewaretoken", &session.csrf)];
        let other = Answer::of(session.plain(Method::POST, "/rooms/").form(&form)).await.expect(201).body;
        assert_eq!(other["establishment_id"], room["establishment_id"]);
    }

    async fn what_is_refused(house: &House) {
        let person = house.person("grace@example.org").await;
        let asking = by_token(house, &person, "gallery").await;
        let send = async |form: Form| Answer::of(asking.ask(Method::POST, TEMP).multipart(form)).await;
        send(Form::new().text("caption", "x")).await.expect_error(400, "photo_missing");
        send(Form::new().part("photo", Part::bytes(picture::png(64, 1)))).await.expect_error(400, "photo_missing");
        let text = Part::bytes(b"<svg/>".to_vec()).file_name("x.svg");
        send(Form::new().part("image", text)).await.expect_error(400, "photo_wrong_type");
        let large = Part::bytes(vec![0xff; 5 * 1_048_576 + 1]).file_name("x.jpg");
        send(Form::new().part("image", large)).await.expect_error(400, "photo_too_large");
        for (body, code) in [
            (json!({ "name": "A" }), "establishment_missing"),
            (json!({ "establishment": "B" }), "invalid_name"),
            (json!({ "name": " ", "establishment": "B" }), "invalid_name"),
            (json!({ "name": "A", "establishment": "a\nb" }), "invalid_name"),
            (json!({ "name": "x".repeat(121), "establishment": "B" }), "invalid_name"),
            (json!({ "name": "A", "establishment_id": "nobody's" }), "establishment_not_found"),
        ] {
            asking.post("/rooms/", &body).await.expect_error(400, code);
        }
        for body in ["[]", "{", "\"x\"", "{\"name\": \"a\\u0000b\", \"establishment\": \"B\"}"] {
            let request = asking.ask(Method::POST, "/rooms/").header("content-type", "application/json");
            Answer::of(request.body(body)).await.expect(400);
        }
        assert!(asking.get("/rooms/").await.expect(200).body["rooms"].as_array().unwrap().is_empty());
        assert!(asking.get("/rooms/establishments/").await.expect(200).body["establishments"].as_array().unwrap().is_empty());
        // In French where French is asked for.
        let request = asking.ask(Method::POST, "/rooms/").header("accept-language", "fr").json(&json!({ "name": "A" }));
        let refused = Answer::of(request).await.expect(400);
        assert_eq!(refused.text("message"), "Indiquez l’une de vos organisations, ou une nouvelle.");
    }
}
