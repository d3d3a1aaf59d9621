"""One package per feature, each with the same few files: routes, schemas, service, store, kinds of job, terminal commands."""
