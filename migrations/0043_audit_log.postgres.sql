-- Who changed what, and who signed in. A row outlives its organization and its people, so that it references neither. Rows are added and
-- never changed; the old ones go after their time, and none before 90 days have passed.
CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    org_id BIGINT,
    at TIMESTAMPTZ NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('person', 'key', 'operator key', 'command', 'service', 'anybody')),
    actor TEXT CHECK (length(actor) BETWEEN 1 AND 100),
    action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 100),
    target_type TEXT CHECK (length(target_type) BETWEEN 1 AND 300),
    target TEXT CHECK (length(target) BETWEEN 1 AND 300),
    before TEXT CHECK (length(before) <= 20000),
    after TEXT CHECK (length(after) <= 20000),
    ip TEXT CHECK (length(ip) <= 100),
    request_id TEXT CHECK (length(request_id) <= 64)
);

CREATE INDEX audit_log_of_organization ON audit_log (org_id, id);
CREATE INDEX audit_log_of_actor ON audit_log (org_id, actor, id);
CREATE INDEX audit_log_of_action ON audit_log (org_id, action, id);
CREATE INDEX audit_log_of_target ON audit_log (org_id, target, id);

CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at <= now() - INTERVAL '90 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'a row of the audit log is kept for at least 90 days';
    END IF;
    RAISE EXCEPTION 'the audit log is never changed';
END;
$body$;

CREATE TRIGGER audit_log_is_kept BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit_log();
CREATE TRIGGER audit_log_is_not_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log();
