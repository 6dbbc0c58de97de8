//! Names of objects and crop boxes. What pictures are made of is fuzzed in the photo room.

use photo::image::CropBox;
use photo::key::ObjectKey;
use photo::objects::Address;

#[test]
fn object_keys() {
    let words = &[
        "profile-photos/",
        "galleries/",
        "abc",
        "/",
        "..",
        ".jpg",
        "_512",
        "1800000000000-",
        "\\",
        "%2f",
        "//",
    ];
    fuzz!(words, |text| {
        if let Ok(key) = text.parse::<ObjectKey>() {
            assert_eq!(key.to_string(), text);
            // No segment leads out of its directory, whatever the store makes of it.
            let plain = |part: &str| !part.is_empty() && !part.starts_with('.');
            assert!(text.split('/').all(plain) && text.is_ascii() && !text.contains(['\\', '%', '?', '#']));
        }
    });
}

#[test]
fn crop_boxes_and_addresses() {
    let words = &[
        "0",
        ",",
        "1",
        "4294967295",
        "-1",
        "file://",
        "s3://",
        "ftp://",
        "gs://",
        "user:pw@",
        "host",
        ":21",
        "/dir",
        "?region=",
    ];
    fuzz!(words, |text| {
        let _ = text.parse::<CropBox>();
        let _ = text.parse::<Address>();
    });
}
