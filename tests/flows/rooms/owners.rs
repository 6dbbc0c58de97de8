//! Who may do what: every route, asked by everybody who may not.

use super::*;
use tests::on_both;

/// Every route that changes or shows something of a gallery.
fn routes(room: &str, image: &str, establishment: &str) -> Vec<(Method, String)> {
    vec![
        (Method::GET, format!("/rooms/{room}/")),
        (Method::PUT, format!("/rooms/{room}/")),
        (Method::DELETE, format!("/rooms/{room}/")),
        (Method::POST, format!("/rooms/{room}/upload-image/")),
        (Method::POST, format!("/rooms/{room}/delete-image/{image}/")),
        (Method::POST, format!("/rooms/{room}/reorder-images/")),
        (Method::POST, format!("/rooms/{room}/images/{image}/caption/")),
        (Method::PUT, format!("/rooms/establishments/{establishment}/")),
        (Method::DELETE, format!("/rooms/establishments/{establishment}/")),
    ]
}

fn with_body(request: RequestBuilder, path: &str, order: &[String]) -> RequestBuilder {
    if path.ends_with("/upload-image/") || path == TEMP {
        return request.multipart(image(9));
    }
    request.json(&json!({ "name": "Mine", "caption": "Mine", "order": order, "establishment": "Mine" }))
}

