//! `/api/admin/photos…`: for administrators alone, with the session of their browser; and what the people concerned see.

use reqwest::{Method, multipart};
use serde_json::{Value, json};
use tests::{Answer, App, House, Person, Session, on_both};
use visage::commands::user::{self, NewPerson};
use visage::demo::picture;

use crate::crashes::eventually;

const PHOTOS: &str = "/api/admin/photos";

pub(super) async fn administrator(house: &House) -> Session {
    let password = "correct horse battery staple".to_owned();
    let person = NewPerson {
        email: "root@example.org".to_owned(),
        is_admin: true,
        password: password.clone(),
        ..NewPerson::default()
    };
    let user = user::create(house.place(), person).await.unwrap();
    house.sign_in(&Person { id: user.id, email: user.email, password }).await
}

async fn uploads(admin: &Session, query: &str) -> Value {
    Answer::of(admin.request(Method::GET, &format!("{PHOTOS}{query}"))).await.expect(200).body
}

fn ids(body: &Value) -> Vec<&str> {
    body["uploads"].as_array().unwrap().iter().map(|upload| upload["id"].as_str().unwrap()).collect()
}

async fn uploader(house: &House, email: &str) -> (Person, App, String) {
    let person = house.person(email).await;
    let app = house.app(&format!("app-{}", email.split('@').next().unwrap())).await;
    let tokens = app.tokens(&person, "openid profile").await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    (person, app, token)
}

fn form(field: &'static str, hue: u8) -> multipart::Form {
    multipart::Form::new().part(field, multipart::Part::bytes(picture::png(64, hue)).file_name("me.png"))
}

