//! Secrets of clients: as a digest, since they only have to be compared, or sealed, where both sides sign with them
//! (`client_secret_jwt`). Always made by us, of 256 random bits (S108).

use protocol::Client;

use crate::{MasterKey, Random, Secret};

/// Gives a client a new secret, kept as its method of authentication wants it, and takes away what that method does not
/// want. The plain text is for the client alone, once.
pub fn give(client: &mut Client, master: &MasterKey, random: &Random) -> Option<Secret> {
    if !client.auth_method.signs_with_secret() {
        return give_compared(client, random);
    }
    let secret = random.secret();
    let sealed = master.seal(random, &place(client), secret.expose().as_bytes());
    client.sealed_secret = Some(sealed);
    client.secret_digest = None;
    Some(secret)
}

/// The same for methods to which a digest is enough.
pub fn give_compared(client: &mut Client, random: &Random) -> Option<Secret> {
    let secret = client.auth_method.has_secret().then(|| random.secret());
    client.secret_digest = secret.as_ref().map(|secret| secret.digest().to_vec());
    client.sealed_secret = None;
    secret
}

/// Whether what is kept is what the client's method of authentication wants.
pub fn is_kept(client: &Client) -> bool {
    let method = client.auth_method;
    client.sealed_secret.is_some() == method.signs_with_secret()
        && client.secret_digest.is_some() == (method.has_secret() && !method.signs_with_secret())
}

/// The secret of a client that signs with it.
pub fn open(client: &Client, master: &MasterKey) -> Option<Secret> {
    let plain = master.open(&place(client), client.sealed_secret.as_deref()?).ok()?;
    String::from_utf8(plain).ok().map(Secret::new)
}

/// A secret that is moved to another client's row does not open.
fn place(client: &Client) -> String {
    format!("client_secret:{}", client.id)
}

#[cfg(test)]
mod tests {
    use protocol::AuthMethod;

    use super::*;

    // S108
    #[test]
    fn each_method_keeps_its_secret_in_its_own_way() {
        let (master, random) = (MasterKey::from_bytes(&[7; 32]), Random::seeded(1));
        let mut client = Client::blank("c1", 0);
        for method in AuthMethod::ALL {
            client.auth_method = method;
            let secret = give(&mut client, &master, &random);
            assert!(is_kept(&client), "{method:?}");
            assert_eq!(secret.is_some(), method.has_secret());
            let opened = open(&client, &master).map(|secret| secret.expose().to_owned());
            let expected = secret.filter(|_| method == AuthMethod::SecretJwt);
            assert_eq!(opened, expected.map(|secret| secret.expose().to_owned()));
        }
        client.auth_method = AuthMethod::SecretJwt;
        assert!(!is_kept(&client) && give(&mut client, &master, &random).is_some());
        let moved = Client { id: "c2".into(), ..client.clone() };
        assert!(open(&moved, &master).is_none());
        assert!(open(&client, &MasterKey::from_bytes(&[8; 32])).is_none());
    }
}
