"""What the fields of the audit log mean."""

AUDIT_FIELDS = {
    "AuditItem.at": "When it was done.",
    "AuditItem.organization_id": "The organization for which it was done; null for none, as of a sign-in with an address that is nobody's.",
    "AuditItem.actor_kind": "What the actor is; `anybody` has not shown who they are.",
    "AuditItem.actor": "The id of the person or of the key; `master` for the master key.",
    "AuditItem.actor_name": "The name that the person or the key has now; null where there is none any more.",
    "AuditItem.action": "The id of the operation, the words of a terminal command, or what happened, as `sign_in_refused`.",
    "AuditItem.target": "What it was done to, by its path.",
    "AuditItem.before": "What it was before: of a change only what differs, without secrets.",
    "AuditItem.after": "What it was made, or what was sent, without secrets.",
    "AuditItem.ip": "The address that it came from; null for a terminal.",
    "AuditItem.request_id": "The `X-Request-ID` of the request; null for a terminal.",
}
