"""Helpers that mention no domain noun.

A closed list: api_utils, clock, dialects, driver_reader, ids, json_text, logger, postgres, sql_script, sqlite, terminal. A helper with one
caller lives beside that caller.
"""
