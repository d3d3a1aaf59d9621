"""A server that answers every request with the same bytes: the upper bound of the load generator. Prints its port."""

import selectors
import socket

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n" + b'{"status": "ok"}'


def main() -> None:
    """Serve until killed."""
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                alive = bool(connection.recv(65_536)) and bool(connection.send(ANSWER))
            except ConnectionError:
                alive = False
            if not alive:
                selector.unregister(connection)
                connection.close()


if __name__ == "__main__":
    main()
