/* czmq's zauth over its life: prints for each step whether a client got in. */
#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static zcert_t *server_cert, *client_cert;

/* Whoever is expected gets all the time that a busy machine may take. */
static bool gets_in(zsock_t *server, zsock_t *client, const char *endpoint, bool expected)
{
    char *message = NULL, *last;
    zpoller_t *poller = zpoller_new(client, NULL);
    bool in;

    if (zsock_bind(server, "%s", endpoint) < 0) {
        printf("bind: %s; ", zmq_strerror(zmq_errno()));
        in = false;
    } else {
        last = zsock_last_endpoint(server);
        zsock_connect(client, "%s", last);
        free(last);
        zsock_set_sndtimeo(server, expected ? 20000 : 400);
        in = zstr_send(server, "hello") == 0 && zpoller_wait(poller, 5000) != NULL &&
             (message = zstr_recv(client)) != NULL && streq(message, "hello");
    }
    zstr_free(&message);
    zpoller_destroy(&poller);
    zsock_destroy(&server);
    zsock_destroy(&client);
    return in;
}

static bool null_gets_in(bool expected)
{
    zsock_t *server = zsock_new(ZMQ_PUSH), *client = zsock_new(ZMQ_PULL);

    zsock_set_zap_domain(server, "global");
    return gets_in(server, client, "tcp://127.0.0.1:*", expected);
}

static bool plain_gets_in(const char *password, bool expected)
{
    zsock_t *server = zsock_new(ZMQ_PUSH), *client = zsock_new(ZMQ_PULL);
    static int count;
    char endpoint[64];

    snprintf(endpoint, sizeof endpoint, "ipc://@curveshim-czmq-%d-%d", (int)getpid(), count++);
    zsock_set_plain_server(server, 1);
    zsock_set_plain_username(client, "anna");
    zsock_set_plain_password(client, password);
    return gets_in(server, client, endpoint, expected);
}

static bool curve_gets_in(bool expected)
{
    zsock_t *server = zsock_new(ZMQ_PUSH), *client = zsock_new(ZMQ_PULL);

    zcert_apply(server_cert, server);
    zsock_set_curve_server(server, 1);
    zcert_apply(client_cert, client);
    zsock_set_curve_serverkey(client, zcert_public_txt(server_cert));
    return gets_in(server, client, "tcp://127.0.0.1:*", expected);
}

static void tell(zactor_t *auth, const char *what, const char *argument)
{
    zstr_sendx(auth, what, argument, NULL);
    zsock_wait(auth);
}

static void say(const char *step, bool in)
{
    printf("%s: %s\n", step, in ? "in" : "out");
    fflush(stdout);
}

int main(void)
{
    zactor_t *auth;
    FILE *passwords = fopen("passwords", "w");

    server_cert = zcert_new();
    client_cert = zcert_new();
    fputs("anna=secret\n", passwords);
    fclose(passwords);
    mkdir("keys", 0755);

    say("NULL, no handler", null_gets_in(true));
    auth = zactor_new(zauth, NULL);
    say("NULL", null_gets_in(true));
    tell(auth, "DENY", "127.0.0.1");
    say("NULL, denied", null_gets_in(false));
    zactor_destroy(&auth);
    say("NULL, handler stopped", null_gets_in(true));

    auth = zactor_new(zauth, NULL);
    tell(auth, "ALLOW", "127.0.0.1");
    say("NULL, allowed", null_gets_in(true));
    say("CURVE, not configured", curve_gets_in(false));
    tell(auth, "CURVE", CURVE_ALLOW_ANY);
    say("CURVE, any", curve_gets_in(true));
    tell(auth, "CURVE", "keys");
    say("CURVE, unknown key", curve_gets_in(false));
    zcert_save_public(client_cert, "keys/client.key");
    say("CURVE, known key", curve_gets_in(true));
    zactor_destroy(&auth);
    say("CURVE, handler stopped", curve_gets_in(true));

    auth = zactor_new(zauth, NULL);
    tell(auth, "PLAIN", "passwords");
    say("PLAIN, right", plain_gets_in("secret", true));
    say("PLAIN, wrong", plain_gets_in("guess", false));
    zactor_destroy(&auth);
    say("PLAIN, handler stopped", plain_gets_in("secret", false));

    zcert_destroy(&server_cert);
    zcert_destroy(&client_cert);
    return 0;
}
