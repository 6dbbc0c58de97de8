//! `/api/openapi.json`: it names every route that is mounted and no other, and each of its examples looks like what the
//! running server answers.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{Answer, App, Engine, House, Person, on_both};
use visage::demo::picture;
use web::Class;

async fn document(house: &House) -> Value {
    Answer::of(house.http.get(house.url("/api/openapi.json"))).await.expect(200).body
}

/// Every path that a room may mount: the constants of `web::paths`, as it is written.
fn paths() -> BTreeSet<String> {
    let source = include_str!("../../../crates/web/src/paths.rs");
    let constants = source.lines().filter_map(|line| line.strip_prefix("pub const "));
    let paths = constants.filter_map(|line| Some(line.split('"').nth(1)?.to_owned()));
    paths.filter(|path| Class::of(path) == Class::Api && path != web::paths::OPENAPI).collect()
}

/// No room mounts an API path under a name that is not in `web::paths`.
#[test]
fn paths_have_names() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"))];
    let mut literal = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.components().any(|part| part.as_os_str() == "src")
                && path.extension().is_some_and(|end| end == "rs")
            {
                let source = std::fs::read_to_string(&path).unwrap();
                let mounted = source.split("Endpoint::at(\"").skip(1);
                literal.extend(mounted.filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
            }
        }
    }
    literal.retain(|path| Class::of(path) == Class::Api);
    assert_eq!(literal, Vec::<String>::new(), "give them a name in web::paths");
    assert!(paths().len() > 20, "{:?}", paths());
}

on_both! {
    /// A route says its methods itself: whatever else is asked is answered 405 with `Allow`.
    async fn it_names_every_route(house: &House) {
        let document = document(house).await;
        let mut described = BTreeMap::new();
        let paths_of_api = document["paths"].as_object().unwrap().iter().filter(|(path, _)| Class::of(path) == Class::Api);
        for (path, operations) in paths_of_api {
            let methods = operations.as_object().unwrap().keys().map(|method| method.to_uppercase());
            described.insert(path.clone(), methods.collect::<BTreeSet<_>>());
        }
        let mut mounted = BTreeMap::new();
        for path in paths() {
            let answer = Answer::of(house.http.patch(house.url(&path.replace(['{', '}'], "")))).await;
            // Reserved, with nothing behind it yet.
            if answer.status == 404 {
                continue;
            }
            assert_eq!(answer.status, 405, "PATCH {path}");
            let allow = answer.headers["allow"].to_str().unwrap();
            let methods = allow.split(", ").filter(|method| *method != "HEAD").map(str::to_owned);
            mounted.insert(path, methods.collect::<BTreeSet<_>>());
        }
        assert_eq!(described, mounted);
    }

    async fn nobody_is_refused_as_it_says(house: &House) {
        let document = document(house).await;
        assert_eq!(document["servers"][0]["url"], house.issuer);
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                if operation["security"] == json!([]) {
                    continue;
                }
                let method: Method = method.to_uppercase().parse().unwrap();
                let answer = Answer::of(house.http.request(method.clone(), house.url(path))).await;
                assert_eq!(answer.status, 401, "{method} {path} without a token: {:#}", answer.body);
                assert!(operation["responses"].get("401").is_some(), "{method} {path}");
                // CONTRACT §4: the body of every error.
                assert_eq!(answer.body["success"], false, "{method} {path}: {:#}", answer.body);
                assert!(answer.body["error"].is_string() && answer.body["message"].is_string());
                let by_token = operation["security"].to_string().contains("bearer");
                assert!(!by_token || answer.headers.contains_key("www-authenticate"), "{method} {path}");
            }
        }
        let french = house.http.get(house.url("/api/auth/profile")).header("accept-language", "fr");
        let english = house.http.get(house.url("/api/auth/profile")).header("accept-language", "en");
        assert_ne!(Answer::of(french).await.text("message"), Answer::of(english).await.text("message"));
    }
}

