//! Seed 002: galleries ("rooms") of organizations ("establishments"), and the images that wait for one.

use serde_json::{Value, json};
use web::paths;

use super::{
    Room,
    body::Body,
    operation::{Operation, Who},
};

const BY: Who = Who::Caller("galleries");

pub fn room() -> Room {
    Room {
        tag: "Galleries",
        about: "Galleries of at most 10 pictures, which keep their proportions",
        operations: waiting()
            .into_iter()
            .chain(galleries())
            .chain(images())
            .chain(establishments())
            .collect(),
        bodies: vec![
            Body::new("GalleryImageAddress", json!({ "url": "https://elsewhere.example/room.jpg" }))
                .says("url", "Fetched like an upload, where `photos.import_by_url` allows it"),
            added(),
            described(Body::new("GalleryImages", json!({ "images": [image()] })).below("images")),
            Body::new("GalleryDone", json!({ "success": true, "message": "The image was removed." })),
            Body::new(
                "NewGallery",
                json!({ "name": "Room 7", "establishment": "Hôtel du Lac", "establishment_id": "e1" }),
            )
            .optional(&["establishment", "establishment_id"])
            .says("establishment", "One of one's own by its name, made when new")
            .says("establishment_id", "Any that one may change"),
            Body::new("Name", json!({ "name": "Room 7" })),
            described(Body::new("Gallery", gallery()).below("images")),
            described(Body::new("Galleries", json!({ "rooms": [gallery()] })).below("rooms.images")),
            Body::new("Order", json!({ "order": ["i2", "i1"] })).says("order", "All ids, in their new order"),
            Body::new("Caption", json!({ "caption": "The view" })),
            Body::new(
                "Captioned",
                json!({ "success": true, "message": "The caption was saved.", "id": "i1", "caption": "The view" }),
            ),
            Body::new(
                "Establishments",
                json!({ "establishments": [{ "id": "e1", "name": "Hôtel du Lac", "created_at": "2026-11-21T10:00:00Z" }] }),
            ),
            Body::new(
                "Owners",
                json!({
                    "owners": [{ "name": "Grace Garden", "email": "grace@example.org" }],
                    "invited": ["ada@example.org"],
                }),
            )
            .nullable(&["owners.name"])
            .says("invited", "Who has not answered yet"),
            Body::new(
                "Invitations",
                json!({ "invitations": [{ "id": "e1", "name": "Hôtel du Lac", "created_at": "2026-11-21T10:00:00Z" }] }),
            ),
            Body::new("NewOwner", json!({ "email": "ada@example.org" })),
        ],
    }
}

fn waiting() -> Vec<Operation> {
    vec![
        Operation::post(
            paths::ROOMS_UPLOAD_WAITING,
            "uploadWaitingImage",
            "Uploads an image for a gallery to come",
        )
        .by(BY)
        .form("image", &[])
        .json("GalleryImageAddress")
        .answers(201, "GalleryImageAdded")
        .fails(&[400, 401, 403, 429, 503]),
        Operation::get(paths::ROOMS_WAITING, "waitingImages", "The images that wait")
            .by(BY)
            .answers(200, "GalleryImages")
            .fails(&[401, 403, 503]),
        Operation::post(paths::ROOMS_DELETE_WAITING, "deleteWaitingImage", "Removes an image that waits")
            .by(BY)
            .answers(200, "GalleryDone")
            .fails(&[401, 403, 404, 503]),
    ]
}

fn galleries() -> Vec<Operation> {
    vec![
        Operation::get(paths::ROOMS, "galleries", "The galleries that one may change")
            .by(BY)
            .answers(200, "Galleries")
            .fails(&[401, 403, 503]),
        Operation::post(
            paths::ROOMS,
            "createGallery",
            "Makes a gallery, which takes the waiting images along",
        )
        .by(BY)
        .fields("NewGallery")
        .answers(201, "Gallery")
        .fails(&[400, 401, 403, 404, 503]),
        Operation::get(paths::ROOM, "gallery", "A gallery with its images in order")
            .by(BY)
            .answers(200, "Gallery")
            .fails(&[401, 403, 404, 503]),
        Operation::put(paths::ROOM, "renameGallery", "Gives it another name")
            .by(BY)
            .fields("Name")
            .answers(200, "Gallery")
            .fails(&[400, 401, 403, 404, 503]),
        Operation::delete(paths::ROOM, "deleteGallery", "Removes it with its images")
            .by(BY)
            .answers(200, "GalleryDone")
            .fails(&[401, 403, 404, 503]),
    ]
}

