"""The gunicorn worker: one loop reads and writes all connections, and only a complete request occupies a thread.

A silent, slow or disconnected client costs a socket and a little memory, never a thread (docs/decisions/0047-thread-per-request.md).

    incoming.py    parses bytes into a request: head, body, completeness; knows no socket and no clock
    chunked.py     decodes the chunked transfer coding of a body
    pace.py        the minimum transfer rate
    outgoing.py    the write side of a connection: threads write, the loop sends
    connection.py  one connection: its socket, state and deadlines
    refusal.py     the server's own error responses, as problem+json
    response.py    gunicorn's response, with a quicker check of its headers
    calls.py       calls from threads to the loop
    loop.py        the loop: accepts, reads, writes, enforces deadlines and closes
    answer.py      runs the application for a complete request
    worker.py      the gunicorn worker: the loop and its threads
    arrivals.py    ends the arrival of connections before the listeners are closed
    boot.py        starts and stops the application in a worker
    master.py      the hooks of gunicorn's master process
"""
