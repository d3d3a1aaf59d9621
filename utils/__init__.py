"""Stateless helpers with three callers or more that mention no domain noun.

A closed list, held by tests/test_architecture.py: api_utils, cancellation, clock, csv_text, database_errors, dialects, ids,
input_messages, json_text, logger, secret_file, start_errors, terminal. A helper with one caller lives beside that caller; one with state or
threads in infrastructure/.
"""
