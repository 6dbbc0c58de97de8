//! What a configuration may say, and how it is refused.

use std::{io::Write, path::Path};

use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let mut at = tempfile::NamedTempFile::new().unwrap();
    at.write_all(file.as_bytes()).unwrap();
    load_path(at.path(), environment)
}

fn load_path(path: &Path, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    Loaded::load(Some(path), environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
    load(file, environment).unwrap_err().to_string()
}

#[test]
fn defaults_alone_are_a_configuration() {
    let config = load("", &[]).unwrap().config;
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url.issuer(), "http://localhost:8080");
    assert_eq!(config.database.url.expose(), "sqlite://data/visage.db");
    assert_eq!(config.photos.store, StoreUrl("file://data/photos".into()));
    assert_eq!(config.photos.delete_after.micros(), 10_000_000);
    assert_eq!(config.oauth.pkce, Pkce::Always);
    assert!(config.server.metrics_listen.is_none());
}

#[test]
fn the_environment_wins_over_the_file_and_bare_words_are_strings() {
    let file = "[server]\nlisten = '127.0.0.1:1'\n[photos.stores.eu]\nurl = 'gs://eu-photos'\n";
    let environment = [
        ("VISAGE_SERVER__LISTEN", "127.0.0.1:2"),
        ("VISAGE_DATABASE__URL", "postgres://visage:s3cret@db/visage"),
        ("VISAGE_DATABASE__AUTO_MIGRATE", "false"),
        ("VISAGE_SERVER__TRUSTED_PROXIES", "['10.0.0.0/8', '::1']"),
        ("VISAGE_PHOTOS__STORES__US__URL", "gs://us-photos"),
        ("VISAGE_TEST_POSTGRES_URL", "not ours: no two underscores"),
        ("OTHER__THING", "not ours"),
    ];
    let loaded = load(file, &environment).unwrap();
    assert_eq!(loaded.config.server.listen.port(), 2);
    assert!(!loaded.config.database.auto_migrate);
    assert_eq!(loaded.config.server.trusted_proxies.len(), 2);
    assert_eq!(loaded.config.photos.stores["eu"].url, StoreUrl("gs://eu-photos".into()));
    assert_eq!(loaded.config.photos.stores["us"].url, StoreUrl("gs://us-photos".into()));
}

#[test]
fn what_does_not_exist_is_refused_by_name() {
    let message = refusal("[server]\nlisten_on = 1\n", &[]);
    assert!(
        message.contains("`server.listen_on`") && message.contains("did you mean `server.listen`"),
        "{message}"
    );
    let message = refusal("", &[("VISAGE_OAUTH__PKZE", "always")]);
    assert!(message.contains("VISAGE_OAUTH__PKZE") && message.contains("`oauth.pkce`"), "{message}");
    let failure = crate::failure::Failure::from(load("[server]\nlistne = 1\n", &[]).unwrap_err()).to_string();
    assert!(failure.contains("`server.listen`? `visage"), "one mark ends a sentence: {failure}");
}

