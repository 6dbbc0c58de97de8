-- Every photo system on the one picture model: what pictures in galleries have beside those of people, galleries and who may change
-- them, personal access tokens, stable picture addresses, blocks, and the events that clients receive. Only additions.

-- Order in a gallery.
ALTER TABLE pictures ADD COLUMN position BIGINT;
-- The caption in a gallery; the alternative text of a profile photo.
ALTER TABLE pictures ADD COLUMN caption TEXT;
-- Of the largest variant; none: a square of the first size.
ALTER TABLE pictures ADD COLUMN width BIGINT;
ALTER TABLE pictures ADD COLUMN height BIGINT;
-- What the person reads where an administrator took the photo away.
ALTER TABLE pictures ADD COLUMN removed_reason TEXT;
CREATE INDEX pictures_by_place ON pictures (store, id);
CREATE INDEX pictures_by_upload ON pictures (uploaded_at, id);
-- What the stores hold is counted in it alone.
CREATE INDEX pictures_by_holding ON pictures (state, store, purpose, bytes);

-- People who may not upload, and the reason that they read.
CREATE TABLE photo_blocks (
  user_id    TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  reason     TEXT   NOT NULL,
  blocked_by TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

-- Uploads that came to nothing, for statistics: one row a day (since 1970) and cause.
CREATE TABLE photo_refusals (
  day     BIGINT NOT NULL,
  cause   TEXT   NOT NULL,
  refused BIGINT NOT NULL,
  PRIMARY KEY (day, cause)
);

CREATE TABLE organizations (
  id         TEXT   NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

-- The name is here again, so that it can be unique for each owner.
CREATE TABLE organization_owners (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name            TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, user_id),
  UNIQUE (user_id, name)
);

-- Whoever was asked to become an owner, by address: nobody learns whether it has an account. They say yes or no themselves.
CREATE TABLE organization_invitations (
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  email           TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  PRIMARY KEY (organization_id, email)
);
CREATE INDEX organization_invitations_by_email ON organization_invitations (email, created_at);

-- Its pictures lie in the album of the same id.
CREATE TABLE galleries (
  id              TEXT   NOT NULL PRIMARY KEY,
  organization_id TEXT   NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  name            TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL
);
CREATE INDEX galleries_by_organization ON galleries (organization_id, created_at);

-- Tokens that people make for themselves; the digest is all we keep.
CREATE TABLE personal_tokens (
  id           TEXT   NOT NULL PRIMARY KEY,
  digest       BYTEA NOT NULL UNIQUE,
  user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name         TEXT   NOT NULL,
  scopes       TEXT   NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  last_used_at BIGINT
);
CREATE INDEX personal_tokens_by_user ON personal_tokens (user_id, created_at);
CREATE INDEX personal_tokens_by_expiry ON personal_tokens (expires_at);

-- `picture_stable`: a random handle for one person at one client.
CREATE TABLE picture_links (
  handle     TEXT   NOT NULL PRIMARY KEY,
  user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id  TEXT   NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  UNIQUE (user_id, client_id)
);

-- Where a client receives events, and how that goes: whoever sends to it holds the lease, so that one at a time does.
CREATE TABLE event_receivers (
  client_id    TEXT   NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
  uri          TEXT   NOT NULL,
  created_at   BIGINT NOT NULL,
  not_before   BIGINT NOT NULL,
  leased_until BIGINT NOT NULL,
  failures     BIGINT NOT NULL,
  last_error   TEXT,
  delivered_at BIGINT
);

-- Events on their way, written in the transaction that made them true. A newer one about the same person takes the place
-- of one that still waits, so that a receiver that is away costs one row a person. No reference to the person: the
-- last event is that they are gone.
CREATE TABLE events (
  id         TEXT   NOT NULL,
  client_id  TEXT   NOT NULL REFERENCES event_receivers (client_id) ON DELETE CASCADE,
  user_id    TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  attempts   BIGINT NOT NULL,
  PRIMARY KEY (client_id, user_id)
);
CREATE INDEX events_by_due ON events (client_id, not_before);
