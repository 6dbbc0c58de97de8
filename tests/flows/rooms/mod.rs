//! `/rooms/…`: seed 002, CONTRACT §7. Every endpoint and every body of the seed, by token and by session; who may do
//! what; races; what is left behind.

mod journey;
mod owners;
mod races;
mod upkeep;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{Answer, House, Person, Session};
use visage::demo::picture;

const TEMP: &str = "/rooms/upload-image-temp/";
const WAITING: &str = "/rooms/list-image-temp/";

/// Somebody who asks: a client with a token, or a browser with its session.
enum Asking<'a> {
    Token(&'a House, String),
    Browser(&'a Session),
}

impl Asking<'_> {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        match self {
            Self::Token(house, token) => house.http.request(method, house.url(path)).bearer_auth(token),
            Self::Browser(session) => session.request(method, path),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::of(self.ask(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.ask(Method::POST, path).json(body)).await
    }

    async fn upload(&self, path: &str, hue: u8) -> Answer {
        Answer::of(self.ask(Method::POST, path).multipart(image(hue))).await
    }

    /// The id of a picture that waits from now on.
    async fn waits(&self, hue: u8) -> String {
        self.upload(TEMP, hue).await.expect(201).text("id").to_owned()
    }

    async fn waiting(&self) -> Vec<String> {
        ids(&self.get(WAITING).await.expect(200).body)
    }

    async fn room(&self, name: &str, establishment: &str) -> Value {
        let body = json!({ "name": name, "establishment": establishment });
        self.post("/rooms/", &body).await.expect(201).body
    }

    async fn images(&self, room: &str) -> Vec<String> {
        ids(&self.get(&format!("/rooms/{room}/")).await.expect(200).body)
    }
}

fn image(hue: u8) -> Form {
    Form::new().part("image", Part::bytes(picture::png(340, hue)).file_name("chambre.png"))
}

fn ids(body: &Value) -> Vec<String> {
    body["images"].as_array().unwrap().iter().map(|image| image["id"].as_str().unwrap().to_owned()).collect()
}

async fn by_token<'a>(house: &'a House, person: &Person, client: &str) -> Asking<'a> {
    let app = house.app(client).await;
    let tokens = app.tokens(person, "openid galleries").await;
    Asking::Token(house, tokens["access_token"].as_str().unwrap().to_owned())
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
