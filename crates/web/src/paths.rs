//! The paths of the house, so that rooms can point at each other without importing each other. Fixed by CONTRACT §3 to §9.

pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
pub const JWKS: &str = "/oauth2/jwks.json";
pub const AUTHORIZE: &str = "/oauth2/authorize";
/// The hub to which every detour returns: see [`crate::Next`].
pub const AUTHORIZE_HUB: &str = "/oauth2/authorize/{interaction}";
pub const TOKEN: &str = "/oauth2/token";
pub const INTROSPECT: &str = "/oauth2/introspect";
pub const REVOKE: &str = "/oauth2/revoke";
pub const LOGOUT: &str = "/oauth2/logout";
pub const PAR: &str = "/oauth2/par";
pub const DEVICE_AUTHORIZATION: &str = "/oauth2/device_authorization";
pub const REGISTER: &str = "/oauth2/register";
/// A client's own address for its registration (RFC 7592).
pub const REGISTRATION: &str = "/oauth2/register/{client}";
pub const CHECK_SESSION: &str = "/oauth2/check_session";
/// RFC 9728, of our own APIs.
pub const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// Leads to the account page, which leads to sign-in.
pub const HOME: &str = "/";
pub const LOGIN: &str = "/login";
pub const CONSENT: &str = "/consent";
/// Where a person types the code that a device shows them.
pub const DEVICE: &str = "/device";
/// A client's logo as we re-made it.
pub const CLIENT_LOGO: &str = "/client-logo/{client}";
pub const SIGNED_OUT: &str = "/signed-out";
pub const SETUP: &str = "/setup/{token}";
pub const ACCOUNT: &str = "/account";
pub const ACCOUNT_NAME: &str = "/account/name";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_PHOTO: &str = "/account/photo";
pub const ACCOUNT_PHOTO_REMOVE: &str = "/account/photo/remove";
pub const ACCOUNT_PHOTO_RESTORE: &str = "/account/photo/restore";
pub const ACCOUNT_PHOTO_CONFIRM: &str = "/account/photo/confirm";
pub const ACCOUNT_PHOTO_DISCARD: &str = "/account/photo/discard";
pub const ACCOUNT_PHOTO_ALT: &str = "/account/photo/alt";
pub const ACCOUNT_TOKENS: &str = "/account/tokens";
pub const ACCOUNT_TOKENS_REVOKE: &str = "/account/tokens/revoke";
pub const ACCOUNT_WITHDRAW: &str = "/account/applications/withdraw";

