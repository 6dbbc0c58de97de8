//! The tables as diesel sees them: one text for both databases (Text, Binary, Bool, BigInt only).

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    epoch (id) {
        id -> BigInt,
        value -> BigInt,
    }
}

diesel::table! {
    keys (id) {
        id -> Text,
        purpose -> Text,
        alg -> Text,
        state -> Text,
        sealed -> Binary,
        public_jwk -> Text,
        created_at -> BigInt,
        current_at -> Nullable<BigInt>,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        storage_id -> Text,
        email -> Text,
        email_verified -> Bool,
        password_hash -> Nullable<Text>,
        password_changed_at -> Nullable<BigInt>,
        name -> Nullable<Text>,
        given_name -> Nullable<Text>,
        family_name -> Nullable<Text>,
        phone_number -> Nullable<Text>,
        phone_number_verified -> Bool,
        locale -> Nullable<Text>,
        claims -> Text,
        user_type -> Nullable<Text>,
        is_active -> Bool,
        is_admin -> Bool,
        picture_id -> Nullable<Text>,
        picture_url -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        name -> Text,
        secret_digest -> Nullable<Binary>,
        auth_method -> Text,
        redirect_uris -> Text,
        post_logout_redirect_uris -> Text,
        grant_types -> Text,
        response_types -> Text,
        scopes -> Text,
        jwks -> Nullable<Text>,
        id_token_alg -> Text,
        rotate_refresh -> Bool,
        trusted -> Bool,
        resource_server -> Bool,
        everyone_scopes -> Text,
        logo_uri -> Nullable<Text>,
        client_uri -> Nullable<Text>,
        policy_uri -> Nullable<Text>,
        tos_uri -> Nullable<Text>,
        is_active -> Bool,
        created_at -> BigInt,
        updated_at -> BigInt,
        sealed_secret -> Nullable<Binary>,
        metadata -> Text,
        registered_by -> Text,
        management_digest -> Nullable<Binary>,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (digest) {
        digest -> Binary,
        sid -> Text,
        user_id -> Text,
        auth_time -> BigInt,
        amr -> Text,
        user_agent -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    interactions (digest) {
        digest -> Binary,
        browser -> Binary,
        client_id -> Text,
        parameters -> Text,
        consented -> Nullable<Text>,
        denied -> Bool,
        created_at -> BigInt,
        expires_at -> BigInt,
        pushed -> Nullable<Binary>,
    }
}

diesel::table! {
    consents (user_id, client_id) {
        user_id -> Text,
        client_id -> Text,
        scopes -> Text,
        granted_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    grants (id) {
        id -> Text,
        client_id -> Text,
        user_id -> Text,
        sid -> Nullable<Text>,
        scopes -> Text,
        offline -> Bool,
        claims -> Nullable<Text>,
        auth_time -> BigInt,
        amr -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        confirmation -> Nullable<Text>,
        resources -> Nullable<Text>,
        authorization_details -> Nullable<Text>,
        acr -> Nullable<Text>,
    }
}

diesel::table! {
    codes (digest) {
        digest -> Binary,
        client_id -> Text,
        user_id -> Text,
        sid -> Nullable<Text>,
        redirect_uri -> Text,
        redirect_uri_given -> Bool,
        code_challenge -> Nullable<Text>,
        scopes -> Text,
        offline -> Bool,
        nonce -> Nullable<Text>,
        claims -> Nullable<Text>,
        auth_time -> BigInt,
        amr -> Text,
        failures -> BigInt,
        grant_id -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        dpop_jkt -> Nullable<Text>,
        resources -> Nullable<Text>,
        authorization_details -> Nullable<Text>,
        acr -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (digest) {
        digest -> Binary,
        grant_id -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        max_expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    revoked_tokens (jti) {
        jti -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    used_assertions (digest) {
        digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    attempts (digest) {
        digest -> Binary,
        failures -> BigInt,
        blocked_until -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    albums (id) {
        id -> Text,
        owner_kind -> Text,
        owner_id -> Text,
        kind -> Text,
        capacity -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    pictures (id) {
        id -> Text,
        user_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        sid -> Nullable<Text>,
        album_id -> Nullable<Text>,
        purpose -> Text,
        state -> Text,
        store -> Text,
        key_base -> Text,
        sizes -> Text,
        bytes -> BigInt,
        thumbhash -> Text,
        original_filename -> Text,
        uploaded_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        superseded_at -> Nullable<BigInt>,
        position -> Nullable<BigInt>,
        caption -> Nullable<Text>,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        removed_reason -> Nullable<Text>,
    }
}

diesel::table! {
    deletions (id) {
        id -> Text,
        store -> Text,
        key -> Text,
        not_before -> BigInt,
        leased_until -> BigInt,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    photo_blocks (user_id) {
        user_id -> Text,
        reason -> Text,
        blocked_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    photo_refusals (day, cause) {
        day -> BigInt,
        cause -> Text,
        refused -> BigInt,
    }
}

diesel::table! {
    organizations (id) {
        id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    organization_owners (organization_id, user_id) {
        organization_id -> Text,
        user_id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    organization_invitations (organization_id, email) {
        organization_id -> Text,
        email -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    galleries (id) {
        id -> Text,
        organization_id -> Text,
        name -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    personal_tokens (id) {
        id -> Text,
        digest -> Binary,
        user_id -> Text,
        name -> Text,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    picture_links (handle) {
        handle -> Text,
        user_id -> Text,
        client_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    event_receivers (client_id) {
        client_id -> Text,
        uri -> Text,
        created_at -> BigInt,
        not_before -> BigInt,
        leased_until -> BigInt,
        failures -> BigInt,
        last_error -> Nullable<Text>,
        delivered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (client_id, user_id) {
        id -> Text,
        client_id -> Text,
        user_id -> Text,
        kind -> Text,
        created_at -> BigInt,
        not_before -> BigInt,
        attempts -> BigInt,
    }
}

diesel::table! {
    client_logos (client_id) {
        client_id -> Text,
        source_uri -> Text,
        jpeg -> Binary,
        fetched_at -> BigInt,
    }
}

diesel::table! {
    initial_access_tokens (id) {
        id -> Text,
        digest -> Binary,
        name -> Text,
        uses_left -> Nullable<BigInt>,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    pushed_requests (digest) {
        digest -> Binary,
        client_id -> Text,
        parameters -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    device_codes (digest) {
        digest -> Binary,
        user_code -> Binary,
        client_id -> Text,
        scopes -> Text,
        resources -> Nullable<Text>,
        authorization_details -> Nullable<Text>,
        state -> Text,
        grant_id -> Nullable<Text>,
        poll_interval -> BigInt,
        poll_after -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    opaque_tokens (digest) {
        digest -> Binary,
        claims -> Text,
        client_id -> Text,
        grant_id -> Nullable<Text>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    session_clients (sid, client_id) {
        sid -> Text,
        client_id -> Text,
        user_id -> Text,
        seen_at -> BigInt,
    }
}

diesel::table! {
    logout_notices (id) {
        id -> Text,
        client_id -> Text,
        sid -> Text,
        user_id -> Text,
        attempts -> BigInt,
        not_before -> BigInt,
        leased_until -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        at -> BigInt,
        actor -> Nullable<Text>,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    epoch,
    keys,
    users,
    clients,
    sessions,
    interactions,
    consents,
    grants,
    codes,
    refresh_tokens,
    revoked_tokens,
    used_assertions,
    attempts,
    albums,
    pictures,
    deletions,
    photo_blocks,
    photo_refusals,
    organizations,
    organization_owners,
    organization_invitations,
    galleries,
    personal_tokens,
    picture_links,
    event_receivers,
    events,
    client_logos,
    initial_access_tokens,
    pushed_requests,
    device_codes,
    opaque_tokens,
    session_clients,
    logout_notices,
    audit,
);
