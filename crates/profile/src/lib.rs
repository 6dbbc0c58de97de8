//! Userinfo and the profile API; exposes `picture`.
