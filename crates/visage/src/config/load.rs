//! Merges defaults, file and environment into one table, refuses what it does not know, then types it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, Hidden, Shown, reference::settings};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    Environment(String),
}

/// The configuration and how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// Every value that holds, by dotted path.
    pub values: BTreeMap<String, (Value, Source)>,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is not valid TOML: {message}", path.display())]
    NotToml { path: PathBuf, message: String },
    #[error("unknown setting `{key}` in {origin}{}", suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Unknown { key: String, origin: String, suggestion: Option<String> },
    #[error("setting `{key}` ({origin}): {message}")]
    Invalid { key: String, origin: String, message: String },
    #[error("{0}")]
    Contradiction(String),
}

/// What a file is called when nobody names one.
const DEFAULT_FILE: &str = "visage.toml";

impl Loaded {
    /// `file`: what `--config` named, which must exist; otherwise `./visage.toml` if it is there.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut values = defaults();
        let path = match file {
            Some(path) => Some(path.to_owned()),
            None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()),
        };
        if let Some(path) = path {
            let text = std::fs::read_to_string(&path)
                .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
            let table: Table = toml::from_str(&text).map_err(|e| ConfigError::NotToml {
                path: path.clone(),
                message: e.to_string().trim().to_owned(),
            })?;
            flatten("", table, &mut |key, value| set(&mut values, key, value, Source::File(path.clone())))?;
        }
        for (variable, text) in environment {
            let Some(key) = key_of(&variable) else { continue };
            let value = parse(&text);
            match value {
                Value::Table(table) => flatten(&key, table, &mut |key, value| {
                    set(&mut values, key, value, Source::Environment(variable.clone()))
                })?,
                value => set(&mut values, key, value, Source::Environment(variable))?,
            }
        }
        let config = typed(&values)?;
        config.check()?;
        Ok(Self { config, values })
    }

    /// Nothing but defaults and what is given: for tests and the demo.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Result<Self, ConfigError> {
        let mut values = defaults();
        for (key, text) in pairs {
            set(
                &mut values,
                key.to_owned(),
                Value::String(text.clone()),
                Source::Environment(key.to_owned()),
            )?;
            if let Some(entry) = values.get_mut(key) {
                entry.0 = parse(&text);
            }
        }
        let config = typed(&values)?;
        config.check()?;
        Ok(Self { config, values })
    }
}

impl Config {
    /// Where client certificates come from, and whose word we take for that.
    fn check_certificates(&self) -> Result<(), ConfigError> {
        let server = &self.server;
        let contradiction = |why: &str| Err(ConfigError::Contradiction(why.to_owned()));
        if server.mtls_listen.is_some() && server.tls.certificate.is_none() {
            return contradiction("`server.mtls_listen` needs `server.tls.certificate` and `server.tls.key`");
        }
        if server.mtls_listen.is_some() && server.mtls_url.is_none() {
            return contradiction("`server.mtls_listen` needs `server.mtls_url`: how clients are to find it");
        }
        if server.client_certificate_header.is_some() && server.trusted_proxies.is_empty() {
            return contradiction(
                "`server.client_certificate_header` counts only from `server.trusted_proxies`, of which there are none",
            );
        }
        Ok(())
    }

    /// What no single value can know.
    fn check(&self) -> Result<(), ConfigError> {
        let tls = &self.server.tls;
        if tls.certificate.is_some() != tls.key.is_some() {
            return Err(ConfigError::Contradiction(
                "`server.tls.certificate` and `server.tls.key` go together: set both or neither".to_owned(),
            ));
        }
        if tls.certificate.is_some() && !self.server.public_url.issuer().starts_with("https://") {
            return Err(ConfigError::Contradiction(
                "with `server.tls` the listener speaks TLS alone: `server.public_url` must begin with https://"
                    .to_owned(),
            ));
        }
        self.check_certificates()?;
        if self.photos.stores.contains_key("default") {
            return Err(ConfigError::Contradiction(
                "`photos.stores.default` is another name for `photos.store`: write that one".to_owned(),
            ));
        }
        let upload_store = &self.photos.upload_store;
        if upload_store != "default" && !self.photos.stores.contains_key(upload_store) {
            return Err(ConfigError::Contradiction(format!(
                "`photos.upload_store`: there is no `[photos.stores.{upload_store}]`"
            )));
        }
        for name in self.photos.stores.keys() {
            if name.is_empty()
                || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            {
                return Err(ConfigError::Contradiction(format!(
                    "`photos.stores.{name}`: a store's name is lowercase letters, digits and hyphens"
                )));
            }
        }
        for (name, resource) in &self.resources {
            let wrong = |why| ConfigError::Contradiction(format!("`resources.{name}`: {why}"));
            let resource = resource
                .resource(name)
                .map_err(|_| wrong("a scope holds a character that is not allowed"))?;
            resource.check().map_err(wrong)?;
            let issuer = self.server.public_url.issuer();
            if resource.audience.trim_end_matches('/') == issuer {
                return Err(wrong("this is our own address: our APIs need no entry"));
            }
            if self.resources.iter().any(|(other, one)| other != name && one.audience == resource.audience) {
                return Err(wrong("another resource has the same audience"));
            }
        }
        for (name, issuer) in &self.issuers {
            let wrong = |why| ConfigError::Contradiction(format!("`issuers.{name}`: {why}"));
            let trusted =
                issuer.trusted(name).map_err(|_| wrong("a scope holds a character that is not allowed"))?;
            if trusted.scopes.is_empty() {
                return Err(wrong("without a scope its word gives nothing: name some in `scopes`"));
            }
            if issuer.issuer == self.server.public_url.issuer() {
                return Err(wrong("we are this issuer ourselves"));
            }
            if self.issuers.iter().any(|(other, one)| other != name && one.issuer == issuer.issuer) {
                return Err(wrong("another entry names the same issuer"));
            }
        }
        if let Some(bad) = self.oauth.changes_acr_values.iter().find(|acr| {
            acr.is_empty()
                || !acr.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        }) {
            return Err(ConfigError::Contradiction(format!(
                "`oauth.changes_acr_values`: `{bad}` is no class"
            )));
        }
        Ok(())
    }
}