fn images() -> Vec<Operation> {
    vec![
        Operation::post(paths::ROOM_UPLOAD, "uploadImage", "Adds an image")
            .by(BY)
            .form("image", &[])
            .json("GalleryImageAddress")
            .answers(201, "GalleryImageAdded")
            .fails(&[400, 401, 403, 404, 429, 503]),
        Operation::post(paths::ROOM_DELETE, "deleteImage", "Removes an image")
            .by(BY)
            .answers(200, "GalleryDone")
            .fails(&[401, 403, 404, 503]),
        Operation::post(paths::ROOM_REORDER, "reorderImages", "Puts the images into another order")
            .by(BY)
            .fields("Order")
            .answers(200, "GalleryImages")
            .fails(&[400, 401, 403, 404, 503]),
        Operation::post(paths::ROOM_CAPTION, "captionImage", "Writes the caption of an image")
            .by(BY)
            .fields("Caption")
            .answers(200, "Captioned")
            .fails(&[400, 401, 403, 404, 503]),
    ]
}

fn establishments() -> Vec<Operation> {
    vec![
        Operation::get(paths::ESTABLISHMENTS, "establishments", "One's own organizations")
            .by(BY)
            .answers(200, "Establishments")
            .fails(&[401, 403, 503]),
        Operation::put(paths::ESTABLISHMENT, "renameEstablishment", "Gives it another name")
            .by(BY)
            .fields("Name")
            .answers(200, "GalleryDone")
            .fails(&[400, 401, 403, 404, 503]),
        Operation::delete(
            paths::ESTABLISHMENT,
            "deleteEstablishment",
            "Removes it, where it has no galleries",
        )
        .by(BY)
        .answers(200, "GalleryDone")
        .fails(&[400, 401, 403, 404, 503]),
        Operation::get(paths::ESTABLISHMENT_OWNERS, "owners", "Who may change it, and who was asked")
            .by(Who::Session)
            .answers(200, "Owners")
            .fails(&[401, 404, 503]),
        Operation::post(paths::ESTABLISHMENT_OWNERS, "inviteOwner", "Asks somebody to be an owner too")
            .by(Who::Session)
            .fields("NewOwner")
            .answers(200, "GalleryDone")
            .fails(&[400, 401, 403, 404, 503]),
        Operation::get(paths::INVITATIONS, "invitations", "The organizations that one was asked to own")
            .by(Who::Session)
            .answers(200, "Invitations")
            .fails(&[401, 503]),
        Operation::post(paths::INVITATION_ACCEPT, "acceptInvitation", "One is an owner from now on")
            .by(Who::Session)
            .answers(200, "GalleryDone")
            .fails(&[400, 401, 403, 404, 503]),
        Operation::post(paths::INVITATION_DECLINE, "declineInvitation", "One does not want to be")
            .by(Who::Session)
            .answers(200, "GalleryDone")
            .fails(&[401, 403, 404, 503]),
        Operation::delete(
            paths::ESTABLISHMENT_OWNER,
            "removeOwner",
            "By e-mail address: an owner no more, or not asked any more; one stays",
        )
        .by(Who::Session)
        .answers(200, "GalleryDone")
        .fails(&[400, 401, 403, 404, 503]),
    ]
}

fn image() -> Value {
    json!({
        "id": "i1",
        "url": "https://op.example/media/galleries/y4Ba/1763720000000-c3d4.jpg",
        "variants": {
            "1600": "https://op.example/media/galleries/y4Ba/1763720000000-c3d4.jpg",
            "320": "https://op.example/media/galleries/y4Ba/1763720000000-c3d4_320.jpg",
        },
        "width": 1600,
        "height": 1067,
        "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
        "caption": "The view",
        "order": 0,
        "original_filename": "room.jpg",
        "uploaded_at": "2026-11-21T10:00:00Z",
    })
}

fn gallery() -> Value {
    json!({
        "id": "g1", "name": "Room 7", "establishment": "Hôtel du Lac", "establishment_id": "e1", "images": [image()],
        "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:05:00Z",
    })
}

fn added() -> Body {
    let mut added = json!({ "success": true, "message": "The image was added." });
    if let (Some(added), Value::Object(image)) = (added.as_object_mut(), image()) {
        added.extend(image);
    }
    described(Body::new("GalleryImageAdded", added))
}

fn described(body: Body) -> Body {
    body.maps(&["variants"])
        .says("variants", "By the length of the longest side in pixels; only those that exist")
        .says("order", "From 0, without gaps")
}
