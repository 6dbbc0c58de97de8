//! The OpenAPI document of the JSON API: `visage openapi` and `/api/openapi.json`. A test calls every route that it names.
//!
//! The protocol endpoints are not in it: their description is the discovery document, which clients read by themselves.

use serde_json::{Value, json};

pub fn document(issuer: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Visage: profile and photo",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Read and change a person's profile and photo with an access token. \
                            Every error has the same body; its sentence follows `Accept-Language` (English, French).",
        },
        "servers": [{ "url": issuer }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": format!("{issuer}/.well-known/openid-configuration"),
                },
            },
            "schemas": schemas(),
            "responses": {
                "Error": {
                    "description": "What went wrong, as a code for programs and a sentence for people.",
                    "content": { "application/json": { "schema": reference("Error") } },
                },
            },
        },
    })
}

fn paths() -> Value {
    json!({
        "/api/auth/userinfo": {
            "get": userinfo("userinfo", "The claims that the token's scopes allow"),
            "post": userinfo_by_post(),
        },
        "/api/auth/profile": {
            "get": operation("profile", "The profile", &["profile"], None, "Profile", &[401, 403, 503]),
            "put": operation(
                "changeProfile",
                "Changes what is sent and keeps the rest",
                &["profile"],
                Some(json!({ "application/json": { "schema": reference("ProfileChange") } })),
                "ProfileChanged",
                &[400, 401, 403, 413, 503],
            ),
        },
        "/api/auth/profile/photo": {
            "post": operation(
                "changePhoto",
                "Uploads a photo and applies it: all or nothing",
                &["profile"],
                Some(json!({
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "required": ["photo"],
                            "properties": {
                                "photo": {
                                    "type": "string",
                                    "format": "binary",
                                    "description": "JPEG, PNG, GIF or WebP, at most 5 MiB by default",
                                },
                                "crop": {
                                    "type": "string",
                                    "description": "x,y,side in pixels after orientation; without it the centre square",
                                    "pattern": "^[0-9]+,[0-9]+,[0-9]+$",
                                },
                            },
                        },
                    },
                })),
                "PhotoChanged",
                &[400, 401, 403, 429, 503],
            ),
            "delete": operation("removePhoto", "Removes the photo", &["profile"], None, "PhotoRemoved", &[401, 403, 503]),
        },
    })
}

fn userinfo(id: &str, summary: &str) -> Value {
    operation(id, summary, &["openid"], None, "UserInfo", &[400, 401, 403, 503])
}

/// RFC 6750, section 2.2: the token may be in the body instead of the header, so neither is required.
fn userinfo_by_post() -> Value {
    let mut operation =
        userinfo("userinfoByPost", "The same; the token may be the form field `access_token`");
    operation["requestBody"] = json!({
        "required": false,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "access_token": { "type": "string", "description": "Only without the header `Authorization`" },
                    },
                },
            },
        },
    });
    operation
}

fn operation(
    id: &str,
    summary: &str,
    scopes: &[&str],
    body: Option<Value>,
    answer: &str,
    errors: &[u16],
) -> Value {
    let mut responses = serde_json::Map::new();
    responses.insert(
        "200".to_owned(),
        json!({ "description": summary, "content": { "application/json": { "schema": reference(answer) } } }),
    );
    for status in errors {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Error" }));
    }
    // Whatever else may go wrong (405, 500) has the same body.
    responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Error" }));
    let mut operation = json!({
        "operationId": id,
        "summary": summary,
        "security": [{ "bearer": scopes }],
        "responses": responses,
    });
    if let Some(content) = body {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn schemas() -> Value {
    let seconds = json!({ "type": "integer", "description": "Unix seconds" });
    let text = json!({ "type": "string" });
    let is_success = json!({ "type": "boolean", "const": true });
    let profile = json!({
        "sub": text, "name": text, "given_name": text, "family_name": text, "locale": text,
        "email": { "type": "string", "description": "With the scope `email`" },
        "email_verified": { "type": "boolean", "description": "With the scope `email`" },
        "phone_number": { "type": "string", "description": "With the scope `phone`" },
        "picture": { "type": "string", "format": "uri", "description": "Answers 200 with an image, without authentication" },
        "updated_at": seconds,
        "user_type": { "type": "string", "description": "A word that an administrator sets" },
        "is_active": { "type": "boolean" },
        "created_at": seconds,
    });
    let mut userinfo = profile.clone();
    for name in [
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
    ] {
        userinfo[name] = text.clone();
    }
    userinfo["phone_number_verified"] = json!({ "type": "boolean", "description": "With the scope `phone`" });
    userinfo["address"] = json!({
        "type": "object",
        "description": "With the scope `address`",
        "properties": {
            "formatted": text, "street_address": text, "locality": text, "region": text, "postal_code": text,
            "country": text,
        },
    });
    userinfo["social_accounts"] = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "provider": text, "provider_type": text, "linked_at": seconds },
        },
    });
    json!({
        "Error": {
            "type": "object",
            "required": ["success", "error", "message"],
            "properties": {
                "success": { "type": "boolean", "const": false },
                "error": { "type": "string", "description": "Machine code" },
                "message": { "type": "string", "description": "One sentence, in the language asked for" },
            },
        },
        "UserInfo": { "type": "object", "required": ["sub"], "properties": userinfo },
        "Profile": { "type": "object", "required": ["sub"], "properties": profile },
        "ProfileChange": {
            "type": "object",
            "properties": {
                "given_name": text, "family_name": text, "phone_number": text, "locale": text,
                "picture_url": { "type": "string", "format": "uri", "description": "Never fetched; supersedes an uploaded photo" },
            },
        },
        "ProfileChanged": {
            "type": "object",
            "required": ["success", "message", "profile"],
            "properties": { "success": is_success, "message": text, "profile": { "type": "object", "properties": profile } },
        },
        "PhotoChanged": {
            "type": "object",
            "required": ["success", "message", "picture", "updated_at"],
            "properties": {
                "success": is_success, "message": text,
                "picture": { "type": "string", "format": "uri" },
                "updated_at": seconds,
            },
        },
        "PhotoRemoved": {
            "type": "object",
            "required": ["success", "message", "updated_at"],
            "properties": { "success": is_success, "message": text, "updated_at": seconds },
        },
    })
}
