"""The least that Flask can do: a small dict as JSON. The floor that a request of ours is measured beside."""

from flask import Flask, Response, jsonify

app = Flask(__name__, static_folder=None)


@app.get("/")
def index() -> Response:
    return jsonify(status="ok", ticker="AAPL", score=0.25)
