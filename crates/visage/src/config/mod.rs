//! The configuration: one typed struct, filled from defaults, then `visage.toml`, then `VISAGE_SECTION__KEY`.
//!
//! Rooms never see it: `compose` hands each its own small settings. `section` declares settings, `load` merges the
//! sources, `reference` prints what there is, `show` prints what holds.

mod issuers;
mod load;
mod reference;
mod resources;
mod section;
mod show;
mod types;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::Deserialize;

pub use issuers::PeopleBy;
pub use load::{ConfigError, Loaded, Source};
pub use reference::{SECTIONS, markdown, settings};
pub use resources::{Profile, TokenFormat};
use section::section;
pub use section::{Section, Setting, Shown};
pub use show::shown;
pub use types::{
    BaseUrl, DefaultPicture, ForwardedHeader, HeaderName, Hidden, KeepVersions, LogFormat, MailUrl, Network,
    Period, Pkce, PublicUrl, Registration, ResponseTypes, StoreUrl,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    pub photos: Photos,
    pub oauth: OAuth,
    pub session: Session,
    pub cache: Cache,
    pub outbound: Outbound,
    /// By name; empty where there are none.
    #[serde(default)]
    pub resources: BTreeMap<String, NamedResource>,
    /// By type.
    #[serde(default)]
    pub authorization_details: BTreeMap<String, NamedDetail>,
    /// By name.
    #[serde(default)]
    pub issuers: BTreeMap<String, NamedIssuer>,
    pub events: Events,
    pub mail: Mail,
    pub logs: Logs,
}

section! {
    /// Where we listen and what we are called.
    Server = "server" {
        /// Address and port of the listener.
        listen: SocketAddr = "127.0.0.1:8080",
        /// The issuer, as everybody outside sees it: scheme, host and port, without a path. Must be https outside
        /// loopback. The Host header of a request never makes a URL.
        public_url: PublicUrl = "http://localhost:8080",
        /// Address of a second listener for Prometheus metrics (`/metrics`) and health; off when not set. Keep it
        /// away from the public.
        metrics_listen: Option<SocketAddr> = "",
        /// Whom people write to who found a hole, a URI such as `mailto:security@example.org`: then there is a
        /// `/.well-known/security.txt`.
        security_contact: Option<String> = "",
        /// Networks of proxies that are believed when they say who asks, such as `["10.0.0.0/8"]`.
        trusted_proxies: Vec<Network> = "[]",
        /// The one header in which they say it: `x-forwarded-for` or `forwarded`. The other one is not looked at.
        forwarded_header: ForwardedHeader = "x-forwarded-for",
        /// The issuer's other address, at which clients are asked for a certificate (RFC 8705): scheme, host and port, such as
        /// `https://mtls.login.example.org`. A proxy may ask there and hand the certificate over, or our own listener
        /// (`server.mtls_listen`). People's browsers do not go there, so that nobody is asked for a certificate in vain.
        mtls_url: Option<PublicUrl> = "",
        /// Address and port of a TLS listener of our own that asks clients for a certificate; needs `server.tls`.
        mtls_listen: Option<SocketAddr> = "",
        /// Header in which a proxy of `server.trusted_proxies` hands over the client's certificate: `Client-Cert` (RFC 9440),
        /// or any name with the certificate in PEM, percent-encoded or not (nginx: `$ssl_client_escaped_cert`). The proxy
        /// must remove it from what clients send.
        client_certificate_header: Option<HeaderName> = "",
        /// File with the certificates (PEM) of authorities that may vouch for clients (`tls_client_auth`). Where a proxy hands
        /// over nothing but the client's own certificate, it must hold those that issue them directly.
        client_ca_file: Option<PathBuf> = "",
        /// Threads that answer requests; 0 is one a core.
        workers: usize = "0",
        /// How long a stopping node still takes requests, not ready any more, so that load balancers notice.
        drain: Period = "0s",
        /// How long a stop then waits for requests that are under way.
        shutdown_timeout: Period = "30s",
        + tls: Tls,
    }
}

