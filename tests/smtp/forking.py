"""A proxy that can be killed and started again at once: `python -m tests.smtp.forking UPSTREAM_PORT USE`.

For each line on stdin a child is forked that listens and prints its process id and its port.
"""

import asyncio
import os
import sys

from blockproxy.config import Listener
from blockproxy.detect.rules import built_in
from blockproxy.model import Policy
from blockproxy.sending import Gateway, NextHopSettings
from blockproxy.smtp.listener import GatewayProxy, SmtpListener, SubmissionProxy


def made(upstream: NextHopSettings, use: str) -> SmtpListener:
    """A proxy for submission or a gateway."""
    if use == "submission":
        return SubmissionProxy(Listener(port=0), upstream, policy=Policy(), record=lambda *_: None)
    rules = built_in()
    return GatewayProxy(Listener(port=0), [upstream], Gateway(), rules=rules, policy=Policy(), record=lambda *_: None)


async def serve(upstream_port: int, use: str) -> None:
    """Until it is killed."""
    proxy = made(NextHopSettings(host="127.0.0.1", port=upstream_port, tls="none"), use)
    await proxy.start()
    print(os.getpid(), proxy.port, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Fork, and wait for the child to be killed."""
    built_in()  # once, before there are children
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
