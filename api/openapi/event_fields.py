"""What the fields of events mean."""

EVENT_FIELDS = {
    "Event.org_id": "Whose it is; 0 where it concerns all, as shared prices do.",
    "Event.type": "What happened: the service's own types, and those of callers.",
    "Event.subject": "What it is about: a ticker, the id of a job or of a list; null where it is about nothing in particular.",
    "Event.key": "Names what happened: an organization has one event with it. Whoever gets an event twice knows it by this, or by `id`.",
    "Event.data": "What is known of it, by its type.",
    "Event.created_at": "When it was written.",
    "Event.created_by": "The id of the key or the person that sent it; null for the service's own.",
    "Event.position": "Its place in the order in which events are told; null until it is told, within seconds.",
}
