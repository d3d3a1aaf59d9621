-- Sessions of browsers. A row is the truth: ended here, a session is over on every machine within two seconds.

-- Of the cookie's token only the SHA-256 is kept; it is 32 random bytes, as a key is. The token of changes is derived from the cookie's, so
-- that nothing in a copy of this table can be sent back. `key_sha256` says whose session it is, and is no reference: the master key has no row.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    token_sha256 TEXT NOT NULL UNIQUE CHECK (length(token_sha256) = 64),
    key_sha256 TEXT NOT NULL CHECK (length(key_sha256) = 64),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    CHECK (expires_at > created_at)
);

CREATE INDEX sessions_expiry ON sessions (expires_at);