section! {
    /// TLS on our own listener; without it a proxy in front speaks TLS. Both or neither.
    #[derive(Default)]
    Tls = "server.tls" {
        /// File with the certificate and its chain (PEM). Read again when it changes.
        certificate: Option<PathBuf> = "",
        /// File with its private key (PEM).
        key: Option<PathBuf> = "",
    }
}

section! {
    /// The database; the scheme alone decides which.
    Database = "database" {
        /// `sqlite://path` (relative to the working directory) or `postgres://user:password@host/name`.
        /// `?sslmode=disable`, `require` (encrypts, does not verify) or `verify-full`.
        url: Hidden = "sqlite://data/visage.db" url,
        /// Apply pending migrations at start. If false, `serve` refuses to start until `visage migrate` has run.
        auto_migrate: bool = "true",
        /// Connections to PostgreSQL that a node keeps for transactions.
        pool_size: usize = "8",
    }
}

section! {
    /// Keys: one master key outside the database; everything else is rows sealed with it.
    Keys = "keys" {
        /// Directory of the master key, which is made on first start with mode 0600.
        dir: PathBuf = "keys",
        /// The master key itself (base64url of 32 bytes), instead of the directory.
        master: Option<Hidden> = "" secret,
        /// How long a signing key is used before the next one, which is published already, takes over; 0d: never by
        /// itself.
        rotate_every: Period = "90d",
    }
}

section! {
    /// Profile photos.
    Photos = "photos" {
        /// Where objects are kept: `file://directory`, `gs://bucket`,
        /// `s3://bucket?region=…&endpoint=https://…&path_style=true` (each part optional; plain http only on this machine,
        /// or with `&allow_http=true`), `ftp://user@host:port/directory` or, encrypted, `ftps://…`. A directory of an FTP
        /// server is relative to where it lets the user in; `//directory` begins at its root.
        store: StoreUrl = "file://data/photos" url,
        /// Name of the store into which new pictures go: `default` is `photos.store`, others stand in
        /// `[photos.stores]`. This is how an installation moves house: `visage photos migrate`.
        upload_store: String = "default",
        /// Where stored objects can be fetched, e.g. `https://storage.googleapis.com/bucket`; our own `/media/` when
        /// not set.
        public_url: Option<BaseUrl> = "",
        /// Endpoint of Google Cloud Storage (HTTP), for an emulator; Google's when not set.
        gcs_endpoint: Option<String> = "",
        /// Endpoint of Google Cloud Storage (gRPC); the same as `gcs_endpoint` when not set.
        gcs_grpc_endpoint: Option<String> = "",
        /// File with the store's credentials: Google's JSON, or for S3 keys as the AWS tools write them
        /// (`[default]`, `aws_access_key_id = …`). When not set, the ones of the environment
        /// (`GOOGLE_APPLICATION_CREDENTIALS`, `AWS_ACCESS_KEY_ID`, …) or of the machine.
        credentials: Option<PathBuf> = "",
        /// Password of the FTP user; may also stand in the URL, and is shown in neither place.
        password: Option<Hidden> = "" secret,
        /// File with further root certificates (PEM) for an S3 or FTP server.
        ca_file: Option<PathBuf> = "",
        /// Largest upload in bytes.
        max_bytes: usize = "5242880",
        /// Uploads of one person in an hour; one more is answered 429.
        uploads_per_hour: usize = "100",
        /// How long superseded objects outlive the switch, so that no reader meets a hole.
        delete_after: Period = "10s",
        /// Superseded photos of a person that are kept for going back, at most 100; the others are deleted after
        /// `delete_after`. What is kept can be fetched from a store with a public address by those who know its name.
        keep_versions: KeepVersions = "0",
        /// How long an upload waits for its confirmation before it is given up.
        staged_for: Period = "1d",
        /// How long others may cache a stored object; a deleted photo may live on in shared caches that long.
        max_age: Period = "1d",
        /// Whether a photo may be brought in by its address (`{"url": …}` instead of a file). Then we fetch what people and
        /// clients name; where we connect to is for `[outbound]`.
        import_by_url: bool = "false",
        /// Picture of people without one: `initials`, `none`, or a URL.
        default: DefaultPicture = "initials",
        + stores: BTreeMap<String, NamedStore>,
    }
}

