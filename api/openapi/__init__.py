"""The OpenAPI document: built by flask-openapi3, then completed for people and for generators of clients. Imported when it is asked for."""
