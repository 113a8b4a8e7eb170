#include <string.h>

#include "scenario.h"

/* In draft headers only. */
#define ZAP_ENFORCE_DOMAIN 93

enum { KEY_TEXT = 41 };

static void set_key(void *socket, int option, const char *key)
{
    TRY(zmq_setsockopt(socket, option, key, KEY_TEXT) == 0, "option")
}

void open_own(struct own *own, void *context)
{
    char public_key[KEY_TEXT], secret_key[KEY_TEXT], endpoint[256];
    const int on = 1;

    TRY(zmq_curve_keypair(public_key, secret_key) == 0, "keys")
    own->server = open_socket(context, ZMQ_PULL);
    own->client = open_socket(context, ZMQ_PUSH);
    set_key(own->server, ZMQ_CURVE_SECRETKEY, secret_key);
    set_key(own->client, ZMQ_CURVE_SERVERKEY, public_key);
    set_key(own->client, ZMQ_CURVE_PUBLICKEY, public_key);
    set_key(own->client, ZMQ_CURVE_SECRETKEY, secret_key);
    TRY(zmq_setsockopt(own->server, ZMQ_CURVE_SERVER, &on, sizeof on) == 0, "option")
    TRY(zmq_setsockopt(own->server, ZMQ_ZAP_DOMAIN, "own", 3) == 0, "option")
    TRY(zmq_setsockopt(own->server, ZAP_ENFORCE_DOMAIN, &on, sizeof on) == 0, "option")
    TRY(done(zmq_bind, own->server, "tcp://127.0.0.1:*"), "bind")
    resolved(own->server, endpoint);
    TRY(done(zmq_connect, own->client, endpoint), "connect")
    zmq_send(own->client, MARK, sizeof MARK - 1, ZMQ_DONTWAIT);
}

void close_own(struct own *own)
{
    char text[64];

    if (zmq_recv(own->server, text, sizeof text, ZMQ_DONTWAIT) >= 0)
        puts("violation: a message where nobody may come in");
    zmq_close(own->client);
    zmq_close(own->server);
}