section! {
    /// Further object stores by name. Every picture remembers its store's name; `photos.store` is the one named
    /// `default`. New pictures go into `photos.upload_store`.
    NamedStore = "photos.stores.NAME" {
        /// Needed; as `photos.store`.
        url: StoreUrl = "" url,
        /// As `photos.public_url`.
        public_url: Option<BaseUrl> = "",
        /// As `photos.gcs_endpoint`; for S3 as `endpoint` in the URL.
        endpoint: Option<String> = "",
        /// As `photos.gcs_grpc_endpoint`.
        grpc_endpoint: Option<String> = "",
        /// As `photos.credentials`.
        credentials: Option<PathBuf> = "",
        /// As `photos.password`.
        password: Option<Hidden> = "" secret,
        /// As `photos.ca_file`.
        ca_file: Option<PathBuf> = "",
    }
}

section! {
    /// Tokens.
    OAuth = "oauth" {
        /// Life of an access token and of an ID token.
        access_token_ttl: Period = "10m",
        /// Life of an authorization code.
        code_ttl: Period = "60s",
        /// How long a device that shows a code waits for its person (RFC 8628).
        device_code_ttl: Period = "10m",
        /// A refresh token that is not used for this long ends.
        refresh_idle: Period = "30d",
        /// A grant ends after this long, however often it was refreshed.
        refresh_max: Period = "365d",
        /// How recently the person must have signed in where an application changes their profile, photo or galleries by an
        /// access token (RFC 9470); whoever comes later is told to sign them in again. Any time will do when not set. Where it
        /// is set, tokens that people made for themselves change nothing.
        changes_max_age: Option<Period> = "",
        /// Classes of sign-in (`acr`) that such a change wants, any of them; empty: every class will do.
        changes_acr_values: Vec<String> = "[]",
        /// Tokens that a person may make for themselves on the account page and have at the same time. 0: none, and
        /// those that there are do not work.
        personal_tokens: u32 = "20",
        /// The longest life of such a token.
        personal_token_max: Period = "365d",
        /// Who must use PKCE: `always`, or `public`: confidential clients may do without.
        pkce: Pkce = "always",
        /// Whether the proofs of clients that use DPoP must carry a nonce of ours: one more round trip now and then, and no
        /// proof can be made ahead of its time.
        dpop_nonces: bool = "false",
        /// Whether every authorization request must be pushed first (RFC 9126). Single clients may be registered so.
        require_pushed_authorization_requests: bool = "false",
        /// Whether request objects may come without a signature (`alg` `none`), which OpenID Connect allows: they say no more
        /// than plain parameters do.
        unsigned_request_objects: bool = "false",
        /// What clients may be answered with, where they are registered for it: `code`, and by the implicit and hybrid flows
        /// `id_token`, `id_token token`, `code id_token`, `code token`, `code id_token token`. New clients need `code` alone
        /// (RFC 9700, section 2.1.2).
        response_types: ResponseTypes = "[\"code\"]",
        /// Who may register clients: `closed`: the administrator, by `visage client add`; `token`: also whoever has an initial
        /// access token (`visage client initial-token add`); `open`: anybody. People see of clients that registered
        /// themselves that nobody has checked them.
        registration: Registration = "closed",
        /// The profile of clients that register themselves or are known by the address of their metadata: `mcp` (clients
        /// of the Model Context Protocol) or `fapi2` (the FAPI 2.0 Security Profile); none when not set.
        registration_profile: Option<Profile> = "",
        /// How many clients may be registered from one network address within an hour where registration is open.
        registrations_per_hour: u32 = "20",
        /// Whether clients may be known by the https address of their metadata instead of a registration (Client ID Metadata
        /// Documents, as clients of the Model Context Protocol do).
        client_id_metadata_documents: bool = "false",
        /// Clients that registered themselves and were not used for so long are forgotten.
        unused_clients: Period = "90d",
    }
}

