//! Style sheet, modules and pictures: embedded in the binary, served under URLs that carry a hash of the content,
//! so that they may be cached for ever.

use std::{borrow::Cow, sync::LazyLock};

/// One file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// Path on our host: `/assets/visage-0123456789abcdef.css`.
    pub path: String,
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
}

/// What goes with every asset: the URL changes when the content does.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// By its full path; `None` is a 404 (a hash of an older version, too).
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// Where a file of `assets/` is served; used by templates and by pages of other rooms.
pub(crate) fn path(name: &str) -> &'static str {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let asset = ASSETS.iter().find(|asset| {
        asset.path.strip_prefix("/assets/").and_then(|p| p.strip_prefix(stem)).is_some_and(|rest| {
            rest.len() == 18 + extension.len() && rest.starts_with('-') && rest.ends_with(extension)
        })
    });
    debug_assert!(asset.is_some(), "no asset {name}");
    asset.map_or("/assets/missing", |asset| asset.path.as_str())
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets = vec![
        asset("check-session.js", JAVASCRIPT, include_bytes!("../assets/check-session.js")),
        asset("form-post.js", JAVASCRIPT, include_bytes!("../assets/form-post.js")),
        asset("forms.js", JAVASCRIPT, include_bytes!("../assets/forms.js")),
        asset("icon.svg", SVG, include_bytes!("../assets/icon.svg")),
        asset("signed-out.js", JAVASCRIPT, include_bytes!("../assets/signed-out.js")),
        asset("visage.css", "text/css; charset=utf-8", include_bytes!("../assets/visage.css")),
    ];
    // What is imported stands before what imports it.
    for (name, source) in [
        ("copy.js", include_str!("../assets/copy.js")),
        ("upload.js", include_str!("../assets/upload.js")),
        ("crop.js", include_str!("../assets/crop.js")),
        ("photo.js", include_str!("../assets/photo.js")),
        ("gallery.js", include_str!("../assets/gallery.js")),
    ] {
        let module = module(name, source, &assets);
        assets.push(module);
    }
    assets
});

fn asset(name: &str, content_type: &'static str, bytes: impl Into<Cow<'static, [u8]>>) -> Asset {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let bytes = bytes.into();
    let path = format!("/assets/{stem}-{:016x}.{extension}", fnv1a(&bytes));
    Asset { path, content_type, bytes }
}

/// A module imports others by their plain names, `from './crop.js'`; what is served names them with their hash, so that a
/// module that changed changes those that import it too.
fn module(name: &str, source: &'static str, earlier: &[Asset]) -> Asset {
    let mut text = source.to_owned();
    for other in earlier {
        let file = other.path.trim_start_matches("/assets/");
        if let Some((stem, rest)) = file.rsplit_once('-') {
            let extension = rest.rsplit_once('.').map_or("", |(_, extension)| extension);
            text = text.replace(&format!("'./{stem}.{extension}'"), &format!("'./{file}'"));
        }
    }
    asset(name, JAVASCRIPT, text.into_bytes())
}

/// FNV-1a: tells versions of our own files apart; nobody chooses their content to collide.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Next to the rendered samples, so that a plain file server shows them.
    pub fn write_all(folder: &Path) {
        fs::create_dir_all(folder.join("assets")).expect("a folder for assets");
        for asset in ASSETS.iter() {
            fs::write(folder.join(&asset.path[1..]), &asset.bytes).expect("an asset");
        }
    }

    #[test]
    fn every_asset_is_found_by_its_hashed_path_only() {
        for asset in ASSETS.iter() {
            assert!(find(&asset.path).is_some_and(|found| found.bytes == asset.bytes));
            assert!(!asset.bytes.is_empty());
        }
        assert!(find("/assets/visage.css").is_none());
        assert!(find("/assets/../Cargo.toml").is_none());
        assert!(path("visage.css").starts_with("/assets/visage-"));
    }

    #[test]
    fn every_import_finds_its_module() {
        for asset in ASSETS.iter() {
            let text = String::from_utf8_lossy(&asset.bytes);
            for (_, import) in
                text.match_indices("from './").map(|(at, found)| (at, &text[at + found.len()..]))
            {
                let file = import.split('\'').next().expect("a name");
                assert!(find(&format!("/assets/{file}")).is_some(), "{} imports {file}", asset.path);
            }
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in ASSETS.iter() {
            let text = String::from_utf8_lossy(&asset.bytes);
            let foreign = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!foreign.contains("http:") && !foreign.contains("https:"), "{}", asset.path);
        }
    }
}
