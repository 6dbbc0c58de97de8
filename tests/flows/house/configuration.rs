//! The example configuration in `deploy/` loads, and says nothing that is not so.

use std::path::Path;

use visage::config::Loaded;

#[test]
fn the_example_in_deploy_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/visage.toml");
    let loaded = Loaded::load(Some(&path), []).expect("deploy/visage.toml is a configuration");
    assert!(loaded.config.server.public_url.issuer().starts_with("https://"), "an example for production");
}

/// Every setting that the example shows, commented out or not, exists.
#[test]
fn the_example_in_deploy_names_real_settings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/visage.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches('#').trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            let path = format!("{section}.{key}");
            assert!(visage::config::settings().any(|s| s.describes(&path)), "{path} is no setting");
        }
    }
}
