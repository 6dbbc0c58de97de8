//! What administrators see of uploads and do about them.

use serde_json::{Value, json};
use web::paths;

use super::{
    Room,
    body::Body,
    operation::{Operation, Who},
};

const CURSOR: (&str, &str) = ("cursor", "`next` of the page before");

pub fn room() -> Room {
    Room {
        tag: "Administration",
        about: "For administrators, with the session of their browser",
        operations: operations(),
        bodies: vec![
            page(),
            upload_shown(),
            statistics(),
            Body::new("AdminBlocks", json!({ "blocks": [block()], "next": "Vd1r" }))
                .nullable(&["next", "blocks.person.email"]),
            Body::new("AdminBlock", block()).nullable(&["person.email"]),
            Body::new("Reason", json!({ "reason": "Not a face." })).says("reason", "The person reads it"),
            Body::new("Success", json!({ "success": true })),
        ],
    }
}

fn operations() -> Vec<Operation> {
    let by = Who::Session;
    vec![
        Operation::get(paths::ADMIN_PHOTOS, "adminUploads", "Uploads of everybody, newest first")
            .by(by)
            .query("state", "One state", json!("current"))
            .query("purpose", "`profile` or `gallery`", json!("profile"))
            .query("person", "An id or an e-mail address", json!("grace@example.org"))
            .query("limit", "At most 200", json!(50))
            .query(CURSOR.0, CURSOR.1, json!("1763720000000000-5mKq"))
            .answers(200, "AdminUploads")
            .fails(&[400, 401, 403, 503]),
        Operation::get(paths::ADMIN_PHOTO, "adminUpload", "One upload")
            .by(by)
            .answers(200, "AdminUpload")
            .fails(&[401, 403, 404, 503]),
        Operation::get(
            paths::ADMIN_PHOTO_IMAGE,
            "adminUploadImage",
            "The picture itself, whatever its state",
        )
        .by(by)
        .fails(&[401, 403, 404, 503]),
        Operation::post(paths::ADMIN_PHOTO_REMOVE, "adminRemovePhoto", "Takes a picture away, with a reason")
            .by(by)
            .json("Reason")
            .answers(200, "Success")
            .fails(&[400, 401, 403, 404, 409, 503]),
        Operation::get(
            paths::ADMIN_PHOTO_STATISTICS,
            "adminPhotoStatistics",
            "What was uploaded, is stored and waits",
        )
        .by(by)
        .query("days", "How far the numbers of uploads go back, at most 400", json!(30))
        .answers(200, "AdminStatistics")
        .fails(&[400, 401, 403, 503]),
        Operation::get(paths::ADMIN_PHOTO_BLOCKS, "adminBlocks", "Who may not upload")
            .by(by)
            .query("limit", "At most 200", json!(50))
            .query(CURSOR.0, CURSOR.1, json!("Vd1r"))
            .answers(200, "AdminBlocks")
            .fails(&[400, 401, 403, 503]),
        Operation::get(paths::ADMIN_PHOTO_BLOCK, "adminBlock", "Whether somebody may not upload, and why")
            .by(by)
            .answers(200, "AdminBlock")
            .fails(&[401, 403, 404, 503]),
        Operation::put(paths::ADMIN_PHOTO_BLOCK, "adminBlockPerson", "Lets somebody upload nothing")
            .by(by)
            .json("Reason")
            .answers(200, "AdminBlock")
            .fails(&[400, 401, 403, 404, 503]),
        Operation::delete(paths::ADMIN_PHOTO_BLOCK, "adminUnblockPerson", "Lets them upload again")
            .by(by)
            .answers(200, "Success")
            .fails(&[401, 403, 404, 503]),
    ]
}

fn upload() -> Value {
    let photo = "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg";
    json!({
        "id": "5mKq", "state": "current", "purpose": "profile",
        "person": { "id": "Vd1r", "email": "grace@example.org" },
        "client_id": "photo-wall", "store": "default", "bytes": 71_482, "sizes": [512, 256, 96, 48],
        "original_filename": "me.jpg", "caption": "Me in my garden", "uploaded_at": "2026-11-21T10:00:00Z",
        "confirmed_at": "2026-11-21T10:00:05Z", "superseded_at": "2026-11-21T11:00:00Z",
        "removed_reason": "Not a face.", "urls": { "512": photo },
    })
}

fn described(body: Body) -> Body {
    body.nullable(&["person", "person.email", "client_id", "caption"])
        .nullable(&["confirmed_at", "superseded_at", "removed_reason"])
        .maps(&["urls"])
        .says("urls", "By size, as long as it is current")
}

fn page() -> Body {
    let page = json!({ "uploads": [upload()], "next": "1763720000000000-5mKq" });
    let body = Body::new("AdminUploads", page)
        .nullable(&["next"])
        .says("next", "For `cursor`; null on the last page");
    described(body.below("uploads"))
}

fn upload_shown() -> Body {
    let shown = json!({ "upload": upload(), "person_is_blocked": true, "block_reason": "Not a face." });
    described(Body::new("AdminUpload", shown).nullable(&["block_reason"]).below("upload"))
}

fn block() -> Value {
    json!({
        "person": { "id": "Vd1r", "email": "grace@example.org" }, "reason": "Not a face.", "blocked_by": "u1",
        "blocked_at": "2026-11-21T10:00:00Z",
    })
}

fn statistics() -> Body {
    Body::new(
        "AdminStatistics",
        json!({
            "since": "2026-10-22T10:00:00Z",
            "uploads": { "applied": 310, "staged": 4, "discarded": 12, "refused": 9, "removed_by_administrators": 1 },
            "refused_by_cause": { "photo_too_large": 6 },
            "pictures_by_state": { "current": 280 },
            "stores": { "default": { "pictures": 284, "bytes": 20_301_114 } },
            "deletions": { "waiting": 3, "oldest_seconds": 12 },
            "blocked_people": 1,
        }),
    )
    .maps(&["refused_by_cause", "pictures_by_state", "stores"])
    .nullable(&["deletions.oldest_seconds"])
}
