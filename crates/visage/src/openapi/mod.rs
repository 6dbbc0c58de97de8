//! The OpenAPI document of the JSON API: `visage openapi` and `/api/openapi.json`. One file a room.
//!
//! Bodies are written as examples, and their schemas are made from them ([`body`]), so that the two cannot differ. The
//! tests (tests/flows/api/openapi.rs) compare the document with the routes that are mounted, and each example with what
//! the running server answers. The protocol endpoints are not in it: their description is the discovery document, which
//! clients read by themselves.

mod admin;
mod body;
mod galleries;
mod operation;
mod pictures;
mod profile;
mod staged;
mod token_api;

use serde_json::{Map, Value, json};

use body::Body;
use operation::Operation;

/// What a room has to say.
struct Room {
    /// Operations of one heading, in the order in which one reads them.
    tag: &'static str,
    about: &'static str,
    operations: Vec<Operation>,
    bodies: Vec<Body>,
}

pub fn document(issuer: &str) -> Value {
    let rooms = [
        profile::room(),
        token_api::room(),
        staged::room(),
        galleries::room(),
        pictures::room(),
        admin::room(),
    ];
    let tags: Vec<Value> =
        rooms.iter().map(|room| json!({ "name": room.tag, "description": room.about })).collect();
    let mut bodies = vec![error()];
    let mut operations = Vec::new();
    for room in rooms {
        bodies.extend(room.bodies);
        operations.extend(room.operations.into_iter().map(|operation| (room.tag, operation)));
    }
    let mut paths = Map::new();
    for (tag, operation) in operations {
        let (path, method) = (operation.path().to_owned(), operation.method());
        let described = operation.described(tag, &bodies);
        if let Some(methods) = paths.entry(path).or_insert_with(|| json!({})).as_object_mut() {
            methods.insert(method.to_owned(), described);
        }
    }
    let schemas: Map<String, Value> =
        bodies.iter().map(|body| (body.name().to_owned(), body.schema())).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Visage: profile, photos and galleries",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Read and change a person's profile, photos and galleries. Every error has the same body; its \
                            sentence follows `Accept-Language` (English, French). A slash at the end of a path may be \
                            left out.",
        },
        "servers": [{ "url": issuer }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(issuer),
            "schemas": schemas,
            "responses": {
                "Error": {
                    "description": "What went wrong, as a code for programs and a sentence for people.",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
                },
            },
        },
    })
}

fn error() -> Body {
    Body::new(
        "Error",
        json!({ "success": false, "error": "photo_too_large", "message": "The photo is larger than 5 MB." }),
    )
    .says("error", "Machine code")
    .says("message", "One sentence, in the language asked for")
}

fn security_schemes(issuer: &str) -> Value {
    json!({
        "bearer": {
            "type": "openIdConnect",
            "openIdConnectUrl": format!("{issuer}/.well-known/openid-configuration"),
            "description": "An access token, or a token that a person made on the account page: `Authorization: Bearer …`",
        },
        "token": {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "The same tokens as `Authorization: Token …`",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "visage_session",
            "description": "The session of a signed-in browser (`__Host-visage_session` over https)",
        },
        "csrf": {
            "type": "apiKey", "in": "header", "name": "X-CSRFToken",
            "description": "Beside a session, for what changes something: the token of the page, here or as the field `csrfmiddlewaretoken`",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
        let document = document("https://op.example");
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#/").skip(1) {
            let pointer = format!("/{}", part.split('"').next().unwrap());
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
        let mut names: Vec<&str> = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|methods| methods.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for schema in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(
                text.contains(&format!("#/components/schemas/{schema}\"")),
                "nothing has the body {schema}"
            );
        }
    }
}
