//! What is spent once, when many ask for it at the same moment, on two processes over one database, on either engine.
//!
//! Each journey has exactly one winner. The requests leave together and take turns between the two servers.

mod assertion;
mod code;
mod device;
mod dpop;
mod pushed;
mod refresh;
mod registration;
mod visitor;

use std::sync::Arc;

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tests::{Answer, App, Engine, Person, Place, binary::Server, house::CALLBACK};
use tokio::sync::Barrier;

/// As many at once; even, so that both servers get as many.
const MANY: usize = 12;

pub struct Two {
    pub place: Place,
    _servers: (Server, Server),
}

impl Two {
    async fn start(engine: Engine) -> Self {
        let mut place = Place::new(engine).await;
        place.set("VISAGE_OAUTH__REGISTRATION", "token");
        // One after the other: the first one makes the database and the keys.
        let first = place.start().await;
        let second = place.start_second().await;
        Self { place, _servers: (first, second) }
    }

    pub fn person(&self) -> Person {
        self.place.person("grace@example.org")
    }

    /// A trusted client, registered with these members beside the usual ones.
    pub fn app(&self, id: &str, members: &Value) -> App {
        let mut registration = json!({
            "redirect_uris": [CALLBACK],
            "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"],
        });
        registration.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let file = self.place.dir.path().join(format!("{id}.json"));
        std::fs::write(&file, registration.to_string()).unwrap();
        self.place.app(id, &["--metadata", file.to_str().unwrap()])
    }

    /// The same request many times, each made by `request` for one of the servers' origins.
    pub async fn at_once(&self, request: impl Fn(&str) -> RequestBuilder) -> Vec<Answer> {
        let origins = [&self.place.issuer, &self.place.second_origin];
        let start = Arc::new(Barrier::new(MANY));
        let asking: Vec<_> = (0..MANY)
            .map(|number| (start.clone(), request(origins[number % 2])))
            .map(|(start, request)| {
                tokio::spawn(async move {
                    start.wait().await;
                    Answer::of(request).await
                })
            })
            .collect();
        let mut answers = Vec::new();
        for one in asking {
            answers.push(one.await.unwrap());
        }
        answers
    }
}

/// The app, asking the server at `origin`.
pub fn at(origin: &str, app: &App) -> App {
    App { endpoint: origin.to_owned(), ..app.clone() }
}

/// Unix seconds.
pub fn now() -> i64 {
    web::Clock::now(&web::System) / protocol::SECOND
}

/// The only answer with this status; every other one is refused in one of these ways.
#[track_caller]
pub fn winner(answers: &[Answer], status: u16, refused: &[(u16, &str)]) -> Answer {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == status);
    for answer in lost {
        assert!(
            refused.contains(&(answer.status, answer.text("error"))),
            "{} {:#}",
            answer.status,
            answer.body
        );
    }
    assert_eq!(won.len(), 1, "it was spent {} times", won.len());
    won[0].clone()
}

/// Each journey as two tests: `name::sqlite` and `name::postgres`.
macro_rules! races {
    ($($(#[$attribute:meta])* async fn $name:ident($two:ident: &Two) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn journey($two: &Two) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                journey(&Two::start(tests::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                journey(&Two::start(tests::Engine::Postgres).await).await;
            }
        }
    )+};
}
use races;
