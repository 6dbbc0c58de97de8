-- The modern OAuth family: what registrations say beyond the first form, pushed requests, device codes, opaque tokens, senders of
-- tokens, and whom to tell of a sign-out. Only additions.

-- The secret itself, sealed, of clients that sign with it (client_secret_jwt); all others have their secret's digest alone.
ALTER TABLE clients ADD COLUMN sealed_secret BYTEA;
-- RFC 7591 members without a column of their own, JSON.
ALTER TABLE clients ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
-- administrator, open, token:ID of an initial access token, document (a Client ID Metadata Document)
ALTER TABLE clients ADD COLUMN registered_by TEXT NOT NULL DEFAULT 'administrator';
-- SHA-256 of the registration access token.
ALTER TABLE clients ADD COLUMN management_digest BYTEA;
-- To the day; for sweeping those that registered themselves and were never used.
ALTER TABLE clients ADD COLUMN used_at BIGINT;
CREATE INDEX clients_by_use ON clients (registered_by, used_at);

-- Logos, fetched once and made anew by the steps of photos.
CREATE TABLE client_logos (
  client_id  TEXT   NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
  source_uri TEXT   NOT NULL,
  jpeg       BYTEA   NOT NULL,
  fetched_at BIGINT NOT NULL
);

CREATE TABLE initial_access_tokens (
  id         TEXT   NOT NULL PRIMARY KEY,
  digest     BYTEA   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  uses_left  BIGINT,
  created_by TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);

-- Authorization requests that their client pushed (RFC 9126).
CREATE TABLE pushed_requests (
  digest     BYTEA   NOT NULL PRIMARY KEY,
  client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  parameters TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
CREATE INDEX pushed_requests_by_client ON pushed_requests (client_id, expires_at);

-- The pushed request that ends with this interaction.
ALTER TABLE interactions ADD COLUMN pushed BYTEA;

-- The key that a code is bound to, the resources and the details that it is for, and the class of the sign-in.
ALTER TABLE codes ADD COLUMN dpop_jkt TEXT;
ALTER TABLE codes ADD COLUMN resources TEXT;
ALTER TABLE codes ADD COLUMN authorization_details TEXT;
ALTER TABLE codes ADD COLUMN acr TEXT;
-- The same of a grant; confirmation (RFC 7800, JSON): who alone may use its refresh tokens.
ALTER TABLE grants ADD COLUMN confirmation TEXT;
ALTER TABLE grants ADD COLUMN resources TEXT;
ALTER TABLE grants ADD COLUMN authorization_details TEXT;
ALTER TABLE grants ADD COLUMN acr TEXT;

-- Device authorization (RFC 8628). State: pending, denied, approved: then there is a grant, and the device may fetch its tokens,
-- once, with which the row goes.
CREATE TABLE device_codes (
  digest                BYTEA   NOT NULL PRIMARY KEY,
  user_code             BYTEA   NOT NULL UNIQUE,
  client_id             TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  scopes                TEXT   NOT NULL,
  resources             TEXT,
  authorization_details TEXT,
  state                 TEXT   NOT NULL,
  grant_id              TEXT,
  poll_interval         BIGINT NOT NULL,
  poll_after            BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  expires_at            BIGINT NOT NULL
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
CREATE INDEX device_codes_by_client ON device_codes (client_id);

-- Access tokens that only we can read, for resource servers registered so: the claims, by the token's digest.
CREATE TABLE opaque_tokens (
  digest     BYTEA   NOT NULL PRIMARY KEY,
  claims     TEXT   NOT NULL,
  client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  grant_id   TEXT,
  expires_at BIGINT NOT NULL
);
CREATE INDEX opaque_tokens_by_expiry ON opaque_tokens (expires_at);
CREATE INDEX opaque_tokens_by_client ON opaque_tokens (client_id);

-- Which clients a session signed in to, so that they can be told when it ends.
CREATE TABLE session_clients (
  sid       TEXT   NOT NULL,
  client_id TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id   TEXT   NOT NULL,
  seen_at   BIGINT NOT NULL,
  PRIMARY KEY (sid, client_id)
);

-- Back-channel logout: what is still to be said to whom. Whoever signs out does not wait for a client that is being deleted,
-- so it is not referred to.
CREATE TABLE logout_notices (
  id           TEXT   NOT NULL PRIMARY KEY,
  client_id    TEXT   NOT NULL,
  sid          TEXT   NOT NULL,
  user_id      TEXT   NOT NULL,
  attempts     BIGINT NOT NULL,
  not_before   BIGINT NOT NULL,
  leased_until BIGINT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX logout_notices_by_client ON logout_notices (client_id, not_before);
CREATE INDEX logout_notices_by_expiry ON logout_notices (expires_at);
