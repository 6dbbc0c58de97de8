//! Every short sentence that is not fixed text of a page: API errors and answers, form problems, notices.
//! The words are in `translations/*.ftl` under the key `message-…`.

use crate::{Locale, words};

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident $({ $field:ident: $type:ty })? = $key:literal),+ $(,)?) => {
        /// A sentence in every language. Not wire codes: the same sentence may go with several codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Message { $($(#[$doc])* $name $({ $field: $type })?),+ }

        impl Message {
            /// A stable name in kebab case, as in `/account?done=photo-updated`.
            pub const fn key(self) -> &'static str {
                match self { $(Message::$name $({ $field: _ })? => $key),+ }
            }

            fn arguments(self) -> Vec<(&'static str, Argument)> {
                match self { $(Message::$name $({ $field })? => vec![$((stringify!($field), Argument::from($field)))?]),+ }
            }

            /// One of each, for the test that renders all.
            #[cfg(test)]
            fn samples() -> Vec<Message> {
                vec![$(Message::$name $({ $field: <$type as Sample>::sample() })?),+]
            }
        }
    };
}

messages! {
    // Requests in general.
    InvalidRequest = "invalid-request",
    /// The body is not what its content type says, or a field is missing.
    InvalidBody = "invalid-body",
    /// A body of another type where JSON is wanted, or one that is no JSON object.
    JsonWanted = "json-wanted",
    /// One field of a JSON or form body is not acceptable.
    InvalidField { field: &'static str } = "invalid-field",
    BodyTooLarge = "body-too-large",
    BodyTimeout = "body-timeout",
    NotFound = "not-found",
    MethodNotAllowed = "method-not-allowed",
    UnsupportedMediaType = "unsupported-media-type",
    TooManyRequests { seconds: u64 } = "too-many-requests",
    /// Something we depend on is not there; trying again makes sense.
    Unavailable = "unavailable",
    /// Unknown error: the cause is in the log.
    ServerError = "server-error",
    // Tokens and sessions.
    TokenMissing = "token-missing",
    TokenInvalid = "token-invalid",
    ProofInvalid = "proof-invalid",
    ProofNonceWanted = "proof-nonce-wanted",
    ScopeMissing { scope: &'static str } = "scope-missing",
    /// The token is a client's own.
    PersonMissing = "person-missing",
    SignInRequired = "sign-in-required",
    /// The one behind the token is too old, or not of the class that is wanted.
    SignInInsufficient = "sign-in-insufficient",
    /// Where a token is as good.
    CallerMissing = "caller-missing",
    Forbidden = "forbidden",
    /// The form came without its secret, or from elsewhere.
    FormForged = "form-forged",
    // The profile.
    ProfileUpdated = "profile-updated",
    PictureUrlInvalid = "picture-url-invalid",
    // The photo.
    PhotoUpdated = "photo-updated",
    PhotoDeleted = "photo-deleted",
    PhotoMissing = "photo-missing",
    /// The same, for programs.
    PhotoFieldMissing = "photo-field-missing",
    /// The sentences of seed 001.
    ImageMissing = "image-missing",
    PictureUploadNotFound = "picture-upload-not-found",
    PhotoTooMany = "photo-too-many",
    PhotoTooLarge { max_bytes: u64 } = "photo-too-large",
    PhotoWrongType = "photo-wrong-type",
    /// A phone's own format, so it gets a sentence of its own.
    PhotoHeic = "photo-heic",
    PhotoBroken = "photo-broken",
    PhotoTooManyPixels = "photo-too-many-pixels",
    PhotoTooSmall { pixels: u64 } = "photo-too-small",
    PhotoCropInvalid = "photo-crop-invalid",
    PhotoBusy = "photo-busy",
    /// A photo that was to be fetched from an address.
    PhotoImportDisabled = "photo-import-disabled",
    PhotoUrlInvalid = "photo-url-invalid",
    PhotoUrlFailed = "photo-url-failed",
    PhotoLost = "photo-lost",
    /// The object store is away.
    PhotoNotStored = "photo-not-stored",
    PhotoRestored = "photo-restored",
    PhotoDiscarded = "photo-discarded",
    AltTextTooLong = "alt-text-too-long",
    AltTextSaved = "alt-text-saved",
    /// By an administrator.
    UploadsBlocked = "uploads-blocked",
    /// For administrators.
    NothingToRemove = "nothing-to-remove",
    // Galleries.
    GalleryCreated = "gallery-created",
    GalleryRenamed = "gallery-renamed",
    GalleryDeleted = "gallery-deleted",
    GalleryNameInvalid = "gallery-name-invalid",
    GalleryFull { most: u64 } = "gallery-full",
    /// As many galleries, or organizations, as there may be.
    GalleriesFull = "galleries-full",
    GalleryImageAdded = "gallery-image-added",
    GalleryImageRemoved = "gallery-image-removed",
    GalleryOrderSaved = "gallery-order-saved",
    GalleryOrderInvalid = "gallery-order-invalid",
    CaptionSaved = "caption-saved",
    CaptionInvalid { most: u64 } = "caption-invalid",
    /// Pictures that wait for their gallery.
    WaitingFull { most: u64 } = "waiting-full",
    OrganizationMissing = "organization-missing",
    OrganizationRenamed = "organization-renamed",
    OrganizationDeleted = "organization-deleted",
    OrganizationNotEmpty = "organization-not-empty",
    OrganizationNameInvalid = "organization-name-invalid",
    OrganizationNameTaken = "organization-name-taken",
    /// An owner was asked in, whether or not anybody has the address.
    OwnerInvited = "owner-invited",
    InvitationAccepted = "invitation-accepted",
    InvitationDeclined = "invitation-declined",
    OwnerRemoved = "owner-removed",
    OwnerAlready = "owner-already",
    OwnerLast = "owner-last",
    OwnersFull { most: u64 } = "owners-full",
    // Signing in and the account page.
    SignInFailed = "sign-in-failed",
    SignInSlowed { seconds: u64 } = "sign-in-slowed",
    SignInBusy = "sign-in-busy",
    EmailInvalid = "email-invalid",
    NameUpdated = "name-updated",
    NameInvalid = "name-invalid",
    PasswordChanged = "password-changed",
    PasswordWrong = "password-wrong",
    PasswordTooShort = "password-too-short",
    PasswordTooLong = "password-too-long",
    PasswordCommon = "password-common",
    PasswordForbidden = "password-forbidden",
    PasswordsDiffer = "passwords-differ",
    ApplicationWithdrawn = "application-withdrawn",
    PersonalTokenMade = "personal-token-made",
    PersonalTokenRevoked = "personal-token-revoked",
    PersonalTokenScopes = "personal-token-scopes",
    PersonalTokenEnd = "personal-token-end",
    PersonalTokensFull { most: u64 } = "personal-tokens-full",
    SetupLinkInvalid = "setup-link-invalid",
    // Pages that end a journey.
    InteractionExpired = "interaction-expired",
    /// The pending request was started in another browser.
    InteractionForeign = "interaction-foreign",
    /// No device shows this code.
    DeviceCodeUnknown = "device-code-unknown",
    /// The device does not wait any more.
    DeviceOver = "device-over",
    /// Client or redirect URI not trusted: we do not send the person there.
    ClientUntrusted = "client-untrusted",
    LogoutRequestInvalid = "logout-request-invalid",
}

impl Message {
    /// For the query of a page to which a form leads back: the key, and how long to wait where the sentence says so.
    pub fn in_query(self) -> String {
        match self {
            Message::TooManyRequests { seconds } => format!("{}&seconds={seconds}", self.key()),
            other => other.key().to_owned(),
        }
    }

    /// What [`Message::in_query`] said of the wait; nobody waits longer than a day.
    #[must_use]
    pub fn after(self, seconds: Option<&str>) -> Message {
        match self {
            Message::TooManyRequests { seconds: usual } => {
                let asked = seconds.and_then(|seconds| seconds.parse().ok());
                Message::TooManyRequests { seconds: asked.unwrap_or(usual).clamp(1, 86_400) }
            }
            other => other,
        }
    }

    /// The sentence. `scope`, `field`: as they are on the wire; `seconds`, `max_bytes`: put into words.
    pub fn text(self, locale: Locale) -> String {
        words::message(locale, self.key(), &self.arguments())
    }
}

/// A value inside a sentence.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument {
    Number(u64),
    Text(&'static str),
}

impl From<u64> for Argument {
    fn from(value: u64) -> Self {
        Argument::Number(value)
    }
}

impl From<&'static str> for Argument {
    fn from(value: &'static str) -> Self {
        Argument::Text(value)
    }
}

#[cfg(test)]
trait Sample {
    fn sample() -> Self;
}

#[cfg(test)]
impl Sample for u64 {
    fn sample() -> u64 {
        90
    }
}

#[cfg(test)]
impl Sample for &'static str {
    fn sample() -> &'static str {
        "profile"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_message_has_its_own_sentence_in_every_language() {
        for locale in Locale::ALL {
            let texts: BTreeSet<String> = Message::samples().into_iter().map(|m| m.text(locale)).collect();
            assert_eq!(texts.len(), Message::samples().len());
            assert!(texts.iter().all(|text| !text.is_empty() && !text.contains(['{', '}'])));
        }
        let keys: BTreeSet<&str> = Message::samples().into_iter().map(Message::key).collect();
        assert_eq!(keys.len(), Message::samples().len());
    }

    #[test]
    fn values_are_put_into_words() {
        let large = Message::PhotoTooLarge { max_bytes: 5 * 1_048_576 };
        assert_eq!(large.text(Locale::En), "The photo is larger than 5 MB.");
        assert_eq!(large.text(Locale::Fr), "La photo dépasse 5\u{a0}Mo.");
        let slow = |seconds| Message::SignInSlowed { seconds };
        assert_eq!(slow(10).text(Locale::En), "Too many tries. Please wait a minute and try again.");
        assert_eq!(slow(61).text(Locale::Fr), "Trop d’essais. Patientez 2 minutes puis réessayez.");
        let wait = |seconds, locale| Message::TooManyRequests { seconds }.text(locale);
        for (seconds, english, french) in [
            (1, "one second", "une seconde"),
            (90, "90 seconds", "90 secondes"),
            (91, "2 minutes", "2 minutes"),
            (3541, "one hour", "une heure"),
            (3599, "one hour", "une heure"),
            (3601, "2 hours", "2 heures"),
        ] {
            assert_eq!(
                wait(seconds, Locale::En),
                format!("Too many requests. Please try again in {english}.")
            );
            assert_eq!(wait(seconds, Locale::Fr), format!("Trop de requêtes. Réessayez dans {french}."));
        }
        let waited = Message::TooManyRequests { seconds: 3599 };
        assert_eq!(waited.in_query(), "too-many-requests&seconds=3599");
        assert_eq!(Message::TooManyRequests { seconds: 60 }.after(Some("3599")), waited);
        assert_eq!(
            Message::TooManyRequests { seconds: 60 }.after(Some("x")).in_query(),
            "too-many-requests&seconds=60"
        );
        assert_eq!(Message::PhotoBusy.after(Some("9")).in_query(), "photo-busy");
        let scope = Message::ScopeMissing { scope: "email" };
        assert_eq!(scope.text(Locale::En), "The access token lacks the scope “email”.");
    }
}
