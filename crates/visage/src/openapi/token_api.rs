//! Seed 000: the same person in the shape of that seed.

use serde_json::json;
use web::paths;

use super::{
    Room,
    body::Body,
    operation::{Operation, Who},
    profile::CROP,
};

pub fn room() -> Room {
    let by = Who::Token("profile");
    Room {
        tag: "Token API",
        about: "The photo and the profile for scripts, with `Authorization: Token`",
        operations: vec![
            Operation::post(paths::UPLOAD_PHOTO, "tokenUploadPhoto", "Uploads a photo and applies it")
                .by(by)
                .form("profile_picture", &[CROP])
                .json("PhotoAddress")
                .answers(200, "TokenPhoto")
                .fails(&[400, 401, 403, 429, 503]),
            Operation::get(paths::USER_PROFILE, "tokenProfile", "The account and its profile")
                .by(by)
                .answers(200, "TokenProfile")
                .fails(&[401, 403, 503]),
            Operation::put(
                paths::USER_PROFILE,
                "tokenChangeProfile",
                "Changes what is sent and keeps the rest, the photo too",
            )
            .by(by)
            .json("TokenProfileChange")
            .answers(200, "TokenProfile")
            .fails(&[400, 401, 403, 413, 503]),
        ],
        bodies: vec![
            Body::new(
                "TokenPhoto",
                json!({
                    "success": true,
                    "profile_picture_url": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg",
                }),
            ),
            profile(),
            Body::new(
                "TokenProfileChange",
                json!({
                    "given_name": "Grace", "family_name": "Garden", "phone_number": "+33123456789",
                    "preferred_language": "fr",
                }),
            )
            .all_optional()
            .nullable(&["given_name", "family_name", "phone_number", "preferred_language"])
            .says("", "At the top, or under `profile` as they were read"),
        ],
    }
}

fn profile() -> Body {
    let user = json!({
        "sub": "Vd1rQw5tT0m9yq3cJk2x4A", "email": "grace@example.org", "email_verified": true, "name": "Grace Garden",
        "user_type": "member", "is_active": true, "created_at": 1_763_000_000,
    });
    let profile = json!({
        "given_name": "Grace", "family_name": "Garden", "phone_number": "+33123456789", "preferred_language": "fr",
        "profile_picture_url": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg",
        "picture_variants": { "48": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2_48.jpg" },
        "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
        "updated_at": 1_763_720_000,
    });
    let message = "Profile updated successfully";
    Body::new(
        "TokenProfile",
        json!({ "success": true, "message": message, "user": user, "profile": profile }),
    )
    .optional(&["message", "user.email", "user.email_verified", "user.name", "user.user_type"])
    .optional(&["profile.given_name", "profile.family_name", "profile.phone_number"])
    .optional(&["profile.picture_variants", "profile.thumbhash"])
    .nullable(&["profile.preferred_language", "profile.profile_picture_url"])
    .maps(&["profile.picture_variants"])
    .says("message", "After a change")
    .says("profile.profile_picture_url", "Null where the person has no photo")
}
