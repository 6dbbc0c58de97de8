//! Seed 001, CONTRACT §5: its test checklist, field for field, and what it means for the objects.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::{Answer, House, Session, on_both};
use visage::demo::picture;

const UPLOAD: &str = "/api/users/upload-profile-picture/";
const CONFIRM: &str = "/api/users/confirm-profile-picture/";
const HISTORY: &str = "/api/users/profile-picture-uploads/";
const NOT_FOUND: &str = "Enregistrement de téléchargement non trouvé ou déjà confirmé";

fn image(hue: u8) -> Form {
    Form::new().part("image", Part::bytes(picture::png(640, hue)).file_name("new_profile.jpg"))
}

/// Somebody who asks, by a token.
struct Asking<'a> {
    house: &'a House,
    token: String,
}

impl Asking<'_> {
    async fn stage(&self, form: Form) -> Answer {
        Answer::of(self.ask(Method::POST, UPLOAD).multipart(form)).await
    }

    async fn staged(&self, hue: u8) -> Value {
        self.stage(image(hue)).await.expect(201).body
    }

    async fn confirm(&self, id: &Value) -> Answer {
        Answer::of(self.ask(Method::POST, CONFIRM).json(&json!({ "upload_id": id }))).await
    }

    async fn history(&self) -> Vec<Value> {
        let answer = Answer::of(self.ask(Method::GET, HISTORY)).await.expect(200);
        answer.body["uploads"].as_array().unwrap().clone()
    }

    async fn delete(&self, id: &Value) -> Answer {
        Answer::of(self.ask(Method::DELETE, &format!("{HISTORY}{}/", id.as_str().unwrap()))).await
    }

    async fn restore(&self, id: &Value) -> Answer {
        Answer::of(self.ask(Method::POST, &format!("{HISTORY}{}/restore/", id.as_str().unwrap()))).await
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.house.http.request(method, self.house.url(path));
        request.bearer_auth(&self.token).header("accept-language", "fr")
    }
}

async fn asking<'a>(house: &'a House, email: &str, client: &str) -> Asking<'a> {
    let person = house.person(email).await;
    let app = house.app(client).await;
    let tokens = app.tokens(&person, "openid profile").await;
    Asking { house, token: tokens["access_token"].as_str().unwrap().to_owned() }
}

async fn picture_of(who: &Asking<'_>) -> String {
    Answer::of(who.ask(Method::GET, "/api/auth/userinfo")).await.expect(200).text("picture").to_owned()
}

async fn get(house: &House, url: &Value) -> reqwest::Response {
    house.http.get(url.as_str().unwrap()).send().await.unwrap()
}

/// The objects on the disk.
fn objects(house: &House) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        let entries = entries.map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&house.photos_dir().join("profile-photos"))
}

