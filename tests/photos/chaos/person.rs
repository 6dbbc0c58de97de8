//! A person who changes their photo all the time, and remembers every answer.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};
use tests::App;
use visage::demo::picture;

use super::{Dice, Weather, refused};

const HISTORY: &str = "/api/users/profile-picture-uploads/";

pub struct Person {
    app: App,
    token: String,
    dice: Dice,
    weather: Weather,
    /// The file name of the photo that there must be.
    current: Option<String>,
    /// Every upload that was answered, by file name.
    known: BTreeMap<String, Known>,
    /// Ids of those that waited when they were answered.
    waiting: Vec<(String, String)>,
    uploads: usize,
    pub done: usize,
}

/// What was answered about an upload last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Waits,
    Confirmed,
    Discarded,
}

/// What a request came to.
enum Came {
    /// Answered: done.
    Done(Value),
    /// Answered: not done, nothing changed.
    Refused,
    /// No answer, or one that leaves it open.
    Unknown,
}

impl Person {
    pub fn new(app: App, token: String, dice: Dice, weather: Weather) -> Self {
        Self {
            app,
            token,
            dice,
            weather,
            current: None,
            known: BTreeMap::new(),
            waiting: Vec::new(),
            uploads: 0,
            done: 0,
        }
    }

    pub async fn live(mut self) -> Self {
        while !self.weather.is_over() {
            match self.dice.roll(12) {
                0..=2 => self.upload().await,
                3..=5 => self.stage().await,
                6..=7 => self.confirm().await,
                8 => self.discard().await,
                9 => self.remove().await,
                10 => self.restore().await,
                _ => self.look().await,
            }
        }
        self
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.http.request(method, format!("{}{path}", self.app.endpoint)).bearer_auth(&self.token)
    }

    async fn ask(&mut self, request: RequestBuilder) -> Came {
        let Ok(answer) = request.send().await else { return Came::Unknown };
        let status = answer.status().as_u16();
        let Ok(body) = answer.bytes().await else { return Came::Unknown };
        if status == 401 {
            refused(&self.app, &self.token, &body).await;
        }
        assert_ne!(status, 500, "{}", String::from_utf8_lossy(&body));
        match status {
            200..=299 => {
                self.done += 1;
                Came::Done(serde_json::from_slice(&body).unwrap_or(Value::Null))
            }
            400..=499 => Came::Refused,
            _ => Came::Unknown,
        }
    }

    fn file(&mut self, field: &'static str) -> (String, multipart::Form) {
        self.uploads += 1;
        let name = format!("photo{:04}.png", self.uploads);
        let side = [40, 120, 300, 600][self.dice.roll(4)];
        let bytes = picture::png(side, u8::try_from(self.dice.roll(256)).unwrap());
        (name.clone(), multipart::Form::new().part(field, multipart::Part::bytes(bytes).file_name(name)))
    }

    async fn upload(&mut self) {
        let (name, form) = self.file("photo");
        let request = self.request(Method::POST, "/api/auth/profile/photo").multipart(form);
        let came = self.ask(request).await;
        self.changes_to(came, Some(name)).await;
    }

    async fn stage(&mut self) {
        let (name, form) = self.file("image");
        let request = self.request(Method::POST, "/api/users/upload-profile-picture/").multipart(form);
        if let Came::Done(body) = self.ask(request).await {
            self.known.insert(name.clone(), Known::Waits);
            self.waiting.push((body["id"].as_str().unwrap().to_owned(), name));
        }
    }

    fn one_that_waits(&mut self) -> Option<(String, String)> {
        let count = self.waiting.len();
        (count > 0).then(|| self.waiting.swap_remove(self.dice.roll(count)))
    }

    async fn confirm(&mut self) {
        let Some((id, name)) = self.one_that_waits() else { return };
        let request = self
            .request(Method::POST, "/api/users/confirm-profile-picture/")
            .json(&json!({ "upload_id": id }));
        let came = self.ask(request).await;
        self.changes_to(came, Some(name)).await;
    }

    async fn discard(&mut self) {
        let Some((id, name)) = self.one_that_waits() else { return };
        let request = self.request(Method::DELETE, &format!("{HISTORY}{id}/"));
        match self.ask(request).await {
            Came::Done(_) => _ = self.known.insert(name, Known::Discarded),
            // Gone, by a clean-up or as the oldest of six, or perhaps there.
            Came::Refused | Came::Unknown => {}
        }
    }

