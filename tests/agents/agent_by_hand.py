#!/usr/bin/python3
"""The same agent, secured by hand: CURVE options in its own code, and pyzmq's authenticator."""

import pathlib
import sys

import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

import agent


def be_server(certs, context, socket):
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain="*", location=str(certs / "authorized_clients"))
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(
        certs / "server.key_secret")
    socket.curve_server = True
    return authenticator.stop


def be_client(certs, socket):
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(
        certs / "client.key_secret")
    socket.curve_serverkey, _ = zmq.auth.load_certificate(certs / "server.key")
    return lambda: None


def secure(args, context, socket):
    certs = pathlib.Path(args.certs)
    if args.bind:
        return be_server(certs, context, socket)
    return be_client(certs, socket)


def main():
    parser = agent.parser(__doc__)
    parser.add_argument("--certs", metavar="DIR", default="certificates",
                        help="certificate directory (default: %(default)s)")
    return agent.run(agent.parse(parser), secure)


if __name__ == "__main__":
    sys.exit(main())
