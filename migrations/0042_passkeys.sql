-- What people sign in with instead of a password. `credential_id` and `public_key` (COSE) are base64url; `sign_count` is the authenticator's
-- counter of its last sign-in, 0 for one that does not count.
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id TEXT NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1400),
    public_key TEXT NOT NULL CHECK (length(public_key) BETWEEN 1 AND 4000),
    sign_count BIGINT NOT NULL CHECK (sign_count >= 0),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    transports TEXT NOT NULL,
    backed_up BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX passkeys_of_user ON passkeys (user_id, id);

-- Challenges that were answered, until they would have expired: each is good once.
CREATE TABLE used_challenges (
    challenge_sha256 TEXT PRIMARY KEY CHECK (length(challenge_sha256) = 64),
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX used_challenges_expiry ON used_challenges (expires_at);
