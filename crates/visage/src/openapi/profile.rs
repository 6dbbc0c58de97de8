//! Seed 003: userinfo, the profile, and its photo in one call.

use serde_json::{Value, json};
use web::paths;

use super::{
    Room,
    body::Body,
    operation::{Operation, Who},
};

pub const CROP: (&str, &str) = ("crop", "x,y,side in pixels after orientation; without it the centre square");

pub fn room() -> Room {
    let profile = Who::Bearer("profile");
    Room {
        tag: "Profile",
        about: "Who somebody is, and their photo in one call",
        operations: vec![
            Operation::get(paths::USERINFO, "userinfo", "The claims that the token's scopes allow")
                .by(Who::Bearer("openid"))
                .answers(200, "UserInfo")
                .fails(&[400, 401, 403, 503]),
            // RFC 6750, section 2.2: the token may be in the body instead of the header, so neither is required.
            Operation::post(
                paths::USERINFO,
                "userinfoByPost",
                "The same; the token may be the form field `access_token`",
            )
            .by(Who::Bearer("openid"))
            .may_send(
                "application/x-www-form-urlencoded",
                json!({
                    "type": "object",
                    "properties": {
                        "access_token": { "type": "string", "description": "Only without the header `Authorization`" },
                    },
                }),
                json!({ "access_token": "eyJhbGciOi…" }),
            )
            .answers(200, "UserInfo")
            .fails(&[400, 401, 403, 503]),
            Operation::get(paths::PROFILE, "profile", "The profile")
                .by(profile)
                .answers(200, "Profile")
                .fails(&[401, 403, 503]),
            Operation::put(paths::PROFILE, "changeProfile", "Changes what is sent and keeps the rest")
                .by(profile)
                .json("ProfileChange")
                .answers(200, "ProfileChanged")
                .fails(&[400, 401, 403, 413, 503]),
            Operation::post(paths::PROFILE_PHOTO, "changePhoto", "Uploads a photo and applies it: all or nothing")
                .by(profile)
                .form("photo", &[CROP])
                .json("PhotoAddress")
                .answers(200, "PhotoChanged")
                .fails(&[400, 401, 403, 429, 503]),
            Operation::delete(paths::PROFILE_PHOTO, "removePhoto", "Removes the photo")
                .by(profile)
                .answers(200, "PhotoRemoved")
                .fails(&[401, 403, 503]),
        ],
        bodies: vec![user_info(), profile_body(), change(), changed(), address(), photo_changed(), photo_removed()],
    }
}

const OPTIONAL: [&str; 14] = [
    "name",
    "given_name",
    "family_name",
    "locale",
    "email",
    "email_verified",
    "phone_number",
    "picture",
    "picture_variants",
    "picture_stable",
    "thumbhash",
    "updated_at",
    "user_type",
    "is_active",
];

fn person() -> Value {
    json!({
        "sub": "Vd1rQw5tT0m9yq3cJk2x4A",
        "name": "Grace Garden",
        "given_name": "Grace",
        "family_name": "Garden",
        "locale": "fr",
        "email": "grace@example.org",
        "email_verified": true,
        "phone_number": "+33123456789",
        "picture": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg",
        "picture_variants": {
            "512": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg",
            "48": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2_48.jpg",
        },
        "picture_stable": "https://op.example/picture/9fGh",
        "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
        "updated_at": 1_763_720_000,
        "user_type": "member",
        "is_active": true,
        "created_at": 1_763_000_000,
    })
}

fn described(body: Body) -> Body {
    body.optional(&OPTIONAL)
        .optional(&["created_at"])
        .maps(&["picture_variants"])
        .says("email", "With the scope `email`")
        .says("email_verified", "With the scope `email`")
        .says("phone_number", "With the scope `phone`")
        .says("picture", "Answers 200 with an image, without authentication; the largest square")
        .says("picture_variants", "By the side in pixels; of photos that we store")
        .says(
            "picture_stable",
            "One's own address for this person: it leads to the current photo, `?size=48` to a smaller one",
        )
        .says("thumbhash", "A blurred stand-in of some bytes, base64 (https://evanw.github.io/thumbhash/)")
        .says("updated_at", "Unix seconds")
        .says("created_at", "Unix seconds")
        .says("user_type", "A word that an administrator sets")
}

fn user_info() -> Body {
    let mut claims = person();
    for (name, value) in [
        ("middle_name", json!("B")),
        ("nickname", json!("G")),
        ("preferred_username", json!("grace")),
        ("profile", json!("https://grace.example/")),
        ("website", json!("https://grace.example/")),
        ("gender", json!("female")),
        ("birthdate", json!("1990-01-01")),
        ("zoneinfo", json!("Europe/Paris")),
        ("phone_number_verified", json!(true)),
        (
            "address",
            json!({
                "formatted": "1 rue X, 69001 Lyon", "street_address": "1 rue X", "locality": "Lyon", "region": "Rhône",
                "postal_code": "69001", "country": "France",
            }),
        ),
        (
            "social_accounts",
            json!([{ "provider": "google", "provider_type": "oidc", "linked_at": 1_763_720_000 }]),
        ),
    ] {
        claims[name] = value;
    }
    described(Body::new("UserInfo", claims))
        .optional(&[
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
        ])
        .optional(&["phone_number_verified", "address", "social_accounts"])
        .optional(&["address.formatted", "address.street_address", "address.locality", "address.region"])
        .optional(&["address.postal_code", "address.country"])
        .says("phone_number_verified", "With the scope `phone`")
        .says("address", "With the scope `address`")
}

fn profile_body() -> Body {
    described(Body::new("Profile", person()))
}

fn change() -> Body {
    Body::new(
        "ProfileChange",
        json!({
            "given_name": "Grace", "family_name": "Garden", "phone_number": "+33123456789", "locale": "fr",
            "picture_url": "https://elsewhere.example/me.jpg",
        }),
    )
    .all_optional()
    .nullable(&["given_name", "family_name", "phone_number", "locale", "picture_url"])
    .says("picture_url", "Never fetched; supersedes an uploaded photo")
}

fn changed() -> Body {
    let profile = json!({
        "given_name": "Grace", "family_name": "Garden", "phone_number": "+33123456789", "locale": "fr",
        "picture": "https://elsewhere.example/me.jpg", "updated_at": 1_763_720_000,
    });
    Body::new(
        "ProfileChanged",
        json!({ "success": true, "message": "Profile updated successfully", "profile": profile }),
    )
    .optional(&["profile.given_name", "profile.family_name", "profile.phone_number", "profile.locale"])
    .optional(&["profile.picture"])
}

fn address() -> Body {
    Body::new("PhotoAddress", json!({ "url": "https://elsewhere.example/me.jpg", "crop": "0,0,512" }))
        .optional(&["crop"])
        .says("url", "Fetched like an upload, where `photos.import_by_url` allows it")
}

fn photo_changed() -> Body {
    Body::new(
        "PhotoChanged",
        json!({
            "success": true,
            "message": "Profile photo updated successfully",
            "picture": "https://op.example/media/profile-photos/x3Zk/1763720000000-a1b2.jpg",
            "updated_at": 1_763_720_000,
        }),
    )
    .says("updated_at", "Unix seconds")
}

fn photo_removed() -> Body {
    Body::new(
        "PhotoRemoved",
        json!({ "success": true, "message": "Profile photo deleted successfully", "updated_at": 1_763_720_000 }),
    )
}
