"""A TCP road to one port that can lose answers: it forwards all, and on demand keeps the reply."""

import contextlib
import socket
import threading


class Proxy:
    """Listens on 127.0.0.1:listen_port, connects to 127.0.0.1:target_port."""

    def __init__(self, listen_port, target_port):
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", listen_port))
        self._lose = threading.Event()
        self._cut = threading.Event()
        self.reply = b""        # what was kept back
        self.posts = 0          # passed on so far
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_post_replies(self):
        """From now on an answer to a POST is read and not passed on; see cut()."""
        self._lose.set()

    def cut(self):
        """Closes the connections whose answers are kept."""
        self._lose.clear()
        self._cut.set()

    def close(self):
        self.cut()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as server:
            first = client.recv(65536)
            keep = self._lose.is_set() and first.startswith(b"POST")
            server.sendall(first)
            self.posts += first.startswith(b"POST")
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            if keep:
                threading.Thread(target=self._swallow, args=(server,), daemon=True).start()
                self._cut.wait(120)
                client.shutdown(socket.SHUT_RDWR)   # closing alone says nothing while _pump reads
                return
            _pump(server, client)

    def _swallow(self, server):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self.reply += data


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
