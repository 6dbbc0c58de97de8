//! Which key comes next, as a plan that somebody else carries out: next → current → previous → gone.
//!
//! A key is published (`next`) before its first signature for as long as anybody may keep a copy of the JWKS, and stays
//! published (`previous`) as long as anything that it signed may be shown (S93).

use protocol::{Micros, SECOND};

use crate::{KeyRow, Purpose, State};

/// How long others may keep our JWKS: its `max-age`.
pub const JWKS_MAX_AGE: Micros = 60 * SECOND;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A next key signs nothing before it was published that long.
    pub publish_before: Micros,
    /// Then the next one takes over by itself.
    pub sign_for: Micros,
    /// Longer than anything lives that the key signed.
    pub keep_for: Micros,
}

impl Default for Rules {
    fn default() -> Self {
        const DAY: Micros = 24 * 60 * 60 * SECOND;
        Rules { publish_before: JWKS_MAX_AGE, sign_for: 90 * DAY, keep_for: 7 * DAY }
    }
}

/// One change to the rows. In the order given, each leaves at most one current and one next key a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The current key signs no more and stays published.
    Retire { id: String },
    /// The next key signs from now on.
    Promote { id: String },
    /// Make a key ([`crate::generate`]) and store it in this state.
    Create { purpose: Purpose, state: State },
    /// Nothing that the key signed is of use any more.
    Remove { id: String },
}

/// What is due now, first start and routine alike. Empty most of the time.
pub fn plan(keys: &[KeyRow], rules: &Rules, now: Micros) -> Vec<Step> {
    let mut steps: Vec<Step> = keys
        .iter()
        .filter(|key| key.state == State::Previous)
        .filter(|key| key.retired_at.is_none_or(|at| at + rules.keep_for <= now))
        .map(|key| Step::Remove { id: key.id.clone() })
        .collect();
    for purpose in Purpose::ALL {
        match find(keys, purpose, State::Current) {
            None => steps.extend(first(keys, purpose)),
            Some(current) => {
                let old = current.current_at.unwrap_or(current.created_at) + rules.sign_for <= now;
                if purpose.rotates() && old && ready_at(keys, purpose, rules).is_some_and(|at| at <= now) {
                    steps.extend(rotate(keys, purpose));
                } else if purpose.rotates() && find(keys, purpose, State::Next).is_none() {
                    steps.push(Step::Create { purpose, state: State::Next });
                }
            }
        }
    }
    steps
}

/// The next key takes over at once and a new next one is made: what `visage keys rotate` asks for.
/// Nobody's verification fails if it is done at [`ready_at`] or later.
pub fn rotate(keys: &[KeyRow], purpose: Purpose) -> Vec<Step> {
    if !purpose.rotates() {
        return Vec::new();
    }
    let (Some(current), Some(next)) = (find(keys, purpose, State::Current), find(keys, purpose, State::Next))
    else {
        return first(keys, purpose);
    };
    vec![
        Step::Retire { id: current.id.clone() },
        Step::Promote { id: next.id.clone() },
        Step::Create { purpose, state: State::Next },
    ]
}

/// From when on the next key may sign without anyone being surprised: no copy of the JWKS without it is of use any
/// more. A key that was published together with the first ones is ready at once, since no copy without it exists.
pub fn ready_at(keys: &[KeyRow], purpose: Purpose, rules: &Rules) -> Option<Micros> {
    let next = find(keys, purpose, State::Next)?;
    let first = keys.iter().map(|key| key.created_at).min()?;
    let together = next.created_at <= first;
    Some(if together { next.created_at } else { next.created_at + rules.publish_before })
}

/// A purpose without a current key: the next one takes its place, or both are made.
fn first(keys: &[KeyRow], purpose: Purpose) -> Vec<Step> {
    let current = match find(keys, purpose, State::Next) {
        Some(next) => Step::Promote { id: next.id.clone() },
        None => Step::Create { purpose, state: State::Current },
    };
    let next = Step::Create { purpose, state: State::Next };
    if purpose.rotates() { vec![current, next] } else { vec![current] }
}

