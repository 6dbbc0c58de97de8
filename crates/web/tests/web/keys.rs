//! Another node rotated, and its notice has not come: the first token by the new key is good here all the same.

use keyring::rotation::{Rules, Step, plan, rotate};
use keyring::{KeyRow, MasterKey, Purpose, Random, Ring, Token, generate};
use protocol::SigningAlg;
use store::keys::KeyChange;
use web::keys::to_stored;

use crate::house::{House, ISSUER, NOW};

const ALG: SigningAlg = SigningAlg::ES256;

/// What another node makes of a plan; the database sees it first, its own ring next, ours not yet.
async fn carry_out(house: &House, other: &Ring, steps: Vec<Step>) {
    let (master, random) = (MasterKey::from_bytes(&[4; 32]), Random::system());
    let changes = steps.into_iter().map(|step| match step {
        Step::Create { purpose, state } => {
            KeyChange::Insert(to_stored(generate(purpose, &master, &random).at(state, NOW)))
        }
        Step::Retire { id } => KeyChange::Retire { id, at: NOW },
        Step::Promote { id } => KeyChange::Promote { id, at: NOW },
        Step::Remove { id } => KeyChange::Delete { id },
    });
    house.core.store.change_keys(changes.collect()).await.unwrap();
    other.replace(&rows(house).await).unwrap();
}

async fn rows(house: &House) -> Vec<KeyRow> {
    web::keys::rows(&house.core.store).await.unwrap()
}

// S93
#[actix_web::test]
async fn a_key_that_this_node_has_not_heard_of_is_read_before_a_token_is_refused() {
    let new_ring = || Ring::new(ISSUER, MasterKey::from_bytes(&[4; 32]));
    let other = new_ring();
    let house = House::with(|core| core.ring = new_ring()).await;
    carry_out(&house, &other, plan(&[], &Rules::default(), NOW)).await;
    web::keys::reload(&house.core.store, &house.core.ring).await.unwrap();
    let grant = house.grant("u1", "openid").await;
    let signed = |ring: &Ring, kind| ring.sign(ALG, kind, &house.claims(&grant)).unwrap();

    // Twice at once, so that the key that signs now was made after this node looked.
    for _ in 0..2 {
        let steps = rotate(&rows(&house).await, Purpose::Signing(ALG));
        carry_out(&house, &other, steps).await;
    }
    let token = signed(&other, Token::Access);
    let known = |house: &House| String::from_utf8(house.core.ring.jwks_json().to_vec()).unwrap();
    let before = known(&house);
    assert!(house.core.ring.verify_access_token(&token, NOW).is_err(), "this node has not heard of it");

    // A kid that nobody has costs a look, and no reading of keys.
    let stranger = new_ring();
    let random = Random::system();
    let master = MasterKey::from_bytes(&[4; 32]);
    let made =
        Purpose::ALL.map(|purpose| generate(purpose, &master, &random).at(keyring::State::Current, NOW));
    stranger.replace(&made).unwrap();
    assert!(house.core.access(&signed(&stranger, Token::Access)).await.unwrap().is_none());
    assert_eq!(known(&house), before);

    let access = house.core.access(&token).await.unwrap().expect("a living token");
    assert_eq!(access.user_id.as_deref(), Some("u1"));
    assert_ne!(known(&house), before);

    // The same for a hint.
    for _ in 0..2 {
        let steps = rotate(&rows(&house).await, Purpose::Signing(ALG));
        carry_out(&house, &other, steps).await;
    }
    let hint = signed(&other, Token::Id);
    assert_eq!(house.core.id_token_hint(&hint).await.unwrap().expect("ours").sub, "u1");
    assert!(house.core.id_token_hint(&token).await.unwrap().is_none(), "S103");
}
