//! One method of one path.

use serde_json::{Map, Value, json};

use super::body::Body;

/// Who may ask.
#[derive(Clone, Copy)]
pub enum Who {
    /// A token with the scope.
    Bearer(&'static str),
    /// The same, with the scheme `Token` as well.
    Token(&'static str),
    /// A token with the scope, or the session of a browser.
    Caller(&'static str),
    /// The session of a browser, and no token.
    Session,
    /// Everybody.
    Anybody,
}

pub struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    who: Who,
    query: Vec<(&'static str, &'static str, Value)>,
    sent: Map<String, Value>,
    /// Bodies by name, and whether a form may say the same.
    sent_body: Vec<(&'static str, bool)>,
    may_be_empty: bool,
    answer: Answer,
    errors: &'static [u16],
}

enum Answer {
    Json(u16, &'static str),
    Image,
    /// 307, with `Location`.
    Elsewhere,
}

impl Operation {
    fn new(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            who: Who::Session,
            query: Vec::new(),
            sent: Map::new(),
            sent_body: Vec::new(),
            may_be_empty: false,
            answer: Answer::Image,
            errors: &[],
        }
    }

    pub fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("get", path, id, summary)
    }

    pub fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("post", path, id, summary)
    }

    pub fn put(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("put", path, id, summary)
    }

    pub fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new("delete", path, id, summary)
    }

    pub fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub fn query(mut self, name: &'static str, note: &'static str, example: Value) -> Self {
        self.query.push((name, note, example));
        self
    }

    /// A picture in the field `field` of a form; `further` are text fields that may be there too.
    pub fn form(mut self, field: &'static str, further: &[(&str, &str)]) -> Self {
        let file = "JPEG, PNG, GIF or WebP, at most 5 MiB by default";
        let mut properties = Map::new();
        properties
            .insert(field.to_owned(), json!({ "type": "string", "format": "binary", "description": file }));
        for (name, note) in further {
            properties.insert((*name).to_owned(), json!({ "type": "string", "description": note }));
        }
        let schema = json!({ "type": "object", "required": [field], "properties": properties });
        let mut example = json!({});
        example[field] = json!("(the bytes of me.jpg)");
        for (name, _) in further {
            example[*name] = json!(if *name == "crop" { "40,0,600" } else { "Me in my garden" });
        }
        let content = json!({ "schema": schema, "example": example });
        self.sent.insert("multipart/form-data".to_owned(), content);
        self
    }

    /// A JSON body by its name.
    pub fn json(mut self, body: &'static str) -> Self {
        self.sent_body.push((body, false));
        self
    }

    /// The same fields as JSON or as a form.
    pub fn fields(mut self, body: &'static str) -> Self {
        self.sent_body.push((body, true));
        self
    }

    /// A body that is none of JSON, and that may be missing.
    pub fn may_send(mut self, content_type: &str, schema: Value, example: Value) -> Self {
        self.sent.insert(content_type.to_owned(), json!({ "schema": schema, "example": example }));
        self.may_be_empty = true;
        self
    }

    pub fn answers(mut self, status: u16, body: &'static str) -> Self {
        self.answer = Answer::Json(status, body);
        self
    }

    pub fn leads_elsewhere(mut self) -> Self {
        self.answer = Answer::Elsewhere;
        self
    }

    pub fn fails(mut self, errors: &'static [u16]) -> Self {
        self.errors = errors;
        self
    }

    pub fn path(&self) -> &'static str {
        self.path
    }

    pub fn method(&self) -> &'static str {
        self.method
    }

    pub fn described(self, tag: &str, bodies: &[Body]) -> Value {
        let content = |name: &str| {
            let example = bodies.iter().find(|body| body.name() == name).map(Body::example);
            json!({ "schema": { "$ref": format!("#/components/schemas/{name}") }, "example": example })
        };
        let (status, answer) = match self.answer {
            Answer::Json(status, body) => {
                (status, json!({ "content": { "application/json": content(body) } }))
            }
            Answer::Image => (200, json!({ "content": { "image/jpeg": {} } })),
            Answer::Elsewhere => (
                307,
                json!({ "headers": { "Location": { "schema": { "type": "string", "format": "uri" } } } }),
            ),
        };
        let mut responses = Map::new();
        let mut named = answer;
        named["description"] = json!(self.summary);
        responses.insert(status.to_string(), named);
        for status in self.errors {
            responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Error" }));
        }
        // Whatever else may go wrong (405, 500) has the same body.
        responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Error" }));

        let in_path = self.path.split('{').skip(1).filter_map(|part| part.split('}').next());
        let mut parameters: Vec<Value> = in_path
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        parameters.extend(self.query.into_iter().map(|(name, note, example)| {
            let kind = if example.is_number() { "integer" } else { "string" };
            json!({ "name": name, "in": "query", "description": note, "schema": { "type": kind }, "example": example })
        }));
        let changes = self.method != "get";
        let mut operation = json!({
            "operationId": self.id,
            "tags": [tag],
            "summary": self.summary,
            "security": security(self.who, changes),
            "responses": responses,
        });
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        let mut sent = self.sent;
        for (name, as_form) in self.sent_body {
            sent.insert("application/json".to_owned(), content(name));
            if as_form {
                sent.insert("application/x-www-form-urlencoded".to_owned(), content(name));
            }
        }
        if !sent.is_empty() {
            operation["requestBody"] = json!({ "required": !self.may_be_empty, "content": sent });
        }
        operation
    }
}

fn security(who: Who, changes: bool) -> Value {
    let session = if changes { json!({ "session": [], "csrf": [] }) } else { json!({ "session": [] }) };
    match who {
        Who::Bearer(scope) => json!([{ "bearer": [scope] }]),
        Who::Token(scope) => json!([{ "bearer": [scope] }, { "token": [scope] }]),
        Who::Caller(scope) => json!([{ "bearer": [scope] }, session]),
        Who::Session => json!([session]),
        Who::Anybody => json!([]),
    }
}