on_both! {
    /// Everybody else is kept out, of every route and in the same way; a cookie alone changes nothing.
    async fn for_administrators_alone(house: &House) {
        let (person, app, token) = uploader(house, "grace@example.org").await;
        app.upload(&token, picture::png(64, 1)).await.expect(200);
        let (admin, session) = (administrator(house).await, house.sign_in(&person).await);
        let id = ids(&uploads(&admin, "").await)[0].to_owned();
        let reason = json!({ "reason": "Not a face." });
        let routes = [
            (Method::GET, PHOTOS.to_owned()),
            (Method::GET, format!("{PHOTOS}/statistics")),
            (Method::GET, format!("{PHOTOS}/blocks")),
            (Method::GET, format!("{PHOTOS}/blocks/{}", person.id)),
            (Method::PUT, format!("{PHOTOS}/blocks/{}", person.id)),
            (Method::DELETE, format!("{PHOTOS}/blocks/{}", person.id)),
            (Method::GET, format!("{PHOTOS}/{id}")),
            (Method::GET, format!("{PHOTOS}/{id}/image")),
            (Method::POST, format!("{PHOTOS}/{id}/remove")),
        ];
        for (method, path) in &routes {
            let send = |request: reqwest::RequestBuilder| Answer::of(request.json(&reason));
            let anonymous = house.http.request(method.clone(), house.url(path));
            send(anonymous).await.expect_error(401, "sign_in_required");
            let bearer = house.http.request(method.clone(), house.url(path)).bearer_auth(&token);
            send(bearer).await.expect_error(401, "sign_in_required");
            let refused = send(session.request(method.clone(), path)).await.expect_error(403, "forbidden");
            assert!(!refused.headers.contains_key("access-control-allow-origin"), "{path}");
            if *method != Method::GET {
                send(admin.plain(method.clone(), path)).await.expect_error(403, "csrf");
                let foreign = admin.request(method.clone(), path).header("origin", "https://evil.example");
                send(foreign).await.expect_error(403, "csrf");
                let stolen = admin.plain(method.clone(), path).header("x-csrftoken", &session.csrf);
                send(stolen).await.expect_error(403, "csrf");
            }
        }
        assert_eq!(uploads(&admin, "?state=current").await["uploads"].as_array().unwrap().len(), 1, "nothing happened");
        assert!(house.store().photo_block(&person.id).await.unwrap().is_none());
    }

    async fn uploads_are_listed_and_shown(house: &House) {
        let (person, app, token) = uploader(house, "grace@example.org").await;
        let (_, other, others) = uploader(house, "alan@example.org").await;
        for hue in 0..3 {
            app.upload(&token, picture::png(128, hue)).await.expect(200);
            house.advance(1);
        }
        other.upload(&others, picture::png(64, 9)).await.expect(200);
        let admin = administrator(house).await;
        let all = uploads(&admin, "").await;
        assert_eq!((ids(&all).len(), &all["next"]), (4, &Value::Null));
        let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = uploads(&admin, &query).await;
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            match page["next"].as_str() {
                Some(next) => query = format!("?limit=3&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, ids(&all));
        assert_eq!(ids(&uploads(&admin, "?person=grace@example.org&purpose=profile").await).len(), 3);
        assert_eq!(ids(&uploads(&admin, &format!("?state=current&person={}", person.id)).await).len(), 1);
        assert_eq!(ids(&uploads(&admin, "?purpose=gallery").await).len(), 0);
        for bad in ["state=x", "purpose=x", "person=nobody@example.org", "limit=0", "limit=201", "limit=x", "cursor=x"] {
            let answer = Answer::of(admin.request(Method::GET, &format!("{PHOTOS}?{bad}"))).await;
            answer.expect_error(400, "invalid_field");
        }

        let current = &uploads(&admin, "?state=current&person=grace@example.org").await["uploads"][0];
        let id = current["id"].as_str().unwrap();
        let shown = Answer::of(admin.request(Method::GET, &format!("{PHOTOS}/{id}"))).await.expect(200).body;
        assert_eq!(&shown["upload"], current);
        assert_eq!(shown["person_is_blocked"], false);
        assert_eq!(current["person"], json!({ "id": person.id, "email": "grace@example.org" }));
        assert_eq!(current["client_id"], "app-grace");
        assert_eq!(current["urls"]["128"], app.userinfo(&token).await.expect(200).body["picture"]);
        assert!(current["bytes"].as_i64().unwrap() > 500 && current["uploaded_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(current["sizes"], json!([128, 96, 48]));
        let image = admin.request(Method::GET, &format!("{PHOTOS}/{id}/image")).send().await.unwrap();
        assert_eq!((image.status().as_u16(), &image.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
        assert_eq!(image::load_from_memory(&image.bytes().await.unwrap()).unwrap().width(), 128);
        for path in ["/nothing", "/nothing/image", "/x%00", "/blocks/%00"] {
            Answer::of(admin.request(Method::GET, &format!("{PHOTOS}{path}"))).await.expect_error(404, "not_found");
        }
    }

    /// S136: gone at once and for good; the person reads why; the audit says who.
    async fn a_picture_is_removed_with_a_reason(house: &House) {
        let (person, app, token) = uploader(house, "grace@example.org").await;
        app.upload(&token, picture::png(64, 1)).await.expect(200);
        let photo = app.userinfo(&token).await.expect(200).text("picture").to_owned();
        let admin = administrator(house).await;
        let id = ids(&uploads(&admin, "?state=current").await)[0].to_owned();
        let remove = |body: Value| {
            Answer::of(admin.request(Method::POST, &format!("{PHOTOS}/{id}/remove")).json(&body))
        };
        remove(json!([])).await.expect_error(400, "invalid_request");
        let reasons = [json!(7), json!(" "), json!("a\nb"), json!("x".repeat(501))];
        for bad in reasons.into_iter().map(|reason| json!({ "reason": reason })).chain([json!({})]) {
            remove(bad).await.expect_error(400, "invalid_field");
        }
        let form = admin.request(Method::POST, &format!("{PHOTOS}/{id}/remove")).form(&[("reason", "x")]);
        Answer::of(form).await.expect_error(400, "invalid_request");
        remove(json!({ "reason": "The photo shows somebody else." })).await.expect(200);
        assert!(app.userinfo(&token).await.expect(200).text("picture").contains("/initials/"));
        eventually("the object is gone", async || {
            house.http.get(&photo).send().await.unwrap().status().as_u16() == 404
        })
        .await;
        eventually("nothing is left of it", async || {
            house.store().picture(&id).await.unwrap().unwrap().state == "gone"
        })
        .await;
        remove(json!({ "reason": "again" })).await.expect_error(409, "nothing_to_remove");
        let nothing = admin.request(Method::POST, &format!("{PHOTOS}/nothing/remove")).json(&json!({ "reason": "x" }));
        Answer::of(nothing).await.expect_error(404, "not_found");

        let history = house.http.get(house.url("/api/users/profile-picture-uploads/")).bearer_auth(&token);
        let history = Answer::of(history).await.expect(200).body;
        assert_eq!(history["uploads"][0]["removed_reason"], "The photo shows somebody else.", "{history:#}");
        let rows = house.store().audit_of(&person.id, 10).await.unwrap();
        let row = rows.iter().find(|row| row.action == "photo.removed_by_administrator").unwrap();
        let root = house.store().user_by_email("root@example.org").await.unwrap().unwrap();
        assert_eq!(row.actor.as_deref(), Some(root.id.as_str()));
        assert!(row.detail.contains("somebody else"), "{}", row.detail);
    }

    /// Pictures of galleries are no exception, those that still wait neither.
    async fn a_picture_of_a_gallery_is_removed(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("rooms").await;
        let tokens = app.tokens(&person, "openid profile galleries").await;
        let token = tokens["access_token"].as_str().unwrap();
        let post = |path: &str| house.http.post(house.url(path)).bearer_auth(token);
        let room = post("/rooms/").json(&json!({ "name": "The hall", "establishment": "Hotel" }));
        let room = Answer::of(room).await.expect(201).body;
        let room = room["id"].as_str().unwrap();
        let mut sent = Vec::new();
        for hue in 0..3 {
            let request = post(&format!("/rooms/{room}/upload-image/")).multipart(form("image", hue));
            Answer::of(request).await.expect(201);
            house.advance(1);
        }
        Answer::of(post("/rooms/upload-image-temp/").multipart(form("image", 7))).await.expect(201);
        let admin = administrator(house).await;
        for upload in uploads(&admin, "?purpose=gallery").await["uploads"].as_array().unwrap() {
            sent.push(upload["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(sent.len(), 4);
        for id in [&sent[0], &sent[2]] {
            let remove = admin.request(Method::POST, &format!("{PHOTOS}/{id}/remove"));
            Answer::of(remove.json(&json!({ "reason": "Not a room." }))).await.expect(200);
        }
        let shown = house.http.get(house.url(&format!("/rooms/{room}/"))).bearer_auth(token);
        let shown = Answer::of(shown).await.expect(200).body;
        let left: Vec<_> = shown["images"].as_array().unwrap().iter().map(|image| image["id"].as_str().unwrap()).collect();
        assert_eq!(left, [sent[3].as_str(), sent[1].as_str()]);
        let waiting = house.http.get(house.url("/rooms/list-image-temp/")).bearer_auth(token);
        let waiting = Answer::of(waiting).await.expect(200).body;
        assert!(!waiting.to_string().contains(&sent[0]), "{waiting:#}");
        let shown = Answer::of(admin.request(Method::GET, &format!("{PHOTOS}/{}", sent[2]))).await.expect(200).body;
        assert_eq!(shown["upload"]["removed_reason"], "Not a room.");
    }

    /// On every upload route; what was staged before is not applied afterwards.
    async fn a_blocked_person_uploads_nothing(house: &House) {
        let (person, app, token) = uploader(house, "grace@example.org").await;
        app.upload(&token, picture::png(64, 1)).await.expect(200);
        let photo = app.userinfo(&token).await.expect(200).text("picture").to_owned();
        let stage = || {
            let request = house.http.post(house.url("/api/users/upload-profile-picture/")).bearer_auth(&token);
            Answer::of(request.multipart(form("image", 2)))
        };
        let waiting = stage().await.expect(201).text("id").to_owned();
        let admin = administrator(house).await;
        let path = format!("{PHOTOS}/blocks/grace@example.org");
        let block = |reason: &str| Answer::of(admin.request(Method::PUT, &path).json(&json!({ "reason": reason })));
        block("").await.expect_error(400, "invalid_field");
        block("Twice.").await.expect(200);
        let blocked = block("Three times.").await.expect(200).body;
        assert_eq!((&blocked["reason"], &blocked["person"]["id"]), (&json!("Three times."), &json!(person.id)));
        let listed = Answer::of(admin.request(Method::GET, &format!("{PHOTOS}/blocks"))).await.expect(200).body;
        assert_eq!(listed, json!({ "blocks": [blocked], "next": null }));
        assert_eq!(Answer::of(admin.request(Method::GET, &path)).await.expect(200).body, blocked);

        let session = house.sign_in(&person).await;
        assert!(session.account.body.contains("Three times."), "the account page says why");
        app.upload(&token, picture::png(64, 3)).await.expect_error(403, "uploads_blocked");
        stage().await.expect_error(403, "uploads_blocked");
        for (path, field) in [
            ("/api/auth/upload-photo/", "profile_picture"),
            ("/rooms/upload-image-temp/", "image"),
        ] {
            let answer = Answer::of(session.request(Method::POST, path).multipart(form(field, 4))).await;
            let answer = match answer.status {
                // Not for a session: with the token.
                401 => {
                    let request = house.http.post(house.url(path)).bearer_auth(&token);
                    Answer::of(request.multipart(form(field, 4))).await
                }
                _ => answer,
            };
            answer.expect_error(403, "uploads_blocked");
        }
        let confirm = house.http.post(house.url("/api/users/confirm-profile-picture/")).bearer_auth(&token);
        Answer::of(confirm.json(&json!({ "upload_id": waiting }))).await.expect_error(403, "uploads_blocked");
        let page = session.plain(Method::POST, "/account/photo");
        let page = page.multipart(form("photo", 5).text("csrf", session.csrf.clone())).send().await.unwrap();
        let place = page.headers()["location"].to_str().unwrap();
        assert!(place.contains("problem=uploads-blocked"), "{place}");
        // An address elsewhere is a picture too.
        let put = |path: &str, body: Value| {
            Answer::of(house.http.put(house.url(path)).bearer_auth(&token).json(&body))
        };
        let elsewhere = "https://evil.example/x.jpg";
        put("/api/auth/profile", json!({ "picture_url": elsewhere })).await.expect_error(403, "uploads_blocked");
        put("/api/auth/profile", json!({ "given_name": "Ada" })).await.expect(200);
        assert_eq!(app.userinfo(&token).await.expect(200).text("picture"), photo, "what is there stays");
        // Taking a photo away is nobody's to forbid.
        let url = house.url("/api/auth/profile/photo");
        Answer::of(house.http.delete(url).bearer_auth(&token)).await.expect(200);

        Answer::of(admin.request(Method::DELETE, &path)).await.expect(200);
        Answer::of(admin.request(Method::DELETE, &path)).await.expect_error(404, "not_found");
        Answer::of(admin.request(Method::GET, &path)).await.expect_error(404, "not_found");
        app.upload(&token, picture::png(64, 6)).await.expect(200);
        let unknown = admin.request(Method::PUT, &format!("{PHOTOS}/blocks/nobody@example.org"));
        Answer::of(unknown.json(&json!({ "reason": "x" }))).await.expect_error(404, "not_found");
        let rows = house.store().audit_of(&person.id, 20).await.unwrap();
        let of = |action: &str| rows.iter().filter(|row| row.action == action).count();
        assert_eq!((of("photo.blocked"), of("photo.unblocked")), (2, 1));
    }

    async fn statistics_count_what_happened(house: &House) {
        let (_, app, token) = uploader(house, "grace@example.org").await;
        app.upload(&token, picture::png(64, 1)).await.expect(200);
        app.upload(&token, picture::png(64, 2)).await.expect(200);
        app.upload(&token, b"no picture".to_vec()).await.expect(400);
        app.upload(&token, b"no picture".to_vec()).await.expect(400);
        app.upload(&token, Vec::new()).await.expect(400);
        let admin = administrator(house).await;
        let path = format!("{PHOTOS}/statistics");
        let statistics = Answer::of(admin.request(Method::GET, &path)).await.expect(200).body;
        assert_eq!(
            statistics["uploads"],
            json!({ "applied": 2, "staged": 0, "discarded": 0, "refused": 3, "removed_by_administrators": 0 })
        );
        let causes = statistics["refused_by_cause"].as_object().unwrap();
        assert_eq!(causes.values().map(|count| count.as_i64().unwrap()).sum::<i64>(), 3, "{causes:?}");
        assert!(statistics["stores"]["default"]["bytes"].as_i64().unwrap() > 500, "{statistics:#}");
        assert_eq!(statistics["pictures_by_state"]["current"], 1);
        assert_eq!(statistics["blocked_people"], 0);
        assert!(statistics["deletions"]["waiting"].as_i64().unwrap() >= 2);
        for bad in ["0", "401", "x"] {
            let answer = Answer::of(admin.request(Method::GET, &format!("{path}?days={bad}"))).await;
            answer.expect_error(400, "invalid_field");
        }
        // Two nodes, or a command: what was counted is in the database.
        let outcomes = house.store().upload_outcomes(0).await.unwrap();
        assert_eq!(outcomes.refused.iter().map(|(_, count)| count).sum::<i64>(), 3);
    }
}
