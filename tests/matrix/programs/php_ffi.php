<?php
const ZMQ_REQ = 3;
const ZMQ_REP = 4;
const ZMQ_LAST_ENDPOINT = 32;

[, $role, $endpoint, $count, $text] = $argv;
$zmq = FFI::cdef('
    void *zmq_ctx_new(void);
    int zmq_ctx_term(void *);
    void *zmq_socket(void *, int);
    int zmq_close(void *);
    int zmq_bind(void *, const char *);
    int zmq_connect(void *, const char *);
    int zmq_send(void *, const char *, size_t, int);
    int zmq_recv(void *, void *, size_t, int);
    int zmq_getsockopt(void *, int, void *, size_t *);
    int zmq_errno(void);
    const char *zmq_strerror(int);
', 'libzmq.so.5');

function checked(int $result, string $call): int
{
    global $zmq;
    if ($result < 0) {
        fwrite(STDERR, "$call: " . $zmq->zmq_strerror($zmq->zmq_errno()) . "\n");
        exit(4);
    }
    return $result;
}

function say(array $what): void
{
    echo json_encode($what, JSON_UNESCAPED_SLASHES), "\n";
}

function send(string $message): void
{
    global $zmq, $socket;
    checked($zmq->zmq_send($socket, $message, strlen($message), 0), 'zmq_send');
}

function receive(): string
{
    global $zmq, $socket;
    $buffer = FFI::new('char[1024]');
    $message = FFI::string($buffer, checked($zmq->zmq_recv($socket, $buffer, 1024, 0), 'zmq_recv'));
    say(['received' => $message]);
    return $message;
}

$context = $zmq->zmq_ctx_new();
$socket = $zmq->zmq_socket($context, $role === 'server' ? ZMQ_REP : ZMQ_REQ);
if ($role === 'server') {
    checked($zmq->zmq_bind($socket, $endpoint), 'zmq_bind');
    $bound = FFI::new('char[256]');
    $size = FFI::new('size_t');
    $size->cdata = 256;
    checked($zmq->zmq_getsockopt($socket, ZMQ_LAST_ENDPOINT, $bound, FFI::addr($size)), 'getsockopt');
    say(['endpoint' => FFI::string($bound)]);
    for ($n = 0; $n < (int) $count; $n++) {
        send("$text to " . receive());
    }
} else {
    checked($zmq->zmq_connect($socket, $endpoint), 'zmq_connect');
    for ($n = 1; $n <= (int) $count; $n++) {
        send("$text $n");
        receive();
    }
}
$zmq->zmq_close($socket);
$zmq->zmq_ctx_term($context);
