//! Many photos, made quickly: rows and objects written as an upload would leave them.

use std::path::Path;

use futures_util::{StreamExt, stream};
use protocol::Micros;
use store::{
    Store,
    pictures::{Picture, object_keys, state},
    users::{User, profile_album},
};
use web::{Clock, System};

const AT_ONCE: usize = 64;

/// `count` people with a photo each, and here and there one that waits, one that was kept and one in a gallery. Gives
/// the keys of all objects.
pub async fn make(store: &Store, photos: &Path, count: usize) -> Vec<String> {
    let now = System.now() - 600_000_000;
    let people = (0..count).map(|number| async move {
        let id = format!("p{number:05}");
        let mut rows = vec![picture(
            &id,
            &id,
            state::CURRENT,
            if number % 20 == 0 { "512,256,96,48" } else { "96" },
            now,
        )];
        if number % 50 == 0 {
            rows.push(picture(&format!("{id}-s"), &id, state::STAGED, "96", now));
            rows.push(picture(&format!("{id}-k"), &id, state::KEPT, "96", now));
            let album_id = Some(format!("gallery:{id}"));
            let (purpose, key_base) = ("gallery".to_owned(), format!("galleries/s{id}/1-{id}g"));
            let (width, height) = (Some(96), Some(72));
            let row = picture(&format!("{id}-g"), &id, state::CURRENT, "96", now);
            rows.push(Picture { album_id, purpose, key_base, width, height, ..row });
        }
        let keys: Vec<String> = rows.iter().flat_map(|row| object_keys(&row.key_base, &row.sizes)).collect();
        for (place, key) in keys.iter().enumerate() {
            let path = photos.join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, jpeg(96, number * 4 + place)).unwrap();
        }
        store.insert_user(person(&id, now)).await.unwrap();
        for row in rows {
            store.stage_picture(row).await.unwrap();
        }
        keys
    });
    stream::iter(people).buffer_unordered(AT_ONCE).concat().await
}

fn person(id: &str, now: Micros) -> User {
    User {
        id: id.to_owned(),
        storage_id: format!("s{id}"),
        email: format!("{id}@example.org"),
        email_verified: true,
        password_hash: None,
        password_changed_at: None,
        name: Some(id.to_owned()),
        given_name: None,
        family_name: None,
        phone_number: None,
        phone_number_verified: false,
        locale: None,
        claims: "{}".to_owned(),
        user_type: None,
        is_active: true,
        is_admin: false,
        picture_id: Some(id.to_owned()),
        picture_url: None,
        created_at: now,
        updated_at: now,
    }
}

fn picture(id: &str, owner: &str, state: &str, sizes: &str, now: Micros) -> Picture {
    Picture {
        id: id.to_owned(),
        user_id: Some(owner.to_owned()),
        client_id: None,
        sid: None,
        album_id: (state != state::STAGED).then(|| profile_album(owner)),
        purpose: "profile".to_owned(),
        state: state.to_owned(),
        store: "default".to_owned(),
        key_base: format!("profile-photos/s{owner}/1-{}", id.replace('-', "x")),
        sizes: sizes.to_owned(),
        bytes: 600,
        thumbhash: String::new(),
        original_filename: format!("{id}.jpg"),
        uploaded_at: now,
        confirmed_at: (state != state::STAGED).then_some(now),
        superseded_at: (state == state::KEPT).then_some(now),
        position: None,
        caption: None,
        width: None,
        height: None,
        removed_reason: None,
    }
}

/// A small picture of one colour.
pub fn jpeg(side: u16, number: usize) -> Vec<u8> {
    let [.., a, b, c] = number.to_be_bytes();
    let pixels = [a.wrapping_mul(16), b.wrapping_mul(16), c].repeat(usize::from(side) * usize::from(side));
    let mut out = Vec::new();
    jpeg_encoder::Encoder::new(&mut out, 80)
        .encode(&pixels, side, side, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    out
}
