//! What every handler may need, in one place: given to actix as `web::Data<Core>`, composed once by the binary.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use keyring::{Passwords, Random, Ring};
use protocol::{Micros, SECOND};
use store::Store;

use crate::access::Cache;
use crate::client_document::Documents;
use crate::client_keys::ClientKeys;
use crate::client_use::Noted;
use crate::{Certificates, Clock, Outbound, PageError, Pictures, Refused, Site, StepUp, TrustedProxies};

pub struct Core {
    pub store: Store,
    pub ring: Ring,
    pub passwords: Passwords,
    pub random: Random,
    pub clock: Arc<dyn Clock>,
    pub site: Site,
    pub limits: Limits,
    pub pictures: Pictures,
    pub trusted_proxies: TrustedProxies,
    /// How the certificates of clients reach us.
    pub certificates: Certificates,
    /// How we ask others: `[outbound]`.
    pub outbound: Outbound,
    /// What changes by token demand of the sign-in behind it.
    pub step_up: Option<StepUp>,
    /// Where clients may be known by the address of their metadata.
    pub documents: Option<Documents>,
    pub(crate) accesses: Cache,
    pub(crate) client_keys: ClientKeys,
    pub(crate) noted: Noted,
}

/// Settings that several rooms share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A session ends when nobody used it for so long…
    pub session_idle: Micros,
    /// …and after so long in any case.
    pub session_max: Micros,
    /// How long a person may take for sign-in and consent.
    pub interaction: Micros,
    /// Living tokens that a person may have made for themselves; 0: none is made, and none is accepted.
    pub personal_tokens: i64,
    /// The longest life of one.
    pub personal_token_max: Micros,
    /// Whether DPoP proofs must carry a nonce of ours.
    pub dpop_nonces: bool,
}

impl Default for Limits {
    fn default() -> Self {
        const DAY: Micros = 24 * 60 * 60 * SECOND;
        Limits {
            session_idle: 14 * DAY,
            session_max: 90 * DAY,
            interaction: 60 * 60 * SECOND,
            personal_tokens: 20,
            personal_token_max: 365 * DAY,
            dpop_nonces: false,
        }
    }
}

impl Core {
    /// With the system's clock and randomness, and defaults for what is no decision; change fields before sharing it.
    pub fn new(store: Store, ring: Ring, site: Site, pictures: Pictures) -> Core {
        let random = Random::system();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Core {
            store,
            ring,
            passwords: Passwords::new(cores, 16 * cores, random.clone()),
            random,
            clock: Arc::new(crate::System),
            site,
            limits: Limits::default(),
            pictures,
            trusted_proxies: TrustedProxies::default(),
            certificates: Certificates::default(),
            outbound: Outbound::default(),
            step_up: None,
            documents: None,
            accesses: Cache::new(),
            client_keys: ClientKeys::new(),
            noted: Noted::default(),
        }
    }

    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    /// The core of the application that serves this request.
    pub fn of(request: &HttpRequest) -> Result<&Core, Refused> {
        let core = request.app_data::<web::Data<Core>>();
        core.map(|core| core.as_ref())
            .ok_or_else(|| PageError::internal("the application has no web::Core").into())
    }
}
