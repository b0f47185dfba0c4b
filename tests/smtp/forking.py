"""A submission proxy that can be killed and started again at once: `python -m tests.smtp.forking UPSTREAM_PORT`.

For each line on stdin a child is forked that listens and prints its process id and its port.
"""

import asyncio
import os
import sys

from blockproxy.config import Listener, Upstream
from blockproxy.model import Policy
from blockproxy.smtp.listener import SubmissionProxy


async def serve(upstream_port: int) -> None:
    """Until it is killed."""
    proxy = SubmissionProxy(
        Listener(port=0),
        Upstream(host="127.0.0.1", port=upstream_port, tls="none"),
        policy=Policy(),
        record=lambda *_: None,
    )
    await proxy.start()
    print(os.getpid(), proxy.port, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Fork, and wait for the child to be killed."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(serve(int(sys.argv[1])))
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
