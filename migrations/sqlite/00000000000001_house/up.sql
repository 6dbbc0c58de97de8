-- The whole house, first form. The same tables, columns, types and names as in migrations/postgres:
-- TEXT, BLOB (bytea there), BOOLEAN, BIGINT. Times are Unix microseconds. JSON is TEXT. Handles are stored as SHA-256 digests.

CREATE TABLE settings (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- Counts every change that other processes must notice (clients, people, keys, revocations).
CREATE TABLE epoch (
  id    BIGINT NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO epoch (id, value) VALUES (1, 0);

-- Signing, cookie and pairwise keys, sealed with the master key, which is never in the database.
CREATE TABLE keys (
  id         TEXT   NOT NULL PRIMARY KEY,
  purpose    TEXT   NOT NULL,
  alg        TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  sealed     BLOB   NOT NULL,
  public_jwk TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  current_at BIGINT,
  retired_at BIGINT
);
-- However many nodes start at once, one of them makes the key.
CREATE UNIQUE INDEX keys_one_current ON keys (purpose, alg) WHERE state = 'current';
CREATE UNIQUE INDEX keys_one_next ON keys (purpose, alg) WHERE state = 'next';

CREATE TABLE users (
  id                    TEXT    NOT NULL PRIMARY KEY,
  storage_id            TEXT    NOT NULL UNIQUE,
  email                 TEXT    NOT NULL UNIQUE,
  email_verified        BOOLEAN NOT NULL,
  password_hash         TEXT,
  password_changed_at   BIGINT,
  name                  TEXT,
  given_name            TEXT,
  family_name           TEXT,
  phone_number          TEXT,
  phone_number_verified BOOLEAN NOT NULL,
  locale                TEXT,
  claims                TEXT    NOT NULL,
  user_type             TEXT,
  is_active             BOOLEAN NOT NULL,
  is_admin              BOOLEAN NOT NULL,
  picture_id            TEXT,
  picture_url           TEXT,
  created_at            BIGINT  NOT NULL,
  updated_at            BIGINT  NOT NULL
);

CREATE TABLE clients (
  id                        TEXT    NOT NULL PRIMARY KEY,
  name                      TEXT    NOT NULL,
  secret_digest             BLOB,
  auth_method               TEXT    NOT NULL,
  redirect_uris             TEXT    NOT NULL,
  post_logout_redirect_uris TEXT    NOT NULL,
  grant_types               TEXT    NOT NULL,
  response_types            TEXT    NOT NULL,
  scopes                    TEXT    NOT NULL,
  jwks                      TEXT,
  id_token_alg              TEXT    NOT NULL,
  rotate_refresh            BOOLEAN NOT NULL,
  trusted                   BOOLEAN NOT NULL,
  resource_server           BOOLEAN NOT NULL,
  everyone_scopes           TEXT    NOT NULL,
  logo_uri                  TEXT,
  client_uri                TEXT,
  policy_uri                TEXT,
  tos_uri                   TEXT,
  is_active                 BOOLEAN NOT NULL,
  created_at                BIGINT  NOT NULL,
  updated_at                BIGINT  NOT NULL
);

CREATE TABLE sessions (
  digest     BLOB   NOT NULL PRIMARY KEY,
  sid        TEXT   NOT NULL UNIQUE,
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  auth_time  BIGINT NOT NULL,
  amr        TEXT   NOT NULL,
  user_agent TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- An authorization request on its way through sign-in and consent, bound to one browser.
CREATE TABLE interactions (
  digest          BLOB    NOT NULL PRIMARY KEY,
  browser         BLOB    NOT NULL,
  client_id       TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  parameters      TEXT    NOT NULL,
  consented       TEXT,
  denied          BOOLEAN NOT NULL,
  created_at      BIGINT  NOT NULL,
  expires_at      BIGINT  NOT NULL
);
CREATE INDEX interactions_by_expiry ON interactions (expires_at);
CREATE INDEX interactions_by_browser ON interactions (browser, created_at);

CREATE TABLE consents (
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  scopes     TEXT   NOT NULL,
  granted_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, client_id)
);

-- What a person gave a client: every token of it lives and dies with this row.
CREATE TABLE grants (
  id         TEXT    NOT NULL PRIMARY KEY,
  client_id  TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  sid        TEXT,
  scopes     TEXT    NOT NULL,
  offline    BOOLEAN NOT NULL,
  claims     TEXT,
  auth_time  BIGINT  NOT NULL,
  amr        TEXT    NOT NULL,
  created_at BIGINT  NOT NULL,
  expires_at BIGINT  NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX grants_by_user ON grants (user_id, client_id);
CREATE INDEX grants_by_session ON grants (sid);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE codes (
  digest             BLOB    NOT NULL PRIMARY KEY,
  client_id          TEXT    NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id            TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  sid                TEXT,
  redirect_uri       TEXT    NOT NULL,
  redirect_uri_given BOOLEAN NOT NULL,
  code_challenge     TEXT,
  scopes             TEXT    NOT NULL,
  offline            BOOLEAN NOT NULL,
  nonce              TEXT,
  claims             TEXT,
  auth_time          BIGINT  NOT NULL,
  amr                TEXT    NOT NULL,
  failures           BIGINT  NOT NULL,
  grant_id           TEXT,
  created_at         BIGINT  NOT NULL,
  expires_at         BIGINT  NOT NULL,
  used_at            BIGINT
);
CREATE INDEX codes_by_expiry ON codes (expires_at);

CREATE TABLE refresh_tokens (
  digest         BLOB   NOT NULL PRIMARY KEY,
  grant_id       TEXT   NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  created_at     BIGINT NOT NULL,
  expires_at     BIGINT NOT NULL,
  max_expires_at BIGINT NOT NULL,
  used_at        BIGINT
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- Single access tokens that were revoked on their own, until they would have expired.
CREATE TABLE revoked_tokens (
  jti        TEXT   NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- Client assertions that were used, until they would have expired.
CREATE TABLE used_assertions (
  digest     BLOB   NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- Failed tries at secrets, counted across nodes; the key is a digest of what was tried.
CREATE TABLE attempts (
  digest        BLOB   NOT NULL PRIMARY KEY,
  failures      BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL,
  expires_at    BIGINT NOT NULL
);
CREATE INDEX attempts_by_expiry ON attempts (expires_at);

-- A person's profile photo is an album of capacity 1.
CREATE TABLE albums (
  id         TEXT   NOT NULL PRIMARY KEY,
  owner_kind TEXT   NOT NULL,
  owner_id   TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  capacity   BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (owner_kind, owner_id, kind)
);

CREATE TABLE pictures (
  id                TEXT   NOT NULL PRIMARY KEY,
  user_id           TEXT,
  client_id         TEXT,
  sid               TEXT,
  album_id          TEXT,
  purpose           TEXT   NOT NULL,
  state             TEXT   NOT NULL,
  store             TEXT   NOT NULL,
  key_base          TEXT   NOT NULL UNIQUE,
  sizes             TEXT   NOT NULL,
  bytes             BIGINT NOT NULL,
  thumbhash         TEXT   NOT NULL,
  original_filename TEXT   NOT NULL,
  uploaded_at       BIGINT NOT NULL,
  confirmed_at      BIGINT,
  superseded_at     BIGINT
);
CREATE INDEX pictures_by_album ON pictures (album_id, state);
CREATE INDEX pictures_by_user ON pictures (user_id, uploaded_at);
CREATE INDEX pictures_by_state ON pictures (state, uploaded_at);

-- Objects that must go: one row an object, retried until the store says that it is gone.
CREATE TABLE deletions (
  id           TEXT   NOT NULL PRIMARY KEY,
  store        TEXT   NOT NULL,
  key          TEXT   NOT NULL,
  not_before   BIGINT NOT NULL,
  leased_until BIGINT NOT NULL,
  attempts     BIGINT NOT NULL,
  last_error   TEXT,
  created_at   BIGINT NOT NULL,
  UNIQUE (store, key)
);
CREATE INDEX deletions_by_due ON deletions (not_before);

CREATE TABLE audit (
  id      TEXT   NOT NULL PRIMARY KEY,
  at      BIGINT NOT NULL,
  actor   TEXT,
  action  TEXT   NOT NULL,
  subject TEXT   NOT NULL,
  detail  TEXT   NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_subject ON audit (subject, at);
