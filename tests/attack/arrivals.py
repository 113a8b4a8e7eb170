"""What gets in. poll alone would not tell: libzmq says that there is something to read when a connection
with a User-Id ends before its first message, and then there is nothing."""


def arrivals(program, socket="a", milliseconds=200, most=1000):
    """The messages, `most` at the most, that come with no longer a pause before each: tuples of texts."""
    program(f"""
        came = []
        while len(came) < {most} and {socket}.poll({milliseconds}):
            try:
                came.append([part.decode("latin-1") for part in {socket}.recv_multipart(zmq.DONTWAIT)])
            except zmq.Again:
                break
    """)
    return [tuple(message) for message in program("came")]


def assert_nothing_comes(program, socket="a", milliseconds=200):
    assert arrivals(program, socket, milliseconds) == []
