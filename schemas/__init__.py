"""What comes in and goes out over HTTP: Pydantic models, one module per noun. They are the validation and the OpenAPI document."""
