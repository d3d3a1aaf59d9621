"""The WSGI entry point: `gunicorn wsgi:app`; also where the `flask` command finds the application."""

import sys

from infrastructure.garbage import loading
from infrastructure.linear_algebra import keep_to_one_thread

keep_to_one_thread()

with loading():
    from app import create_app
    from config import ConfigError

    try:
        app = create_app()
    except ConfigError as error:
        sys.exit(str(error))