on_both! {
    async fn nobody_else_may(house: &House) {
        let (ada, bob) = (house.person("ada@example.org").await, house.person("bob@example.org").await);
        let asking = by_token(house, &ada, "gallery").await;
        for hue in [1, 2] {
            asking.waits(hue).await;
        }
        let room = asking.room("Chambre", "Hôtel").await;
        let (id, order, place) = (room["id"].as_str().unwrap(), ids(&room), room["establishment_id"].as_str().unwrap());
        let waiting = asking.waits(3).await;
        let temp = format!("/rooms/delete-image-temp/{waiting}/");

        // A stranger, by token and by session: as if there were nothing.
        let stranger = by_token(house, &bob, "other").await;
        let session = house.sign_in(&bob).await;
        for who in [&stranger, &Asking::Browser(&session)] {
            for (method, path) in routes(id, &order[0], place) {
                let answer = Answer::of(with_body(who.ask(method.clone(), &path), &path, &order)).await;
                assert_eq!((answer.status, answer.text("error")), (404, "not_found"), "{method} {path}");
            }
            Answer::of(who.ask(Method::POST, &temp)).await.expect_error(404, "not_found");
            assert!(who.waiting().await.is_empty());
            let body = json!({ "name": "Mine", "establishment_id": place });
            who.post("/rooms/", &body).await.expect_error(400, "establishment_not_found");
        }

        // The same person by another client, another session, their own: galleries are shared, waiting pictures are not.
        let other_client = by_token(house, &ada, "third").await;
        let (one, two) = (house.sign_in(&ada).await, house.sign_in(&ada).await);
        let (one, two) = (Asking::Browser(&one), Asking::Browser(&two));
        for who in [&other_client, &one, &two] {
            assert_eq!(who.images(id).await, order);
            assert!(who.waiting().await.is_empty());
            Answer::of(who.ask(Method::POST, &temp)).await.expect_error(404, "not_found");
        }
        let ones = one.waits(4).await;
        assert_eq!((one.waiting().await, two.waiting().await), (vec![ones.clone()], vec![]));
        let made = two.room("Other", "Hôtel").await;
        assert!(ids(&made).is_empty(), "another session's pictures stay where they are");
        assert_eq!(ids(&one.room("Own", "Hôtel").await), [ones]);

        // No token, no scope, no CSRF token.
        let app = house.app("narrow").await;
        let narrow = app.tokens(&ada, "openid profile").await["access_token"].as_str().unwrap().to_owned();
        let browser = house.sign_in(&ada).await;
        let mut all = routes(id, &order[0], place);
        all.extend([
            (Method::GET, "/rooms/".to_owned()),
            (Method::POST, "/rooms/".to_owned()),
            (Method::GET, WAITING.to_owned()),
            (Method::POST, TEMP.to_owned()),
            (Method::POST, temp.clone()),
            (Method::GET, "/rooms/establishments/".to_owned()),
        ]);
        for (method, path) in all {
            let url = house.url(&path);
            let ask = |request: RequestBuilder| Answer::of(with_body(request, &path, &order));
            assert_eq!(ask(house.http.request(method.clone(), &url)).await.status, 401, "{method} {path}");
            let answer = ask(house.http.request(method.clone(), &url).bearer_auth(&narrow)).await;
            assert_eq!((answer.status, answer.text("error")), (403, "insufficient_scope"), "{method} {path}");
            if method == Method::GET {
                ask(browser.plain(method, &path)).await.expect(200);
                continue;
            }
            for forged in [
                browser.plain(method.clone(), &path),
                browser.plain(method.clone(), &path).header("x-csrftoken", "x".repeat(43)),
                browser.request(method.clone(), &path).header("origin", "https://evil.example"),
                browser.request(method.clone(), &path).header("sec-fetch-site", "cross-site"),
            ] {
                let answer = ask(forged).await;
                assert_eq!((answer.status, answer.text("error")), (403, "csrf"), "{method} {path}");
            }
        }
        assert_eq!(asking.get(&format!("/rooms/{id}/")).await.expect(200).body, room, "nothing was changed");
        assert_eq!(asking.waiting().await, [waiting]);
    }

    async fn owners_come_and_go(house: &House) {
        let (ada, bob) = (house.person("ada@example.org").await, house.person("bob@example.org").await);
        let asking = by_token(house, &ada, "gallery").await;
        let room = asking.room("Chambre", "Hôtel").await;
        let id = room["id"].as_str().unwrap();
        let place = format!("/rooms/establishments/{}/owners/", room["establishment_id"].as_str().unwrap());
        let invitations = "/rooms/invitations/";
        let accept = format!("/rooms/invitations/{}/accept/", room["establishment_id"].as_str().unwrap());
        // Never with a token: no client decides who owns an organization.
        for (method, path) in [
            (Method::GET, place.as_str()),
            (Method::POST, &place),
            (Method::DELETE, &format!("{place}{}/", ada.email)),
            (Method::GET, invitations),
            (Method::POST, &accept),
            (Method::POST, &accept.replace("accept", "decline")),
        ] {
            let answer = Answer::of(asking.ask(method.clone(), path).json(&json!({ "email": bob.email }))).await;
            assert_eq!((answer.status, answer.text("error")), (401, "sign_in_required"), "{method} {path}");
        }
        let (adas, bobs) = (house.sign_in(&ada).await, house.sign_in(&bob).await);
        let csrf = Answer::of(bobs.plain(Method::POST, &accept)).await;
        assert_eq!((csrf.status, csrf.text("error")), (403, "csrf"));
        let (adas, bobs) = (Asking::Browser(&adas), Asking::Browser(&bobs));
        bobs.get(&place).await.expect_error(404, "not_found");
        bobs.post(&place, &json!({ "email": bob.email })).await.expect_error(404, "not_found");
        bobs.post(&accept, &json!({})).await.expect_error(404, "not_found");
        adas.post(&place, &json!({ "email": "nobody" })).await.expect_error(400, "invalid_email");
        // The answer is the same whether or not somebody has the address.
        let nobody = adas.post(&place, &json!({ "email": "nobody@example.org" })).await.expect(200);
        let somebody = adas.post(&place, &json!({ "email": bob.email.to_uppercase() })).await.expect(200);
        assert_eq!(nobody.body, somebody.body);
        let owners = adas.get(&place).await.expect(200).body;
        let own = json!({ "name": "Grace Garden", "email": ada.email });
        assert_eq!(owners, json!({ "owners": [own], "invited": [bob.email, "nobody@example.org"] }));
        // Being asked changes nothing: what they send under a name of their own stays their own.
        bobs.waits(7).await;
        let bobs_room = bobs.room("Mine", "Hôtel").await;
        assert_ne!(bobs_room["establishment_id"], room["establishment_id"]);
        asking.get(&format!("/rooms/{}/", bobs_room["id"].as_str().unwrap())).await.expect_error(404, "not_found");
        bobs.get(&format!("/rooms/{id}/")).await.expect_error(404, "not_found");
        let asked = bobs.get(invitations).await.expect(200).body;
        assert_eq!(asked["invitations"][0]["id"], room["establishment_id"]);
        bobs.post(&accept, &json!({})).await.expect_error(400, "name_taken");
        let own = format!("/rooms/establishments/{}/", bobs_room["establishment_id"].as_str().unwrap());
        Answer::of(bobs.ask(Method::PUT, &own).json(&json!({ "name": "Bob's" }))).await.expect(200);
        bobs.post(&accept, &json!({})).await.expect(200);
        bobs.post(&accept, &json!({})).await.expect_error(404, "not_found");
        adas.post(&place, &json!({ "email": bob.email })).await.expect_error(400, "owner_already");
        assert!(bobs.images(id).await.is_empty());
        bobs.upload(&format!("/rooms/{id}/upload-image/"), 5).await.expect(201);
        Answer::of(bobs.ask(Method::DELETE, &format!("{place}{}/", ada.email))).await.expect(200);
        asking.get(&format!("/rooms/{id}/")).await.expect_error(404, "not_found");
        Answer::of(adas.ask(Method::DELETE, &format!("{place}{}/", bob.email))).await.expect_error(404, "not_found");
        Answer::of(bobs.ask(Method::DELETE, &format!("{place}{}/", bob.email))).await.expect_error(400, "last_owner");
        let withdrawn = format!("{place}nobody@example.org/");
        Answer::of(bobs.ask(Method::DELETE, &withdrawn)).await.expect(200);
        Answer::of(bobs.ask(Method::DELETE, &withdrawn)).await.expect_error(404, "not_found");
        // And no: asked again, declined.
        bobs.post(&place, &json!({ "email": ada.email })).await.expect(200);
        adas.post(&accept.replace("accept", "decline"), &json!({})).await.expect(200);
        adas.post(&accept, &json!({})).await.expect_error(404, "not_found");
    }

    // A person cannot make more galleries than anybody could look through, or delete.
    async fn galleries_are_counted(house: &House) {
        let person = house.person("ada@example.org").await;
        let session = house.sign_in(&person).await;
        let asking = Asking::Browser(&session);
        for _ in 0..60 {
            asking.room("Chambre", "Hôtel").await;
        }
        let body = json!({ "name": "Chambre", "establishment": "Hôtel" });
        let refused = asking.post("/rooms/", &body).await.expect_error(429, "too_many_requests");
        assert!(refused.headers.contains_key("retry-after"));
        house.store().delete_user(&person.id, 0, house.clock_now()).await.unwrap();
        assert!(house.store().user(&person.id).await.unwrap().is_none());
    }
}
