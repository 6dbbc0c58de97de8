//! Where pictures are fetched, by anybody.

use serde_json::json;
use web::paths;

use super::{
    Room,
    operation::{Operation, Who},
};

pub fn room() -> Room {
    let by = Who::Anybody;
    Room {
        tag: "Pictures",
        about: "Addresses that answers name; nobody is asked who they are",
        operations: vec![
            Operation::get(
                paths::PICTURE_STABLE,
                "pictureStable",
                "Leads to the photo as it is now, or to the default picture",
            )
            .by(by)
            .query("size", "The smallest side that will do, in pixels; without it the largest", json!(96))
            .leads_elsewhere()
            .fails(&[400, 404, 503]),
            Operation::get("/media/{key}", "media", "A stored picture; the key may hold slashes")
                .by(by)
                .fails(&[404, 503]),
            Operation::get(
                "/media/preview/{token_of_the_preview}",
                "preview",
                "A picture that its person may see, for an hour",
            )
            .by(by)
            .query("size", "The smallest side that will do, in pixels; without it the largest", json!(96))
            .fails(&[400, 404, 503]),
        ],
        bodies: Vec::new(),
    }
}