/// Settings of later versions: their documented default is what we do, and nothing else is quietly ignored.
#[test]
fn what_only_has_a_default_yet() {
    let file = "[oauth]\nresponse_types = ['code']\nregistration = 'closed'\n\
                [mail]\nurl = 'log:'\n";
    load(file, &[]).unwrap();
    let hybrid = [("VISAGE_OAUTH__RESPONSE_TYPES", "['code', 'id_token code']")];
    let kinds = load("", &hybrid).unwrap().config.oauth.response_types.0;
    let kinds: Vec<&str> = kinds.into_iter().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, ["code", "code id_token"]);
    for (variable, value, sentence) in [
        ("VISAGE_OAUTH__RESPONSE_TYPES", "['code', 'token']", "`token` is not a response type"),
        ("VISAGE_OAUTH__RESPONSE_TYPES", "[]", "one response type at least"),
        ("VISAGE_OAUTH__REGISTRATION", "everybody", "`everybody` must be closed, token or open"),
        ("VISAGE_MAIL__URL", "smtp://me:s3cret@mail.example", "sends no mail"),
    ] {
        let message = refusal("", &[(variable, value)]);
        assert!(message.contains(variable) && message.contains(sentence), "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}

/// In the words of somebody who writes TOML, not of somebody who writes Rust.
#[test]
fn a_value_of_the_wrong_kind() {
    for (variable, value, sentence) in [
        ("VISAGE_SERVER__WORKERS", "abc", "must be a whole number"),
        ("VISAGE_SERVER__WORKERS", "-1", "must be a whole number"),
        ("VISAGE_DATABASE__AUTO_MIGRATE", "yes", "must be true or false"),
        ("VISAGE_OAUTH__PKCE", "never", "`never` must be `always` or `public`"),
        ("VISAGE_SERVER__LISTEN", "8080", "127.0.0.1:8080"),
        ("VISAGE_SERVER__LISTEN", "localhost", "127.0.0.1:8080"),
        ("VISAGE_SERVER__TRUSTED_PROXIES", "10.0.0.1", "must be a list"),
        ("VISAGE_SESSION__IDLE", "14", "in quotation marks"),
    ] {
        let message = refusal("", &[(variable, value)]);
        assert!(message.contains(variable) && message.contains(sentence), "{message}");
    }
}

#[test]
fn a_wrong_value_names_its_setting_and_its_source() {
    let message = refusal("", &[("VISAGE_OAUTH__CODE_TTL", "soon")]);
    assert!(message.contains("oauth.code_ttl") && message.contains("VISAGE_OAUTH__CODE_TTL"), "{message}");
    assert!(message.contains("10s"), "says what it would like: {message}");
    let message = refusal("[server]\npublic_url = 'http://login.example.org'\n", &[]);
    assert!(message.contains("server.public_url") && message.contains("must be https"), "{message}");
    let message = refusal("[server]\npublic_url = 'https://login.example.org/auth'\n", &[]);
    assert!(message.contains("server.public_url"), "{message}");
    let message = refusal("[database]\nurl = 5\n", &[]);
    assert!(message.contains("database.url"), "{message}");
    let message = refusal("[photos]\nstore = 'http://x/y'\n", &[]);
    assert!(message.contains("photos.store") && message.contains("gs://"), "{message}");
    let message = refusal("[photos]\nstore = 'ftp://x/y'\n", &[]);
    assert!(message.contains("photos.store") && message.contains("names no user"), "{message}");
    let message = refusal("[photos.stores.eu]\nurl = 's3://b?endpoint=http://minio.example'\n", &[]);
    assert!(message.contains("photos.stores.eu.url") && message.contains("allow_http"), "{message}");
    let message = refusal("[photos]\nstore = 'ftp://me:s3cret@host/x?y'\n", &[]);
    assert!(message.contains("no query") && !message.contains("s3cret"), "{message}");
    let message = refusal("[photos.stores.eu]\npublic_url = 'https://x'\n", &[]);
    assert!(message.contains("url"), "a named store needs a URL: {message}");
}

#[test]
fn resources_and_details_are_read_or_refused() {
    let file = "[resources.reports]\naudience = 'https://reports.example'\nscopes = ['reports.read']\nformat = 'opaque'\n\
                introspection_client = 'api'\n[authorization_details.payment]\nwords = 'Pay {amount}'\nrequired = ['amount']\n";
    let config = load(file, &[]).unwrap().config;
    let resource = config.resources["reports"].resource("reports").unwrap();
    assert_eq!(
        (resource.format, resource.introspects.as_deref()),
        (protocol::TokenFormat::Opaque, Some("api"))
    );
    assert_eq!(config.authorization_details["payment"].detail_type("payment").required, ["amount"]);
    for (wrong, why) in [
        ("audience = 'reports'\nscopes = ['a']", "absolute URI"),
        ("audience = 'https://a.example'", "scopes"),
        ("audience = 'https://a.example'\nscopes = ['email']", "like ours"),
        ("audience = 'https://a.example'\nscopes = ['a']\nformat = 'opaque'", "introspects"),
        ("audience = 'http://localhost:8080/'\nscopes = ['a']", "our own"),
        ("audience = 'https://a.example'\nscopes = ['a']\nformat = 'xml'", "resources.a.format"),
    ] {
        let message = refusal(&format!("[resources.a]\n{wrong}\n"), &[]);
        assert!(message.contains(why), "{wrong}: {message}");
    }
    assert!(refusal("[authorization_details.payment]\nrequired = ['a']\n", &[]).contains("words"));
}

#[test]
fn durations() {
    let micros = |text: &str| text.parse::<Period>().map(Period::micros).ok();
    assert_eq!(micros("250ms"), Some(250_000));
    assert_eq!(micros("10s"), Some(10_000_000));
    assert_eq!(micros("5m"), Some(300_000_000));
    assert_eq!(micros("2h"), Some(7_200_000_000));
    assert_eq!(micros("30d"), Some(2_592_000_000_000));
    for wrong in ["", "10", "s", "-1s", "1.5s", "10 s", "99999999999999999999d", "40000d", "1w"] {
        assert_eq!(micros(wrong), None, "{wrong}");
    }
}

#[test]
fn show_hides_secrets() {
    let environment = [
        ("VISAGE_DATABASE__URL", "postgres://visage:s3cret@db/visage?sslmode=require"),
        ("VISAGE_KEYS__MASTER", "s3cret-master"),
        ("VISAGE_PHOTOS__STORE", "ftps://me:s3cret@ftp.example/photos"),
        ("VISAGE_PHOTOS__PASSWORD", "s3cret://that-looks-like-a-url"),
        ("VISAGE_PHOTOS__STORES__OLD__URL", "ftp://me:s3cret@old.example//srv/photos"),
        ("VISAGE_PHOTOS__STORES__OLD__PASSWORD", "s3cret"),
    ];
    let shown = format!("{:?}", shown(&load("", &environment).unwrap()));
    assert!(!shown.contains("s3cret"), "{shown}");
    for place in ["@db/visage", "@ftp.example/photos", "@old.example//srv/photos"] {
        assert!(shown.contains(place), "{shown}");
    }
    let debug = format!("{:?}", load("", &environment).unwrap().config);
    assert!(!debug.contains("s3cret"), "{debug}");
}

#[test]
fn every_setting_is_documented_once() {
    let mut paths: Vec<_> = settings().map(Setting::path).collect();
    let count = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), count);
    for setting in settings() {
        assert!(setting.meaning().ends_with('.'), "{} needs a sentence", setting.path());
    }
}

/// `docs/configuration.md` is generated: `visage config reference > docs/configuration.md`.
#[test]
fn the_reference_in_docs_is_the_one_we_generate() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        markdown(),
        "run: cargo run -- config reference > docs/configuration.md"
    );
}