section! {
    /// APIs of others that take our tokens (RFC 8707). A client asks for one by `resource=` and its address, and gets a
    /// token with the scopes that mean something there.
    NamedResource = "resources.NAME" {
        /// Needed. Its address, an absolute URI: the `aud` of its tokens.
        audience: String = "",
        /// Needed. The scopes that mean something there, beside ours; a client must be registered for those that it asks
        /// for.
        scopes: Option<Vec<String>> = "",
        /// `jwt` (when not set), which it verifies by itself, or `opaque`, which it must introspect.
        format: Option<TokenFormat> = "",
        /// Id of the client that may introspect its tokens; `opaque` needs one.
        introspection_client: Option<String> = "",
    }
}

section! {
    /// What clients may ask for in detail (RFC 9396), by the `type` of a detail: letters, digits and `_`.
    NamedDetail = "authorization_details.NAME" {
        /// Needed. What the consent page says: `{amount.value}` stands for a member of the detail.
        words: String = "",
        /// The same in French; the English words when not set.
        words_fr: Option<String> = "",
        /// Members that a detail must have, beside `type`.
        required: Option<Vec<String>> = "",
        /// Members that it may have; any other is refused.
        optional: Option<Vec<String>> = "",
    }
}

section! {
    /// Issuers that vouch for our people (RFC 7523): a client brings an assertion that they signed, and gets an access
    /// token, without anybody being asked.
    NamedIssuer = "issuers.NAME" {
        /// Needed. The `iss` of its assertions.
        issuer: String = "",
        /// Needed. Where its keys are.
        jwks_uri: BaseUrl = "",
        /// Whom `sub` names: a person by their `subject` here (when not set) or by their `email` address.
        people: Option<PeopleBy> = "",
        /// Needed. The most that its word gives, such as `["openid", "profile"]`.
        scopes: Vec<String> = "",
        /// Ids of the clients that may bring its assertions. When not set, every client with the grant that an
        /// administrator registered.
        clients: Option<Vec<String>> = "",
    }
}

section! {
    /// Requests that we make to addresses that somebody else chose: keys, request objects, sector files and logos of
    /// clients, documents of clients that are not registered, keys of issuers, receivers of sign-outs and of events,
    /// pictures that are brought in. They go to public addresses by https; everything private, loopback or link-local is
    /// refused when we connect.
    Outbound = "outbound" {
        /// File with additional root certificates (PEM) for these requests.
        ca_file: Option<PathBuf> = "",
        /// Private networks that they may reach all the same, by plain http too, such as `["10.1.0.0/16"]`. Whoever may register a
        /// client may have us ask there.
        allow_networks: Vec<Network> = "[]",
    }
}

section! {
    /// Events that clients receive when a person's picture changes.
    Events = "events" {
        /// How long an event that its client does not take is tried again, each time after a longer wait.
        keep: Period = "3d",
    }
}

section! {
    /// Sign-in sessions in the browser.
    Session = "session" {
        /// A session that is not used for this long ends.
        idle: Period = "14d",
        /// A session ends after this long in any case.
        max: Period = "90d",
    }
}

section! {
    /// The in-process cache of the hot path.
    Cache = "cache" {
        /// If false, every request asks the database: revocation is exact on every node at once, at the price of a
        /// round trip a request.
        enabled: bool = "true",
    }
}

section! {
    /// Mail.
    Mail = "mail" {
        /// Where mail goes. Only `log:`: none is sent.
        url: MailUrl = "log:",
    }
}

section! {
    /// Log lines on standard error.
    Logs = "logs" {
        /// What is logged, as a filter of `tracing`: `info`, `warn`, `info,photo=debug`.
        level: String = "info",
        /// `auto` (text on a terminal, JSON otherwise), `text` or `json`.
        format: LogFormat = "auto",
    }
}
