"""A relay that delays what it passes on: `slow_link.py SEED [PORT:ADDRESS:PORT:MS]...`. The delay
of each piece is random, up to MS; pieces stay in order. It stands in for netem, which kernels may
not have."""

import asyncio
import contextlib
import random
import sys


async def pass_on(reader, writer, chance, most):
    """Reads on while earlier pieces still wait: it delays, and does not slow down."""
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def write():
        while True:
            due, data = await pieces.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()

    writing = asyncio.create_task(write())
    with contextlib.suppress(OSError):
        while True:
            data = await reader.read(65536)
            pieces.put_nowait((loop.time() + chance.uniform(0, most), data))
            if not data:
                break
        await writing
    writing.cancel()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()


def serve(address, port, most, chance):
    async def relay(reader, writer):
        with contextlib.suppress(OSError):
            there, onward = await asyncio.open_connection(address, port)
            ways = [asyncio.create_task(pass_on(reader, onward, chance, most)),
                    asyncio.create_task(pass_on(there, writer, chance, most))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            # An agent that ended reads nothing any more: nor does libzmq half-close.
            await asyncio.sleep(most)
            onward.close()
        writer.close()
    return relay


async def main():
    chance = random.Random(int(sys.argv[1]))
    for link in sys.argv[2:]:
        port, address, target, most = link.split(":")
        await asyncio.start_server(serve(address, int(target), int(most) / 1000, chance),
                                   "0.0.0.0", int(port))
    print("up", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