/// Compares answers with the document, and remembers which operations it has seen.
struct Described {
    document: Value,
    seen: BTreeSet<String>,
}

impl Described {
    fn operation(&self, id: &str) -> &Value {
        let paths = self.document["paths"].as_object().unwrap();
        let mut all = paths.values().flat_map(|methods| methods.as_object().unwrap().values());
        all.find(|operation| operation["operationId"] == id).unwrap_or_else(|| panic!("no operation {id}"))
    }

    fn schema(&self, name: &str) -> &Value {
        &self.document["components"]["schemas"][name]
    }

    /// The answer is one that the operation names, and as its schema and its example say.
    fn answer(&mut self, id: &str, answer: &Answer) {
        let responses = &self.operation(id)["responses"];
        let named = &responses[answer.status.to_string()];
        assert!(named.is_object(), "{id} does not name {}: {:#}", answer.status, answer.body);
        if named.get("$ref").is_some() {
            return fits("Error", &answer.body, self.schema("Error"));
        }
        let content = &named["content"]["application/json"];
        let name = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        fits(id, &answer.body, self.schema(name));
        fits(id, &content["example"], self.schema(name));
        self.seen.insert(id.to_owned());
    }

    /// The example of what is sent.
    fn sent(&self, id: &str) -> Value {
        let content = &self.operation(id)["requestBody"]["content"]["application/json"];
        let name = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        fits(id, &content["example"], self.schema(name));
        content["example"].clone()
    }
}

