//! The effective configuration with secrets hidden: `visage config show`.

use std::collections::BTreeMap;

use toml::Value;
use url::Url;

use super::{Loaded, Shown, reference::settings};

/// Every value that holds, as TOML text by dotted path, with where it came from.
pub fn shown(loaded: &Loaded) -> BTreeMap<String, (String, String)> {
    loaded
        .values
        .iter()
        .map(|(path, (value, source))| {
            let setting = settings().find(|setting| setting.describes(path));
            let value = match setting.map_or(Shown::Not, |setting| setting.shown) {
                Shown::Whole => value.clone(),
                Shown::WithoutPassword => without_password(value),
                Shown::Not => stars(),
            };
            (path.clone(), (value.to_string(), source.to_string()))
        })
        .collect()
}

fn stars() -> Value {
    Value::String("********".to_owned())
}

fn without_password(value: &Value) -> Value {
    let Some(written) = value.as_str().filter(|text| text.contains("://") && !text.contains("password="))
    else {
        return stars();
    };
    if !written.contains('@') {
        return value.clone();
    }
    let Ok(mut url) = Url::parse(written) else { return stars() };
    if url.password().is_some() && url.set_password(Some("********")).is_err() {
        return stars();
    }
    Value::String(url.into())
}