fn find(keys: &[KeyRow], purpose: Purpose, state: State) -> Option<&KeyRow> {
    keys.iter().find(|key| key.purpose == purpose && key.state == state)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::SigningAlg;

    use super::*;

    const RULES: Rules =
        Rules { publish_before: 60 * SECOND, sign_for: 1000 * SECOND, keep_for: 700 * SECOND };

    fn apply(keys: &mut Vec<KeyRow>, steps: Vec<Step>, now: Micros, made: &mut u32) {
        for step in steps {
            match step {
                Step::Create { purpose, state } => {
                    *made += 1;
                    keys.push(KeyRow {
                        id: made.to_string(),
                        purpose,
                        state,
                        sealed: Vec::new(),
                        public_jwk: String::new(),
                        created_at: now,
                        current_at: (state == State::Current).then_some(now),
                        retired_at: None,
                    });
                }
                Step::Promote { id } => {
                    let key = keys.iter_mut().find(|key| key.id == id).unwrap();
                    assert_eq!(key.state, State::Next);
                    (key.state, key.current_at) = (State::Current, Some(now));
                }
                Step::Retire { id } => {
                    let key = keys.iter_mut().find(|key| key.id == id).unwrap();
                    assert_eq!(key.state, State::Current);
                    (key.state, key.retired_at) = (State::Previous, Some(now));
                }
                Step::Remove { id } => keys.retain(|key| key.id != id),
            }
            for purpose in Purpose::ALL {
                for state in [State::Next, State::Current] {
                    let count = keys.iter().filter(|k| k.purpose == purpose && k.state == state).count();
                    assert!(count <= 1, "the database would refuse a second {state:?} key");
                }
            }
        }
    }

    #[test]
    fn the_first_start_makes_everything() {
        let (mut keys, mut made) = (Vec::new(), 0);
        apply(&mut keys, plan(&[], &RULES, 0), 0, &mut made);
        assert_eq!(keys.len(), 11, "current and next of five purposes, and the pairwise key");
        assert!(plan(&keys, &RULES, 1).is_empty());
        let es256 = Purpose::Signing(SigningAlg::ES256);
        assert_eq!(ready_at(&keys, es256, &RULES), Some(0), "nobody has a copy without it");
        let steps = rotate(&keys, es256);
        apply(&mut keys, steps, 5, &mut made);
        assert_eq!(ready_at(&keys, es256, &RULES), Some(5 + RULES.publish_before));
    }

    proptest! {
            // S93, I12: whatever the times, a key that signs was published long enough before, and one that signed stays
            // published long enough after.
            #[test]
            fn every_signature_verifies_for_those_who_keep_copies(pauses in prop::collection::vec((0..900_i64, any::<bool>()), 1..40)) {
                let (mut keys, mut made, mut now) = (Vec::new(), 0, 0);
                apply(&mut keys, plan(&[], &RULES, now), now, &mut made);
                for (pause, by_hand) in pauses {
                    now += pause * SECOND;
                    let signers: Vec<KeyRow> = keys.iter().filter(|key| key.state == State::Current).cloned().collect();
                    let steps = plan(&keys, &RULES, now);
    apply(&mut keys, steps, now, &mut made);
                    let purpose = Purpose::Signing(SigningAlg::RS256);
                    if by_hand && ready_at(&keys, purpose, &RULES).is_some_and(|at| at <= now) {
                        let steps = rotate(&keys, purpose);
    apply(&mut keys, steps, now, &mut made);
                    }
                    for key in &signers {
                        prop_assert!(keys.iter().any(|kept| kept.id == key.id), "a signer vanished at once");
                    }
                    for key in &keys {
                        if let (Some(current_at), true) = (key.current_at, key.created_at > 0) {
                            prop_assert!(current_at - key.created_at >= RULES.publish_before);
                        }
                    }
                    for purpose in Purpose::ALL {
                        let current = keys.iter().filter(|k| k.purpose == purpose && k.state == State::Current);
                        prop_assert_eq!(current.count(), 1);
                    }
                }
            }
        }
}
