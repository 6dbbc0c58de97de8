//! A body of the API, written as an example; the schema follows from it.

use serde_json::{Map, Value, json};

/// Fields are named by their path: `images.0.caption` is `images.caption`.
pub struct Body {
    name: &'static str,
    example: Value,
    optional: Vec<String>,
    nullable: Vec<String>,
    maps: Vec<String>,
    below: &'static str,
    notes: Vec<(String, &'static str)>,
    open: bool,
}

impl Body {
    /// Every field of the example is always there and of the type that it has here.
    pub fn new(name: &'static str, example: Value) -> Self {
        let (optional, nullable, maps, notes) = Default::default();
        Self { name, example, optional, nullable, maps, notes, below: "", open: false }
    }

    /// What is said from now on is about the fields below this one.
    pub fn below(mut self, field: &'static str) -> Self {
        self.below = field;
        self
    }

    fn path(&self, field: &str) -> String {
        if self.below.is_empty() { field.to_owned() } else { format!("{}.{field}", self.below) }
    }

    /// These may be missing.
    pub fn optional(mut self, fields: &[&str]) -> Self {
        self.optional.extend(fields.iter().map(|field| self.path(field)).collect::<Vec<_>>());
        self
    }

    /// Everything may be missing.
    pub fn all_optional(mut self) -> Self {
        self.open = true;
        self
    }

    /// These may be null.
    pub fn nullable(mut self, fields: &[&str]) -> Self {
        self.nullable.extend(fields.iter().map(|field| self.path(field)).collect::<Vec<_>>());
        self
    }

    /// The names in these are data.
    pub fn maps(mut self, fields: &[&str]) -> Self {
        self.maps.extend(fields.iter().map(|field| self.path(field)).collect::<Vec<_>>());
        self
    }

    pub fn says(mut self, field: &str, note: &'static str) -> Self {
        self.notes.push((self.path(field), note));
        self
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn example(&self) -> &Value {
        &self.example
    }

    pub fn schema(&self) -> Value {
        self.of("", &self.example)
    }

    fn of(&self, path: &str, value: &Value) -> Value {
        let mut schema = match value {
            Value::Null => json!({ "type": "null" }),
            Value::Bool(is) if path == "success" => json!({ "type": "boolean", "const": is }),
            Value::Bool(_) => json!({ "type": "boolean" }),
            Value::Number(_) => json!({ "type": "integer" }),
            Value::String(text) => text_schema(text),
            Value::Array(items) => match items.first() {
                Some(item) => json!({ "type": "array", "items": self.of(path, item) }),
                None => json!({ "type": "array" }),
            },
            Value::Object(members) => self.of_object(path, members),
        };
        if self.nullable.iter().any(|field| field == path) {
            schema["type"] = json!([schema["type"], "null"]);
        }
        if let Some((_, note)) = self.notes.iter().find(|(field, _)| field == path) {
            schema["description"] = json!(note);
        }
        schema
    }

    fn of_object(&self, path: &str, members: &Map<String, Value>) -> Value {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        if self.maps.iter().any(|field| field == path) {
            let value = members.iter().next();
            let values = value.map_or_else(|| json!({}), |(name, value)| self.of(&below(name), value));
            return json!({ "type": "object", "additionalProperties": values });
        }
        let properties: Map<String, Value> =
            members.iter().map(|(name, value)| (name.clone(), self.of(&below(name), value))).collect();
        let required: Vec<&String> =
            members.keys().filter(|name| !self.open && !self.optional.contains(&below(name))).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }
}

fn text_schema(text: &str) -> Value {
    let is_time = text.len() > 10 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    match text {
        _ if text.starts_with("https://") => json!({ "type": "string", "format": "uri" }),
        _ if is_time => json!({ "type": "string", "format": "date-time" }),
        _ => json!({ "type": "string" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_follows_from_its_example() {
        let example = json!({
            "success": true, "at": "2026-11-21T10:00:00Z", "items": [{ "id": "a", "url": "https://a.example/" }],
            "sizes": { "48": 1 }, "note": "x",
        });
        let body = Body::new("B", example)
            .optional(&["items.url", "note"])
            .nullable(&["note"])
            .maps(&["sizes"])
            .says("note", "A word");
        let schema = body.schema();
        assert_eq!(schema["required"], json!(["at", "items", "sizes", "success"]));
        assert_eq!(schema["properties"]["success"]["const"], true);
        assert_eq!(schema["properties"]["at"]["format"], "date-time");
        assert_eq!(schema["properties"]["items"]["items"]["required"], json!(["id"]));
        assert_eq!(schema["properties"]["items"]["items"]["properties"]["url"]["format"], "uri");
        assert_eq!(schema["properties"]["sizes"]["additionalProperties"]["type"], "integer");
        assert_eq!(
            schema["properties"]["note"],
            json!({ "type": ["string", "null"], "description": "A word" })
        );
    }
}