pub const USERINFO: &str = "/api/auth/userinfo";
pub const PROFILE: &str = "/api/auth/profile";
pub const PROFILE_PHOTO: &str = "/api/auth/profile/photo";
/// Seed 001, CONTRACT §5. These and the following end in a slash that may be left out: see [`crate::Endpoint::at`].
pub const STAGE_PICTURE: &str = "/api/users/upload-profile-picture/";
pub const CONFIRM_PICTURE: &str = "/api/users/confirm-profile-picture/";
pub const PICTURE_UPLOADS: &str = "/api/users/profile-picture-uploads/";
pub const PICTURE_UPLOAD: &str = "/api/users/profile-picture-uploads/{upload}/";
pub const RESTORE_PICTURE: &str = "/api/users/profile-picture-uploads/{upload}/restore/";
/// Seed 000, CONTRACT §6.
pub const UPLOAD_PHOTO: &str = "/api/auth/upload-photo/";
pub const USER_PROFILE: &str = "/api/auth/user-profile/";
/// Seed 002, CONTRACT §7.
pub const ROOMS: &str = "/rooms/";
pub const ROOMS_UPLOAD_WAITING: &str = "/rooms/upload-image-temp/";
pub const ROOMS_DELETE_WAITING: &str = "/rooms/delete-image-temp/{image}/";
pub const ROOMS_WAITING: &str = "/rooms/list-image-temp/";
pub const ROOM: &str = "/rooms/{room}/";
pub const ROOM_UPLOAD: &str = "/rooms/{room}/upload-image/";
pub const ROOM_DELETE: &str = "/rooms/{room}/delete-image/{image}/";
pub const ROOM_REORDER: &str = "/rooms/{room}/reorder-images/";
pub const ROOM_CAPTION: &str = "/rooms/{room}/images/{image}/caption/";
pub const ESTABLISHMENTS: &str = "/rooms/establishments/";
pub const ESTABLISHMENT: &str = "/rooms/establishments/{establishment}/";
/// With the browser's session only: no client decides who owns an organization.
pub const ESTABLISHMENT_OWNERS: &str = "/rooms/establishments/{establishment}/owners/";
pub const ESTABLISHMENT_OWNER: &str = "/rooms/establishments/{establishment}/owners/{owner}/";
pub const INVITATIONS: &str = "/rooms/invitations/";
pub const INVITATION_ACCEPT: &str = "/rooms/invitations/{establishment}/accept/";
pub const INVITATION_DECLINE: &str = "/rooms/invitations/{establishment}/decline/";
/// The same as pages.
pub const GALLERIES: &str = "/account/galleries";
pub const GALLERY_NEW: &str = "/account/galleries/new";
pub const GALLERY_WAITING: &str = "/account/galleries/new/images";
pub const GALLERY_WAITING_DELETE: &str = "/account/galleries/new/images/{image}/delete";
pub const ORGANIZATION: &str = "/account/galleries/organizations/{organization}";
pub const ORGANIZATION_OWNERS: &str = "/account/galleries/organizations/{organization}/owners";
pub const ORGANIZATION_OWNER_REMOVE: &str = "/account/galleries/organizations/{organization}/owners/remove";
pub const ORGANIZATION_DELETE: &str = "/account/galleries/organizations/{organization}/delete";
pub const ORGANIZATION_ACCEPT: &str = "/account/galleries/organizations/{organization}/accept";
pub const ORGANIZATION_DECLINE: &str = "/account/galleries/organizations/{organization}/decline";
pub const GALLERY: &str = "/account/galleries/{gallery}";
pub const GALLERY_DELETE: &str = "/account/galleries/{gallery}/delete";
pub const GALLERY_IMAGES: &str = "/account/galleries/{gallery}/images";
pub const GALLERY_CAPTION: &str = "/account/galleries/{gallery}/images/{image}/caption";
pub const GALLERY_MOVE: &str = "/account/galleries/{gallery}/images/{image}/move";
pub const GALLERY_IMAGE_DELETE: &str = "/account/galleries/{gallery}/images/{image}/delete";

/// For administrators.
pub const ADMIN_PHOTOS: &str = "/api/admin/photos";
pub const ADMIN_PHOTO_STATISTICS: &str = "/api/admin/photos/statistics";
pub const ADMIN_PHOTO_BLOCKS: &str = "/api/admin/photos/blocks";
pub const ADMIN_PHOTO_BLOCK: &str = "/api/admin/photos/blocks/{person}";
pub const ADMIN_PHOTO: &str = "/api/admin/photos/{photo}";
pub const ADMIN_PHOTO_IMAGE: &str = "/api/admin/photos/{photo}/image";
pub const ADMIN_PHOTO_REMOVE: &str = "/api/admin/photos/{photo}/remove";

pub const OPENAPI: &str = "/api/openapi.json";

/// `picture_stable`: an address that a client may keep for good.
pub const PICTURE_STABLE: &str = "/picture/{handle}";
pub const MEDIA: &str = "/media/";
/// Of pictures that only their owners may see: see [`crate::preview`].
pub const PREVIEWS: &str = "/media/preview/";
pub const ASSETS: &str = "/assets/";
pub const HEALTH_LIVE: &str = "/health/live";
pub const HEALTH_READY: &str = "/health/ready";
pub const METRICS: &str = "/metrics";
pub const ROBOTS: &str = "/robots.txt";
pub const SECURITY_TXT: &str = "/.well-known/security.txt";
