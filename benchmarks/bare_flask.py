"""A minimal Flask application: a small dict as JSON. The lower bound for the cost of a request."""

from flask import Flask, Response, jsonify

app = Flask(__name__, static_folder=None)


@app.get("/")
def index() -> Response:
    return jsonify(status="ok", ticker="AAPL", score=0.25)
