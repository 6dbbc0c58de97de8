//! What people touch: sign in, consent, sign out, their photo, connected applications.