/// Until as many are left: the queue runs by itself, on the house's own clock.
async fn settles_at(house: &House, left: usize) {
    house.advance(20);
    for _ in 0..200 {
        if objects(house) == left {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(objects(house), left);
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

on_both! {
    /// "Upload Workflow", S128, S129, S130, F9.
    async fn the_upload_workflow(house: &House) {
        let who = asking(house, "grace@example.org", "uploading").await;
        let before = picture_of(&who).await;
        // 2, 3. The file is uploaded, the record says that it is not confirmed.
        let answer = who.stage(image(1)).await.expect(201);
        let upload = answer.body.clone();
        assert_eq!(
            keys(&upload),
            BTreeSet::from(["id", "preview_url", "uploaded_at", "original_filename", "is_confirmed", "confirmed_at"])
        );
        assert_eq!((&upload["is_confirmed"], &upload["confirmed_at"]), (&json!(false), &Value::Null));
        assert_eq!(upload["original_filename"], "new_profile.jpg");
        assert!(upload["id"].is_string() && upload["uploaded_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(answer.headers["location"], house.url(&format!("{HISTORY}{}/", upload["id"].as_str().unwrap())));
        assert_eq!(picture_of(&who).await, before, "it is not shown before it is confirmed");
        // The preview is for whoever has its address, in every size.
        let preview = get(house, &upload["preview_url"]).await;
        assert_eq!((preview.status().as_u16(), &preview.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
        assert_eq!(preview.headers()["content-type"], "image/jpeg");
        let whole = image::load_from_memory(&preview.bytes().await.unwrap()).unwrap();
        let small = format!("{}?size=90", upload["preview_url"].as_str().unwrap());
        let small = get(house, &json!(small)).await.bytes().await.unwrap();
        assert_eq!((whole.width(), image::load_from_memory(&small).unwrap().width()), (512, 96));
        let key = house.store().picture(upload["id"].as_str().unwrap()).await.unwrap().unwrap().key_base;
        let guessed = house.http.get(house.url(&format!("/media/{key}.jpg"))).send().await.unwrap();
        assert_eq!(guessed.status(), 404, "the key alone does not do");
        // 4 to 8.
        let confirmed = who.confirm(&upload["id"]).await.expect(200).body;
        assert_eq!((&confirmed["success"], &confirmed["is_confirmed"]), (&json!(true), &json!(true)));
        assert_eq!(confirmed["message"], "Photo de profil mise à jour");
        assert_eq!((&confirmed["id"], &confirmed["uploaded_at"]), (&upload["id"], &upload["uploaded_at"]));
        assert!(confirmed["confirmed_at"].is_string());
        let now = picture_of(&who).await;
        assert_eq!(confirmed["picture"], json!(now));
        assert_ne!(now, before);
        assert_eq!(get(house, &json!(now)).await.status(), 200);
        let history = who.history().await;
        assert_eq!((history.len(), &history[0]["state"]), (1, &json!("current")));
        assert_eq!((&history[0]["is_confirmed"], &history[0]["picture"]), (&json!(true), &json!(now)));
        assert_eq!(history[0]["picture_variants"].as_object().unwrap().len(), 4);
        assert_eq!(get(house, &upload["preview_url"]).await.status(), 200, "the page that shows it may stay open");
        house.advance(3601);
        assert_eq!(get(house, &upload["preview_url"]).await.status(), 404, "for an hour");
    }

    /// "Error Handling", S126, S127.
    async fn the_error_handling(house: &House) {
        let who = asking(house, "grace@example.org", "uploading").await;
        for form in [Form::new().text("other", "x"), Form::new().part("photo", Part::bytes(picture::png(64, 1)))] {
            let missing = who.stage(form).await.expect(400);
            assert_eq!(missing.text("message"), "Aucune image fournie");
        }
        let wrong = who.stage(Form::new().part("image", Part::bytes(b"%PDF-1.7".to_vec()).file_name("a.jpg"))).await;
        assert!(wrong.clone().expect(400).text("message").len() > 10 && wrong.body["success"] == false);
        for id in [json!("unknown"), json!(999_999), json!("a'; --")] {
            let unknown = who.confirm(&id).await.expect(404);
            assert_eq!(unknown.text("message"), NOT_FOUND);
        }
        Answer::of(who.ask(Method::POST, CONFIRM).json(&json!({}))).await.expect(400);
        Answer::of(who.ask(Method::POST, CONFIRM).body("{")).await.expect(400);
        let id = who.staged(1).await["id"].clone();
        who.confirm(&id).await.expect(200);
        let picture = picture_of(&who).await;
        let again = who.confirm(&id).await.expect(404);
        assert_eq!(again.text("message"), NOT_FOUND);
        assert_eq!(picture_of(&who).await, picture, "nothing changed");
        assert!(who.history().await[0]["is_confirmed"] == true, "F9: the history says so");
        let english = house.http.post(house.url(CONFIRM)).bearer_auth(&who.token).form(&[("upload_id", "unknown")]);
        let english = Answer::of(english).await.expect(404);
        assert!(english.text("message").is_ascii() && !english.text("message").is_empty(), "{}", english.text("message"));
    }

    /// "Security Testing", S124, S127, S128.
    async fn the_security_testing(house: &House) {
        let who = asking(house, "grace@example.org", "uploading").await;
        let other = asking(house, "hedy@example.org", "another").await;
        let nobody = Answer::of(house.http.post(house.url(UPLOAD)).multipart(image(1))).await.expect(401);
        assert!(nobody.body["success"] == false, "{:#}", nobody.body);
        for (method, path) in [(Method::POST, CONFIRM), (Method::GET, HISTORY)] {
            Answer::of(house.http.request(method, house.url(path)).json(&json!({ "upload_id": "x" }))).await.expect(401);
        }
        let upload = who.staged(1).await;
        let id = &upload["id"];
        assert_eq!(other.confirm(id).await.expect(404).text("message"), NOT_FOUND);
        other.delete(id).await.expect(404);
        other.restore(id).await.expect(404);
        let place = format!("{HISTORY}{}", id.as_str().unwrap());
        Answer::of(other.ask(Method::GET, &place)).await.expect(404);
        Answer::of(other.ask(Method::PUT, &place).json(&json!({ "alt_text": "x" }))).await.expect(404);
        assert!(other.history().await.is_empty());
        // A capability with another end, or for another picture, is none.
        let url = upload["preview_url"].as_str().unwrap();
        let last = if url.ends_with('A') { "B" } else { "A" };
        for forged in [format!("{}{last}", &url[..url.len() - 1]), url.replacen('.', ".1", 2), format!("{url}.x")] {
            assert_eq!(get(house, &json!(forged)).await.status(), 404, "{forged}");
        }
        who.confirm(id).await.expect(200);
        // A gallery's waiting picture is no profile photo.
        let narrow = house.app("narrow").await;
        let person = house.person("ida@example.org").await;
        let tokens = narrow.tokens(&person, "openid email").await;
        let narrow = Asking { house, token: tokens["access_token"].as_str().unwrap().to_owned() };
        narrow.stage(image(2)).await.expect_error(403, "insufficient_scope");
        narrow.confirm(id).await.expect_error(403, "insufficient_scope");
    }

    /// A client sees and changes what it sent itself, and sees the photo that everybody sees; the browser has it all.
    async fn each_client_its_own(house: &House) {
        let person = house.person("grace@example.org").await;
        let mut clients = Vec::new();
        for name in ["one", "two"] {
            let tokens = house.app(name).await.tokens(&person, "openid profile").await;
            clients.push(Asking { house, token: tokens["access_token"].as_str().unwrap().to_owned() });
        }
        let (one, two) = (&clients[0], &clients[1]);
        let id = one.staged(1).await["id"].clone();
        assert!(two.history().await.is_empty());
        assert_eq!(two.confirm(&id).await.expect(404).text("message"), NOT_FOUND);
        two.delete(&id).await.expect(404);
        let session = house.sign_in(&person).await;
        let all = Answer::of(session.plain(Method::GET, HISTORY)).await.expect(200);
        assert_eq!((&all.body["uploads"][0]["id"], &all.body["uploads"][0]["state"]), (&id, &json!("pending")));
        one.confirm(&id).await.expect(200);
        assert_eq!(two.history().await[0]["state"], "current");
        let place = format!("{HISTORY}{}", id.as_str().unwrap());
        let described = two.ask(Method::PUT, &place).json(&json!({ "alt_text": "x" }));
        Answer::of(described).await.expect(200);
        house.advance(1);
        let next = two.staged(2).await["id"].clone();
        two.confirm(&next).await.expect(200);
        assert_eq!(two.history().await.len(), 1, "what the other sent is history");
        let own = tests::personal::token_of(&house.issuer, &person, &["profile"]).await;
        assert_eq!(Asking { house, token: own }.history().await.len(), 2, "a token of the person's own sees it all");
    }

    /// A browser's session, with its CSRF token before the file, after it, or in the header; and never without.
    async fn with_a_session(house: &House) {
        let person = house.person("grace@example.org").await;
        let session: Session = house.sign_in(&person).await;
        let plain = || session.plain(Method::POST, UPLOAD);
        for forged in [image(1), image(1).text("csrf", "x".repeat(43)), image(1).text("csrfmiddlewaretoken", "")] {
            Answer::of(plain().multipart(forged)).await.expect_error(403, "csrf");
        }
        let before = Form::new().text("csrf", session.csrf.clone());
        let before = before.part("image", Part::bytes(picture::png(300, 1)).file_name("a.png"));
        let after = image(2).text("csrfmiddlewaretoken", session.csrf.clone());
        Answer::of(plain().multipart(before)).await.expect(201);
        Answer::of(plain().multipart(after)).await.expect(201);
        house.advance(1);
        let sent = session.request(Method::POST, UPLOAD).multipart(image(3).text("alt_text", " Grace,\nsmiling "));
        let id = Answer::of(sent).await.expect(201).body["id"].clone();
        let body = json!({ "upload_id": id });
        Answer::of(session.plain(Method::POST, CONFIRM).json(&body)).await.expect_error(403, "csrf");
        let form = [("upload_id", id.as_str().unwrap()), ("csrf", &session.csrf)];
        Answer::of(session.plain(Method::POST, CONFIRM).form(&form)).await.expect(200);
        let history = Answer::of(session.plain(Method::GET, HISTORY)).await.expect(200);
        assert_eq!(history.body["uploads"][0]["alt_text"], "Grace, smiling");
        let place = format!("{HISTORY}{}/", id.as_str().unwrap());
        Answer::of(session.plain(Method::PUT, &place).json(&json!({ "alt_text": "x" }))).await.expect(403);
        let put = session.request(Method::PUT, &place);
        let changed = Answer::of(put.json(&json!({ "alt_text": "Grace Garden" }))).await.expect(200);
        assert_eq!((changed.text("alt_text"), changed.text("state")), ("Grace Garden", "current"));
        let long = session.request(Method::PUT, &place).json(&json!({ "alt_text": "é".repeat(501) }));
        Answer::of(long).await.expect_error(400, "alt_text_too_long");
    }

    /// At most five wait, the oldest gives way; what is discarded is gone, preview and objects.
    async fn five_wait(house: &House) {
        let who = asking(house, "grace@example.org", "uploading").await;
        let mut uploads = Vec::new();
        for hue in 0..7 {
            house.advance(1);
            uploads.push(who.staged(hue).await);
        }
        let history = who.history().await;
        let states: Vec<&str> = history.iter().map(|entry| entry["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["pending", "pending", "pending", "pending", "pending", "discarded", "discarded"]);
        assert_eq!(history[0]["id"], uploads[6]["id"], "newest first");
        who.confirm(&uploads[0]["id"]).await.expect(404);
        assert_eq!(get(house, &uploads[0]["preview_url"]).await.status(), 404);
        who.delete(&uploads[3]["id"]).await.expect(200);
        who.delete(&uploads[3]["id"]).await.expect(404);
        who.confirm(&uploads[3]["id"]).await.expect(404);
        assert_eq!(get(house, &uploads[3]["preview_url"]).await.status(), 404);
        settles_at(house, 4 * 4).await;
        // No upload in one step counts.
        let app = house.app("second").await;
        let person = tests::Person { id: String::new(), email: "grace@example.org".into(), password: "correct horse battery staple".into() };
        let tokens = app.tokens(&person, "openid profile").await;
        app.upload(tokens["access_token"].as_str().unwrap(), picture::png(300, 9)).await.expect(200);
        assert_eq!(who.history().await.iter().filter(|entry| entry["state"] == "pending").count(), 4);
        settles_at(house, 5 * 4).await;
    }

    /// The description goes along with every upload, or the upload is refused.
    async fn described_in_one_step(house: &House) {
        let who = asking(house, "grace@example.org", "uploading").await;
        for (path, field) in [("/api/auth/profile/photo", "photo"), ("/api/auth/upload-photo/", "profile_picture")] {
            house.advance(1);
            let form = |text: String| {
                let file = Part::bytes(picture::png(300, 3)).file_name("a.png");
                Form::new().part(field, file).text("alt_text", text)
            };
            let long = who.ask(Method::POST, path).multipart(form("x".repeat(501)));
            Answer::of(long).await.expect_error(400, "alt_text_too_long");
            Answer::of(who.ask(Method::POST, path).multipart(form(format!("By {field}")))).await.expect(200);
            let newest = who.history().await[0].clone();
            assert_eq!((&newest["alt_text"], &newest["state"]), (&json!(format!("By {field}")), &json!("current")));
        }
    }

    /// Of twenty confirmations at once one is applied, whoever asks.
    async fn twenty_confirm_at_once(house: &House) {
        let who = asking(house, "grace@example.org", "uploading").await;
        let id = who.staged(1).await["id"].clone();
        let all = futures_util::future::join_all((0..20).map(|_| who.confirm(&id))).await;
        let applied = all.iter().filter(|answer| answer.status == 200).count();
        assert_eq!((applied, all.iter().filter(|answer| answer.status == 404).count()), (1, 19));
        assert_eq!(get(house, &json!(picture_of(&who).await)).await.status(), 200);
        settles_at(house, 4).await;
    }
}

/// `photos.keep_versions`: the last few stay for their owner, and can be restored; lowering it takes them away.
mod going_back {
    use super::*;
    use tests::Engine;

    async fn both(test: impl AsyncFn(&House)) {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let house = House::with(engine, &[("photos.keep_versions", "2")]).await;
            test(&house).await;
            house.stop().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn to_an_earlier_photo() {
        both(async |house| {
            let who = asking(house, "grace@example.org", "uploading").await;
            let mut photos = Vec::new();
            for hue in 0..4 {
                house.advance(1);
                let id = who.staged(hue).await["id"].clone();
                photos.push(who.confirm(&id).await.expect(200).body);
            }
            settles_at(house, 3 * 4).await;
            let states =
                |history: Vec<Value>| history.iter().map(|entry| entry["state"].clone()).collect::<Vec<_>>();
            assert_eq!(states(who.history().await), ["current", "kept", "kept", "replaced"]);
            let kept = &who.history().await[2];
            assert_eq!((&kept["id"], &kept["picture"]), (&photos[1]["id"], &Value::Null));
            assert_eq!(
                get(house, &photos[1]["picture"]).await.status(),
                404,
                "CONTRACT §8: any other key is 404"
            );
            assert_eq!(get(house, &kept["preview_url"]).await.status(), 200, "its owner sees it");

            let back = who.restore(&photos[1]["id"]).await.expect(200).body;
            assert_eq!(
                (&back["picture"], &back["confirmed_at"]),
                (&photos[1]["picture"], &photos[1]["confirmed_at"])
            );
            assert_eq!(picture_of(&who).await, photos[1]["picture"]);
            assert_eq!(get(house, &photos[1]["picture"]).await.status(), 200);
            who.restore(&photos[1]["id"]).await.expect(404);
            who.restore(&photos[0]["id"]).await.expect(404);
            assert_eq!(states(who.history().await), ["kept", "kept", "current", "replaced"]);

            // Removing is for good; what was kept stays until it is discarded.
            Answer::of(who.ask(Method::DELETE, "/api/auth/profile/photo")).await.expect(200);
            who.restore(&photos[1]["id"]).await.expect(404);
            settles_at(house, 2 * 4).await;
            who.delete(&photos[2]["id"]).await.expect(200);
            who.restore(&photos[2]["id"]).await.expect(404);
            settles_at(house, 4).await;
            who.restore(&photos[3]["id"]).await.expect(200);
            assert_eq!(picture_of(&who).await, photos[3]["picture"]);
        })
        .await;
    }
}