fn defaults() -> BTreeMap<String, (Value, Source)> {
    settings()
        .filter(|setting| !setting.default.is_empty())
        .map(|setting| (setting.path(), (parse(setting.default), Source::Default)))
        .collect()
}

/// `VISAGE_DATABASE__URL` → `database.url`; without `__` (or with another prefix) it is not ours.
fn key_of(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix("VISAGE_")?;
    rest.contains("__").then(|| rest.to_lowercase().replace("__", "."))
}

/// A value as TOML; what is not TOML is a bare string.
fn parse(text: &str) -> Value {
    toml::from_str::<Table>(&format!("v = {text}"))
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Walks a table down to its values, giving each with its dotted path.
fn flatten(
    prefix: &str,
    table: Table,
    give: &mut impl FnMut(String, Value) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let path = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(inner) => flatten(&path, inner, give)?,
            value => give(path, value)?,
        }
    }
    Ok(())
}

fn set(
    values: &mut BTreeMap<String, (Value, Source)>,
    key: String,
    value: Value,
    source: Source,
) -> Result<(), ConfigError> {
    if !settings().any(|setting| setting.describes(&key)) {
        let suggestion = nearest(&key);
        return Err(ConfigError::Unknown { key, origin: source.to_string(), suggestion });
    }
    values.insert(key, (value, source));
    Ok(())
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(variable) => f.write_str(variable),
        }
    }
}

/// Types value by value first, so that an error names its setting, then the whole.
fn typed(values: &BTreeMap<String, (Value, Source)>) -> Result<Config, ConfigError> {
    let mut table = Table::new();
    for (path, (value, _)) in values {
        insert(&mut table, path, value.clone());
    }
    Value::Table(table).try_into().map_err(|e: toml::de::Error| blame(&e, values))
}

fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// The deserialiser ends its message with ``in `section.key` ``: we say it in front, with the source.
fn blame(error: &toml::de::Error, values: &BTreeMap<String, (Value, Source)>) -> ConfigError {
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default().to_owned();
    let key = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("in `")?.strip_suffix('`'))
        .unwrap_or("?")
        .to_owned();
    let found = values.get(&key);
    let origin = found.map_or_else(|| "not set".to_owned(), |(_, source)| source.to_string());
    let is_secret = settings().any(|setting| setting.shown == Shown::Not && setting.describes(&key));
    let message = if is_secret { "not a value of the right kind".to_owned() } else { in_words(&message) };
    ConfigError::Invalid { key, origin, message }
}

/// What serde says of Rust's types, for people who write TOML; our own types say it well themselves.
fn in_words(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return rest.replacen(", expected one of", " must be one of", 1).replacen(
            ", expected",
            " must be",
            1,
        );
    }
    if message.starts_with("invalid socket address") {
        return "must be an address with a port, such as 127.0.0.1:8080".to_owned();
    }
    let Some((_, expected)) = message
        .split_once(", expected ")
        .filter(|_| message.starts_with("invalid type") || message.starts_with("invalid value"))
    else {
        return message.to_owned();
    };
    let wanted = match expected.trim() {
        "usize" | "u8" | "u16" | "u32" | "u64" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list, such as [\"a\", \"b\"]",
        "socket address" => "an address with a port, such as 127.0.0.1:8080",
        "a string" | "path string" => "a text in quotation marks",
        other => other,
    };
    format!("must be {wanted}")
}

/// The setting whose name is closest, if it is close at all.
fn nearest(key: &str) -> Option<String> {
    settings()
        .map(|setting| setting.path())
        .map(|path| (distance(key, &path), path))
        .min()
        .filter(|(distance, path)| *distance <= 3.max(path.len() / 4))
        .map(|(_, path)| path)
}

/// Levenshtein, on the two rows that it needs.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

impl Hidden {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
