"""What the cleaner owes the reader while it holds a message back."""


class Pending:
    """The octets that came in and have not gone out: should anything fail, they go out as they came."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._gone = 0  # octets of the first chunk
        self.returned = 0

    def add(self, data: bytes) -> None:
        """`data` has come in."""
        self._chunks.append(data)

    def drop(self, count: int) -> None:
        """`count` more octets have gone out."""
        self.returned += count
        self._gone += count
        done = 0
        while done < len(self._chunks) and self._gone >= len(self._chunks[done]):
            self._gone -= len(self._chunks[done])
            done += 1
        del self._chunks[:done]

    def rest(self) -> bytes:
        """Everything that has not gone out."""
        rest = b"".join(self._chunks)[self._gone :]
        self._chunks, self._gone = [], 0
        return rest
