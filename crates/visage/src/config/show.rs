//! The effective configuration with secrets hidden: `visage config show`.

use std::collections::BTreeMap;

use toml::Value;
use url::Url;

use super::{Loaded, reference::settings};

/// Every value that holds, as TOML text by dotted path, with where it came from.
pub fn shown(loaded: &Loaded) -> BTreeMap<String, (String, String)> {
    loaded
        .values
        .iter()
        .map(|(path, (value, source))| {
            let is_secret = settings().any(|setting| setting.is_secret && setting.describes(path));
            let value = if is_secret { hidden(value) } else { value.clone() };
            (path.clone(), (value.to_string(), source.to_string()))
        })
        .collect()
}

/// A URL loses its password only: that it names the right host is what one looks here for.
fn hidden(value: &Value) -> Value {
    let stars = || Value::String("********".to_owned());
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
