//! Seed 001: an upload that waits for its confirmation, the history, and the way back.

use serde_json::{Value, json};
use web::paths;

use super::{
    Room,
    body::Body,
    operation::{Operation, Who},
    profile::CROP,
};

const ALT_TEXT: (&str, &str) = ("alt_text", "What the photo shows, for those who cannot see it");

pub fn room() -> Room {
    let by = Who::Caller("profile");
    Room {
        tag: "Staged uploads",
        about: "Upload, look, confirm or discard; what was, and the way back to it",
        operations: vec![
            Operation::post(
                paths::STAGE_PICTURE,
                "stageUpload",
                "Uploads a picture that waits to be confirmed",
            )
            .by(by)
            .form("image", &[CROP, ALT_TEXT])
            .json("StagedAddress")
            .answers(201, "Upload")
            .fails(&[400, 401, 403, 429, 503]),
            Operation::post(paths::CONFIRM_PICTURE, "confirmUpload", "Makes it the photo")
                .by(by)
                .fields("Confirmation")
                .answers(200, "UploadApplied")
                .fails(&[400, 401, 403, 404, 410, 503]),
            Operation::get(paths::PICTURE_UPLOADS, "uploads", "One's history, newest first")
                .by(by)
                .query("before", "`next` of the page before", json!("5mKq"))
                .answers(200, "Uploads")
                .fails(&[401, 403, 404, 503]),
            Operation::get(paths::PICTURE_UPLOAD, "upload", "One upload")
                .by(by)
                .answers(200, "UploadEntry")
                .fails(&[401, 403, 404, 503]),
            Operation::put(paths::PICTURE_UPLOAD, "describeUpload", "Changes its alternative text")
                .by(by)
                .fields("AltText")
                .answers(200, "UploadEntry")
                .fails(&[400, 401, 403, 404, 503]),
            Operation::delete(
                paths::PICTURE_UPLOAD,
                "discardUpload",
                "Gives up an upload that waits, or an earlier photo that is kept",
            )
            .by(by)
            .answers(200, "Done")
            .fails(&[401, 403, 404, 503]),
            Operation::post(
                paths::RESTORE_PICTURE,
                "restoreUpload",
                "Makes an earlier photo the current one again",
            )
            .by(by)
            .answers(200, "UploadApplied")
            .fails(&[401, 403, 404, 410, 503]),
        ],
        bodies: vec![
            Body::new(
                "StagedAddress",
                json!({ "url": "https://elsewhere.example/me.jpg", "crop": "0,0,512", "alt_text": "Me" }),
            )
            .optional(&["crop", "alt_text"])
            .says("url", "Fetched like an upload, where `photos.import_by_url` allows it"),
            described(Body::new("Upload", upload())),
            Body::new("Confirmation", json!({ "upload_id": "5mKq", "alt_text": "Me in my garden" }))
                .optional(&["alt_text"]),
            Body::new("AltText", json!({ "alt_text": "Me in my garden" })),
            applied(),
            entry(),
            uploads(),
            Body::new("Done", json!({ "success": true, "message": "The upload was discarded." })),
        ],
    }
}

fn upload() -> Value {
    json!({
        "id": "5mKq",
        "preview_url": "https://op.example/media/preview/5mKq.1763723600.c2lnbmVkIGJ5IHVz",
        "uploaded_at": "2026-11-21T10:00:00Z",
        "original_filename": "me.jpg",
        "is_confirmed": false,
        "confirmed_at": null,
    })
}

fn with(mut value: Value, further: Value) -> Value {
    if let (Some(value), Value::Object(further)) = (value.as_object_mut(), further) {
        value.extend(further);
    }
    value
}

fn described(body: Body) -> Body {
    body.nullable(&["preview_url"])
        .says("preview_url", "Good for an hour, without authentication; null where nothing is left to see")
        .says("confirmed_at", "When it became the photo")
}

fn applied() -> Body {
    let done = json!({
        "success": true, "message": "Profile photo updated successfully",
        "picture": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg",
        "updated_at": 1_763_720_000, "is_confirmed": true, "confirmed_at": "2026-11-21T10:00:05Z",
    });
    described(Body::new("UploadApplied", with(upload(), done)))
}

fn one() -> Value {
    let photo = "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg";
    let further = json!({
        "state": "current", "is_confirmed": true, "confirmed_at": "2026-11-21T10:00:05Z", "alt_text": "Me in my garden",
        "picture": photo, "picture_variants": { "512": photo }, "superseded_at": "2026-11-21T11:00:00Z",
        "removed_reason": "Not a face.",
    });
    with(upload(), further)
}

fn entry_described(body: Body) -> Body {
    described(body)
        .nullable(&[
            "confirmed_at",
            "alt_text",
            "picture",
            "picture_variants",
            "superseded_at",
            "removed_reason",
        ])
        .maps(&["picture_variants"])
        .says("state", "`pending`, `current`, `kept` (can be restored), `replaced` or `discarded`")
        .says("picture", "Of the current photo")
        .says("removed_reason", "Why an administrator took it away")
}

fn entry() -> Body {
    entry_described(Body::new("UploadEntry", one()))
}

fn uploads() -> Body {
    let body = Body::new("Uploads", json!({ "uploads": [one()], "next": "4hJp" }))
        .optional(&["next"])
        .says("next", "For `before`, where there is more");
    entry_described(body.below("uploads"))
}
