//! Somebody who builds galleries and takes them down again, and remembers every answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};
use tests::App;
use visage::demo::picture;

use super::{Dice, Weather, refused};

pub struct Owner {
    app: App,
    token: String,
    dice: Dice,
    weather: Weather,
    rooms: BTreeMap<String, Room>,
    /// Deleted for sure.
    gone: BTreeSet<String>,
    named: usize,
    pub done: usize,
}

#[derive(Default)]
struct Room {
    /// Images that must be there.
    images: BTreeSet<String>,
    /// Images that may be there or not: their deletion was not answered.
    perhaps: BTreeSet<String>,
    /// Its own deletion was not answered.
    is_doubtful: bool,
}

impl Owner {
    pub fn new(app: App, token: String, dice: Dice, weather: Weather) -> Self {
        let (rooms, gone) = (BTreeMap::new(), BTreeSet::new());
        Self { app, token, dice, weather, rooms, gone, named: 0, done: 0 }
    }

    pub async fn live(mut self) -> Self {
        while !self.weather.is_over() {
            match self.dice.roll(12) {
                0..=3 => drop(self.send("/rooms/upload-image-temp/").await),
                4..=5 => self.create().await,
                6..=8 => self.add().await,
                9 => self.remove().await,
                10 => self.reorder().await,
                _ => self.delete().await,
            }
        }
        self
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.app.http.request(method, format!("{}{path}", self.app.endpoint)).bearer_auth(&self.token)
    }

    /// Status and body, if there was an answer.
    async fn ask(&mut self, request: RequestBuilder) -> Option<(u16, Value)> {
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.ok()?;
        if status == 401 {
            refused(&self.app, &self.token, &body).await;
        }
        assert!(!matches!(status, 403 | 500), "{status}: {}", String::from_utf8_lossy(&body));
        self.done += usize::from(status < 300);
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    async fn send(&mut self, path: &str) -> Option<(u16, Value)> {
        let bytes =
            picture::png([60, 200, 400][self.dice.roll(3)], u8::try_from(self.dice.roll(256)).unwrap());
        let form = multipart::Form::new().part("image", multipart::Part::bytes(bytes).file_name("room.png"));
        let request = self.request(Method::POST, path).multipart(form);
        self.ask(request).await
    }

    async fn create(&mut self) {
        self.named += 1;
        let body = json!({ "name": format!("Room {}", self.named), "establishment": "The house" });
        let request = self.request(Method::POST, "/rooms/").json(&body);
        if let Some((201, room)) = self.ask(request).await {
            let images = ids(&room);
            assert!(images.len() <= 10);
            self.rooms.insert(text(&room, "id"), Room { images, ..Room::default() });
        }
    }

    fn any_room(&mut self) -> Option<String> {
        let ids: Vec<String> =
            self.rooms.iter().filter(|(_, room)| !room.is_doubtful).map(|(id, _)| id.clone()).collect();
        (!ids.is_empty()).then(|| ids[self.dice.roll(ids.len())].clone())
    }

    async fn add(&mut self) {
        let Some(id) = self.any_room() else { return };
        if let Some((201, image)) = self.send(&format!("/rooms/{id}/upload-image/")).await {
            self.rooms.get_mut(&id).unwrap().images.insert(text(&image, "id"));
        }
    }

    async fn remove(&mut self) {
        let Some(id) = self.any_room() else { return };
        let images: Vec<String> = self.rooms[&id].images.iter().cloned().collect();
        if images.is_empty() {
            return;
        }
        let image = images[self.dice.roll(images.len())].clone();
        let request = self.request(Method::POST, &format!("/rooms/{id}/delete-image/{image}/"));
        let answer = self.ask(request).await;
        let room = self.rooms.get_mut(&id).unwrap();
        match answer {
            Some((200, _)) => {
                room.images.remove(&image);
                self.gone.insert(image);
            }
            Some((400..=499, _)) => {}
            _ => {
                room.images.remove(&image);
                room.perhaps.insert(image);
            }
        }
    }

    async fn reorder(&mut self) {
        let Some(id) = self.any_room() else { return };
        let request = self.request(Method::GET, &format!("/rooms/{id}/"));
        let Some((200, room)) = self.ask(request).await else { return };
        let mut order: Vec<Value> = ids(&room).into_iter().map(Value::from).collect();
        if order.len() < 2 {
            return;
        }
        let by = self.dice.roll(order.len());
        order.rotate_left(by);
        let request = self.request(Method::POST, &format!("/rooms/{id}/reorder-images/"));
        if let Some((200, _)) = self.ask(request.json(&json!({ "order": order }))).await {
            let request = self.request(Method::GET, &format!("/rooms/{id}/"));
            if let Some((200, room)) = self.ask(request).await {
                let now: Vec<&Value> =
                    room["images"].as_array().unwrap().iter().map(|image| &image["id"]).collect();
                assert_eq!(now, order.iter().collect::<Vec<_>>(), "the order that was answered holds");
            }
        }
    }

    async fn delete(&mut self) {
        if self.rooms.len() < 2 {
            return;
        }
        let Some(id) = self.any_room() else { return };
        let request = self.request(Method::DELETE, &format!("/rooms/{id}/"));
        match self.ask(request).await {
            Some((200, _)) => {
                self.rooms.remove(&id);
                self.gone.insert(id);
            }
            Some((400..=499, _)) => {}
            _ => self.rooms.get_mut(&id).unwrap().is_doubtful = true,
        }
    }

    async fn surely(&mut self, path: &str) -> (u16, Value) {
        for _ in 0..100 {
            let request = self.request(Method::GET, path);
            match self.ask(request).await {
                Some((status @ (200..=299 | 404), body)) => return (status, body),
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("{path} is not answered");
    }

    /// When it is quiet: every gallery and image that was answered is there, with pictures that can be seen.
    pub async fn look_back(&mut self) {
        let rooms: Vec<String> = self.rooms.keys().cloned().collect();
        for id in rooms {
            let (status, room) = self.surely(&format!("/rooms/{id}/")).await;
            let known = &self.rooms[&id];
            if status == 404 {
                assert!(known.is_doubtful, "the gallery {id} is gone");
                continue;
            }
            let there = ids(&room);
            assert!(there.is_superset(&known.images), "{id}: {:?} of {there:?}", known.images);
            assert!(there.is_disjoint(&self.gone) && there.len() <= 10, "{there:?}");
            let urls = room["images"].as_array().unwrap().iter().map(|image| text(image, "url"));
            for url in urls {
                let answer = self.app.http.get(&url).send().await.unwrap();
                assert_eq!(answer.status(), 200, "{url}");
                let kept = answer.headers().get("cache-control").unwrap();
                assert_ne!(kept, "no-store", "the default picture stands in for {url}");
            }
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

fn ids(room: &Value) -> BTreeSet<String> {
    room["images"].as_array().unwrap().iter().map(|image| text(image, "id")).collect()
}
