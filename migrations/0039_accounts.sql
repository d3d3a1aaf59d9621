-- People, what they are members of, and their sign-ins. Keys may belong to a person, and may have fewer rights and an end.

-- `email_key` is the address as it is compared. Without a password somebody signs in by a provider or a passkey alone. `totp_secret` is
-- encrypted; it counts from `totp_since` on, and no code of `totp_step` or before it is taken again.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    password_hash TEXT,
    password_changed_at TIMESTAMPTZ,
    is_operator BOOLEAN NOT NULL,
    totp_secret TEXT,
    totp_since TIMESTAMPTZ,
    totp_step BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    disabled_at TIMESTAMPTZ,
    CHECK (totp_since IS NULL OR totp_secret IS NOT NULL)
);

CREATE TABLE members (
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'admin')),
    joined_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX members_of_user ON members (user_id, org_id);

-- The last id that an organization got: the id of a deleted one is never given again.
CREATE TABLE organization_ids (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    last_id BIGINT NOT NULL
);
INSERT INTO organization_ids (one, last_id) SELECT 1, MAX(id) FROM organizations;

-- Keys from before belong to nobody in person, and may do what keys could do.
ALTER TABLE api_keys ADD COLUMN user_id TEXT REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read analyse manage mcp';
ALTER TABLE api_keys ADD COLUMN expires_at TIMESTAMPTZ;
CREATE INDEX api_keys_of_user ON api_keys (user_id);

-- A session is of a key, as before, or of a person; a browser has its token, a program names it in its access tokens instead. `org_id` is the
-- organization that it acts for now. A person proved who they are at `proved_at`, with a second factor where `two_factor` says so.
CREATE TABLE new_sessions (
    id TEXT PRIMARY KEY,
    org_id BIGINT NOT NULL REFERENCES organizations (id),
    token_sha256 TEXT UNIQUE CHECK (length(token_sha256) = 64),
    key_sha256 TEXT CHECK (length(key_sha256) = 64),
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ,
    proved_at TIMESTAMPTZ,
    two_factor BOOLEAN NOT NULL DEFAULT FALSE,
    address TEXT,
    user_agent TEXT,
    CHECK (expires_at > created_at),
    CHECK ((key_sha256 IS NULL) <> (user_id IS NULL))
);
INSERT INTO new_sessions (id, org_id, token_sha256, key_sha256, created_at, expires_at, ended_at)
SELECT id, org_id, token_sha256, key_sha256, created_at, expires_at, ended_at FROM sessions;
DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_of_user ON sessions (user_id, id) WHERE user_id IS NOT NULL;

-- Each is used once, for the next one. One that comes a second time was copied, and ends its session.
CREATE TABLE refresh_tokens (
    token_sha256 TEXT PRIMARY KEY CHECK (length(token_sha256) = 64),
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_sha256 TEXT NOT NULL CHECK (length(code_sha256) = 64),
    used_at TIMESTAMPTZ,
    PRIMARY KEY (user_id, code_sha256)
);

-- Tries to sign in since the last success, by whom and from where: `subject` is a digest of both. Tries before `open_at` are refused.
CREATE TABLE sign_in_tries (
    subject TEXT PRIMARY KEY CHECK (length(subject) = 64),
    tries BIGINT NOT NULL CHECK (tries >= 0),
    last_at TIMESTAMPTZ NOT NULL,
    open_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sign_in_tries_age ON sign_in_tries (last_at);

-- Links that are good for one use: to set a password, and to join an organization.
CREATE TABLE one_time_links (
    token_sha256 TEXT PRIMARY KEY CHECK (length(token_sha256) = 64),
    id TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL CHECK (purpose IN ('password', 'invitation')),
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    org_id BIGINT REFERENCES organizations (id),
    role TEXT CHECK (role IN ('viewer', 'analyst', 'admin')),
    email TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    CHECK ((purpose = 'password') = (user_id IS NOT NULL)),
    CHECK ((purpose = 'invitation') = (org_id IS NOT NULL AND role IS NOT NULL AND email IS NOT NULL))
);
CREATE INDEX one_time_links_expiry ON one_time_links (expires_at);
CREATE INDEX one_time_links_of_org ON one_time_links (org_id, id DESC) WHERE purpose = 'invitation';