    async fn remove(&mut self) {
        let request = self.request(Method::DELETE, "/api/auth/profile/photo");
        let came = self.ask(request).await;
        self.changes_to(came, None).await;
    }

    async fn restore(&mut self) {
        let history = self.history().await;
        let Some(kept) = history.iter().find(|entry| entry["state"] == "kept") else { return };
        let (id, name) =
            (kept["id"].as_str().unwrap(), kept["original_filename"].as_str().unwrap().to_owned());
        let request = self.request(Method::POST, &format!("{HISTORY}{id}/restore/"));
        let came = self.ask(request).await;
        self.changes_to(came, Some(name)).await;
    }

    /// Whatever came of it, the history says one of two things: as before, or as it should be.
    async fn changes_to(&mut self, came: Came, wanted: Option<String>) {
        let now = current(&self.history().await);
        match came {
            Came::Done(_) => {
                assert_eq!(now, wanted, "what was answered holds");
                if let Some(name) = &wanted {
                    self.known.insert(name.clone(), Known::Confirmed);
                }
            }
            Came::Refused => assert_eq!(now, self.current, "a refusal changes nothing"),
            Came::Unknown => {
                assert!(now == self.current || now == wanted, "{now:?}: {:?} → {wanted:?}", self.current)
            }
        }
        if now == wanted
            && let Some(name) = &wanted
            && let Some(known) = self.known.get_mut(name)
        {
            *known = Known::Confirmed;
        }
        self.current = now;
    }

    /// `picture` answers 200 with an image, always.
    async fn look(&mut self) {
        let request = self.request(Method::GET, "/api/auth/userinfo");
        let Came::Done(claims) = self.ask(request).await else { return };
        let picture = claims["picture"].as_str().unwrap().to_owned();
        let Ok(answer) = self.app.http.get(&picture).send().await else { return };
        assert_eq!(answer.status(), 200, "{picture}");
        let stands_in = answer.headers().get("cache-control").is_some_and(|value| value == "no-store");
        assert!(!(stands_in && self.weather.is_calm()), "the default picture stands in for {picture}");
        assert_eq!(picture.contains("/initials/"), self.current.is_none(), "{picture}: {:?}", self.current);
        if let Ok(body) = answer.bytes().await {
            assert!(body.starts_with(&[0xff, 0xd8]), "{picture}");
        }
    }

    /// The whole history, asked for until the server is there to answer.
    async fn history(&mut self) -> Vec<Value> {
        let (mut all, mut before) = (Vec::new(), String::new());
        loop {
            let request = self.request(Method::GET, &format!("{HISTORY}{before}"));
            let Came::Done(page) = self.ask(request).await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            all.extend(page["uploads"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => before = format!("?before={next}"),
                None => return all,
            }
        }
    }

    /// When it is quiet: every upload that was answered is in the history, with the right end.
    pub async fn look_back(&mut self) {
        let history = self.history().await;
        let by_name: BTreeMap<&str, &Value> =
            history.iter().map(|entry| (entry["original_filename"].as_str().unwrap(), entry)).collect();
        assert_eq!(by_name.len(), history.len(), "no upload twice");
        assert_eq!(current(&history), self.current);
        assert!(history.iter().filter(|entry| entry["state"] == "current").count() <= 1);
        assert!(history.iter().filter(|entry| entry["state"] == "pending").count() <= 5);
        assert!(history.iter().filter(|entry| entry["state"] == "kept").count() <= 1);
        for (name, known) in &self.known {
            let entry = by_name
                .get(name.as_str())
                .unwrap_or_else(|| panic!("{name} ({known:?}) is not in the history"));
            let state = entry["state"].as_str().unwrap();
            let fits = match known {
                // Perhaps confirmed or given up since, by what was not answered; or by a clean-up, or as the oldest of six.
                Known::Waits => true,
                Known::Confirmed => matches!(state, "current" | "kept" | "replaced"),
                Known::Discarded => state == "discarded",
            };
            assert!(fits, "{name}: {known:?}, and the history says {entry}");
            assert_eq!(entry["confirmed_at"].is_null(), matches!(state, "pending" | "discarded"), "{entry}");
        }
        for entry in &history {
            if let Some(preview) = entry["preview_url"].as_str() {
                let answer = self.app.http.get(preview).send().await.unwrap();
                assert_eq!(answer.status(), 200, "the preview of {entry}");
            }
        }
        self.look().await;
    }
}

fn current(history: &[Value]) -> Option<String> {
    let entry = history.iter().find(|entry| entry["state"] == "current")?;
    Some(entry["original_filename"].as_str().unwrap().to_owned())
}