/// Nothing is there that the schema does not name, nothing is missing that it requires, and types are as it says.
fn fits(at: &str, value: &Value, schema: &Value) {
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => vec![kind.as_str().unwrap_or_else(|| panic!("{at}: no type: {schema}"))],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.contains(&kind), "{at} is {value}, not {kinds:?}");
    if let Some(only) = schema.get("const") {
        assert_eq!(value, only, "{at}");
    }
    if schema["format"] == "date-time" && value.is_string() {
        assert!(value.as_str().unwrap().ends_with('Z'), "{at}: {value}");
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| fits(&format!("{at}[]"), item, &schema["items"])),
        Value::Object(members) => {
            for (name, member) in members {
                let named = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                fits(
                    &format!("{at}.{name}"),
                    member,
                    named.unwrap_or_else(|| panic!("{at} does not name `{name}`")),
                );
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(name.as_str().unwrap()), "{at} lacks {name}: {value:#}");
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_answers_are_as_described_on_sqlite() {
    real_answers_are_as_described(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_answers_are_as_described_on_postgres() {
    real_answers_are_as_described(Engine::Postgres).await;
}

async fn real_answers_are_as_described(engine: Engine) {
    let house = &House::with(engine, &[("photos.keep_versions", "2")]).await;
    let mut described = Described { document: document(house).await, seen: BTreeSet::new() };
    let person = house.person_with("full@example.org", &everything()).await;
    let app = house.app("describing").await;
    let token = app.tokens(&person, "openid profile email phone address galleries").await;
    let token = token["access_token"].as_str().unwrap();
    profile(house, &mut described, &app, token).await;
    token_api(house, &mut described, token).await;
    staged(house, &mut described, token).await;
    let gallery = galleries(house, &mut described, token).await;
    owners(house, &mut described, &person, &gallery).await;
    admin(house, &mut described, &person, token).await;

    let all: BTreeSet<String> = described.document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        // What answers with bytes.
        .filter(|operation| {
            operation["responses"]
                .as_object()
                .unwrap()
                .values()
                .any(|one| one["content"].get("application/json").is_some())
        })
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(described.seen, all, "an operation that this test never calls");
}

fn everything() -> Value {
    json!({
        "given_name": "Grace", "family_name": "Garden", "middle_name": "B", "nickname": "G", "preferred_username": "grace",
        "profile": "https://grace.example/", "website": "https://grace.example/", "gender": "female",
        "birthdate": "1990-01-01", "zoneinfo": "Europe/Paris", "locale": "fr", "phone_number": "+33123456789",
        "phone_number_verified": true, "email_verified": true,
        "address": { "formatted": "1 rue X", "street_address": "1 rue X", "locality": "Lyon", "region": "R",
                     "postal_code": "69001", "country": "France" },
    })
}

/// A request with the token.
fn ask(house: &House, token: &str, method: Method, path: &str) -> RequestBuilder {
    house.http.request(method, house.url(path)).bearer_auth(token)
}

async fn profile(house: &House, described: &mut Described, app: &App, token: &str) {
    let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
    let userinfo = web::paths::USERINFO;
    let photo = app.upload(token, picture::png(64, 0)).await.expect(200);
    described.answer("changePhoto", &photo);
    described.answer("userinfo", &Answer::of(ask(house, token, get.clone(), userinfo)).await);
    described.answer("userinfoByPost", &Answer::of(ask(house, token, post.clone(), userinfo)).await);
    described.answer("profile", &Answer::of(ask(house, token, get, web::paths::PROFILE)).await);
    let change = |body: &Value| ask(house, token, put.clone(), web::paths::PROFILE).json(body);
    described.answer("changeProfile", &Answer::of(change(&described.sent("changeProfile"))).await);
    for refused in [json!({ "locale": 5 }), json!({ "given_name": "x".repeat(1 << 20) })] {
        described.answer("changeProfile", &Answer::of(change(&refused)).await);
    }
    described.answer("changePhoto", &app.upload(token, b"no picture".to_vec()).await.expect(400));
    let by_address = ask(house, token, post, web::paths::PROFILE_PHOTO).json(&described.sent("changePhoto"));
    described.answer("changePhoto", &Answer::of(by_address).await.expect_error(400, "photo_import_disabled"));
    let removed = Answer::of(ask(house, token, delete, web::paths::PROFILE_PHOTO)).await;
    described.answer("removePhoto", &removed);
}

fn form(field: &'static str, side: u32) -> reqwest::multipart::Form {
    let part = reqwest::multipart::Part::bytes(picture::png(side, 9)).file_name("me.png");
    reqwest::multipart::Form::new().part(field, part)
}

async fn token_api(house: &House, described: &mut Described, token: &str) {
    let ask = |method, path| {
        house.http.request(method, house.url(path)).header("authorization", format!("Token {token}"))
    };
    let upload = ask(Method::POST, web::paths::UPLOAD_PHOTO).multipart(form("profile_picture", 100));
    described.answer("tokenUploadPhoto", &Answer::of(upload).await);
    described.answer("tokenProfile", &Answer::of(ask(Method::GET, web::paths::USER_PROFILE)).await);
    let change = ask(Method::PUT, web::paths::USER_PROFILE).json(&described.sent("tokenChangeProfile"));
    described.answer("tokenChangeProfile", &Answer::of(change).await);
}

async fn staged(house: &House, described: &mut Described, token: &str) {
    let ask = |method, path: &str| ask(house, token, method, path);
    let one = |path: &str, upload: &str| path.replace("{upload}", upload);
    let mut uploads = Vec::new();
    for side in [100, 110, 120] {
        let upload =
            Answer::of(ask(Method::POST, web::paths::STAGE_PICTURE).multipart(form("image", side))).await;
        described.answer("stageUpload", &upload);
        uploads.push(upload.text("id").to_owned());
    }
    for upload in &uploads[..2] {
        let mut confirmation = described.sent("confirmUpload");
        confirmation["upload_id"] = json!(upload);
        // Whatever is kept of one moment is kept by chance.
        house.advance(1);
        let confirmed = Answer::of(ask(Method::POST, web::paths::CONFIRM_PICTURE).json(&confirmation)).await;
        described.answer("confirmUpload", &confirmed);
    }
    let unknown = ask(Method::POST, web::paths::CONFIRM_PICTURE).json(&described.sent("confirmUpload"));
    described.answer("confirmUpload", &Answer::of(unknown).await.expect(404));
    let discard = Answer::of(ask(Method::DELETE, &one(web::paths::PICTURE_UPLOAD, &uploads[2]))).await;
    described.answer("discardUpload", &discard);
    let restore = Answer::of(ask(Method::POST, &one(web::paths::RESTORE_PICTURE, &uploads[0]))).await;
    described.answer("restoreUpload", &restore);
    let path = one(web::paths::PICTURE_UPLOAD, &uploads[0]);
    let describe = ask(Method::PUT, &path).json(&described.sent("describeUpload"));
    described.answer("describeUpload", &Answer::of(describe).await);
    described.answer("upload", &Answer::of(ask(Method::GET, &path)).await);
    described.answer("uploads", &Answer::of(ask(Method::GET, web::paths::PICTURE_UPLOADS)).await);
}

/// The id of an organization.
async fn galleries(house: &House, described: &mut Described, token: &str) -> String {
    use web::paths;
    let ask = |method, path: &str| ask(house, token, method, path);
    let one = |path: &str, name: &str, id: &str| path.replace(name, id);
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let upload = ask(Method::POST, paths::ROOMS_UPLOAD_WAITING).multipart(form("image", 400));
        let upload = Answer::of(upload).await;
        described.answer("uploadWaitingImage", &upload);
        waiting.push(upload.text("id").to_owned());
    }
    described.answer("waitingImages", &Answer::of(ask(Method::GET, paths::ROOMS_WAITING)).await);
    let delete = one(paths::ROOMS_DELETE_WAITING, "{image}", &waiting[0]);
    described.answer("deleteWaitingImage", &Answer::of(ask(Method::POST, &delete)).await);
    let mut gallery = described.sent("createGallery");
    gallery.as_object_mut().unwrap().remove("establishment_id");
    let made = Answer::of(ask(Method::POST, paths::ROOMS).json(&gallery)).await;
    described.answer("createGallery", &made);
    let room = |path: &str| one(path, "{room}", made.text("id"));
    let added = ask(Method::POST, &room(paths::ROOM_UPLOAD)).multipart(form("image", 500));
    let added = Answer::of(added).await;
    described.answer("uploadImage", &added);
    let order = json!({ "order": [added.text("id"), waiting[1]] });
    assert_eq!(described.sent("reorderImages")["order"].as_array().unwrap().len(), 2);
    let ordered = Answer::of(ask(Method::POST, &room(paths::ROOM_REORDER)).json(&order)).await;
    described.answer("reorderImages", &ordered);
    assert_eq!(ordered.body["images"][0]["id"], added.text("id"));
    let caption = one(&room(paths::ROOM_CAPTION), "{image}", added.text("id"));
    let captioned = ask(Method::POST, &caption).json(&described.sent("captionImage"));
    described.answer("captionImage", &Answer::of(captioned).await);
    described.answer("gallery", &Answer::of(ask(Method::GET, &room(paths::ROOM))).await);
    let renamed = ask(Method::PUT, &room(paths::ROOM)).json(&described.sent("renameGallery"));
    described.answer("renameGallery", &Answer::of(renamed).await);
    described.answer("galleries", &Answer::of(ask(Method::GET, paths::ROOMS)).await);
    let delete = one(&room(paths::ROOM_DELETE), "{image}", added.text("id"));
    described.answer("deleteImage", &Answer::of(ask(Method::POST, &delete)).await);
    described.answer("deleteGallery", &Answer::of(ask(Method::DELETE, &room(paths::ROOM))).await);
    described.answer("gallery", &Answer::of(ask(Method::GET, &room(paths::ROOM))).await.expect(404));

    let establishments = Answer::of(ask(Method::GET, paths::ESTABLISHMENTS)).await;
    described.answer("establishments", &establishments);
    let id = establishments.body["establishments"][0]["id"].as_str().unwrap().to_owned();
    let path = one(paths::ESTABLISHMENT, "{establishment}", &id);
    let rename = ask(Method::PUT, &path).json(&described.sent("renameEstablishment"));
    described.answer("renameEstablishment", &Answer::of(rename).await);
    id
}

async fn owners(house: &House, described: &mut Described, person: &Person, establishment: &str) {
    use web::paths;
    let session = house.sign_in(person).await;
    let (ada, bob) = (house.person("ada@example.org").await, house.person("bob@example.org").await);
    let path = |path: &str| path.replace("{establishment}", establishment);
    for person in [&ada, &bob] {
        let mut invitation = described.sent("inviteOwner");
        invitation["email"] = json!(person.email);
        let invite = session.request(Method::POST, &path(paths::ESTABLISHMENT_OWNERS)).json(&invitation);
        described.answer("inviteOwner", &Answer::of(invite).await);
    }
    let (ada, bob) = (house.sign_in(&ada).await, house.sign_in(&bob).await);
    described.answer("invitations", &Answer::of(ada.request(Method::GET, paths::INVITATIONS)).await);
    let owners = session.request(Method::GET, &path(paths::ESTABLISHMENT_OWNERS));
    described.answer("owners", &Answer::of(owners).await);
    let accept = ada.request(Method::POST, &path(paths::INVITATION_ACCEPT));
    described.answer("acceptInvitation", &Answer::of(accept).await);
    let decline = bob.request(Method::POST, &path(paths::INVITATION_DECLINE));
    described.answer("declineInvitation", &Answer::of(decline).await);
    let remove = path(paths::ESTABLISHMENT_OWNER).replace("{owner}", "ada@example.org");
    described.answer("removeOwner", &Answer::of(session.request(Method::DELETE, &remove)).await);
    let delete = session.request(Method::DELETE, &path(paths::ESTABLISHMENT));
    described.answer("deleteEstablishment", &Answer::of(delete).await);
}

async fn admin(house: &House, described: &mut Described, person: &Person, token: &str) {
    use web::paths;
    let admin = super::admin_photos::administrator(house).await;
    let get = |path: &str| admin.request(Method::GET, path);
    let uploads = Answer::of(get(&format!("{}?state=current&limit=1", paths::ADMIN_PHOTOS))).await;
    described.answer("adminUploads", &uploads);
    let id = uploads.body["uploads"][0]["id"].as_str().unwrap();
    let upload = |path: &str| path.replace("{photo}", id);
    let image = get(&upload(paths::ADMIN_PHOTO_IMAGE)).send().await.unwrap();
    assert_eq!(image.headers()["content-type"], "image/jpeg");
    assert!(described.operation("adminUploadImage")["responses"]["200"]["content"]["image/jpeg"].is_object());

    let block = paths::ADMIN_PHOTO_BLOCK.replace("{person}", &person.id);
    let reason = described.sent("adminBlockPerson");
    described.answer("adminBlockPerson", &Answer::of(admin.request(Method::PUT, &block).json(&reason)).await);
    described.answer("adminBlock", &Answer::of(get(&block)).await);
    described.answer("adminBlocks", &Answer::of(get(paths::ADMIN_PHOTO_BLOCKS)).await);
    described.answer("adminUpload", &Answer::of(get(&upload(paths::ADMIN_PHOTO))).await);
    let blocked = ask(house, token, Method::POST, paths::PROFILE_PHOTO).multipart(form("photo", 64));
    described.answer("changePhoto", &Answer::of(blocked).await.expect(403));
    described.answer("adminUnblockPerson", &Answer::of(admin.request(Method::DELETE, &block)).await);
    let remove = admin.request(Method::POST, &upload(paths::ADMIN_PHOTO_REMOVE)).json(&reason);
    described.answer("adminRemovePhoto", &Answer::of(remove).await);
    described.answer("adminUploads", &Answer::of(get(paths::ADMIN_PHOTOS)).await);
    described.answer("adminPhotoStatistics", &Answer::of(get(paths::ADMIN_PHOTO_STATISTICS)).await);
}
