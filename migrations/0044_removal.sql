-- Organizations that are being removed, and when everything of an organization or of a person was last exported.

-- From `removed_at` on an organization is nobody's: a task removes its rows in small transactions, and this one at the end.
ALTER TABLE organizations ADD COLUMN removed_at TIMESTAMPTZ;
CREATE INDEX organizations_removed ON organizations (removed_at) WHERE removed_at IS NOT NULL;

-- The newest export that was sent to its end. `made_by` is a person or a key, by its id.
CREATE TABLE organization_exports (
    org_id BIGINT PRIMARY KEY REFERENCES organizations (id),
    made_at TIMESTAMPTZ NOT NULL,
    made_by TEXT NOT NULL
);
CREATE TABLE account_exports (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    made_at TIMESTAMPTZ NOT NULL
);

-- What the removal of an organization looks for; these had no index that begins with it.
CREATE INDEX api_keys_of_org ON api_keys (org_id, id);
CREATE INDEX sessions_of_org ON sessions (org_id, id);
CREATE INDEX price_import_files_of_org ON price_import_files (org_id, import_id, ticker);
CREATE INDEX stored_files_of_org ON stored_files (org_id, id);
