"""How gunicorn serves here: one loop reads and writes every connection, and a thread is taken by a complete request alone.

A silent, slow or vanished client holds a socket and a little memory, never a thread (docs/decisions/0047-thread-per-request.md).

    incoming.py    bytes to a request: head, body, and when it is complete; knows no socket and no clock
    chunked.py     takes the chunked framing off a body
    pace.py        how slow is too slow
    outgoing.py    what a thread writes an answer through, and the loop sends
    connection.py  one connection: its socket, its state, its deadlines
    refusal.py     what the server itself answers, as problem+json
    calls.py       calls that threads hand to the loop
    loop.py        the loop: accepts, reads, writes, looks at clocks and closes
    answer.py      what a thread does with a complete request
    worker.py      the gunicorn worker: the loop and its threads
"""
