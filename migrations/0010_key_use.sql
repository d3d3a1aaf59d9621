-- When an API key was last used, by whole minutes at best: it is written at most once a minute, whichever processes serve the key.
ALTER TABLE api_keys ADD COLUMN last_used_at TIMESTAMPTZ;
