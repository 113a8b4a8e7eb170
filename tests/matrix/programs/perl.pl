use strict;
use warnings;
use ZMQ::FFI;
use ZMQ::FFI::Constants qw(ZMQ_REQ ZMQ_REP ZMQ_LAST_ENDPOINT);

$| = 1;
my ($role, $endpoint, $count, $text) = @ARGV;
my $context = ZMQ::FFI->new();
my $socket = $context->socket($role eq 'server' ? ZMQ_REP : ZMQ_REQ);
if ($role eq 'server') {
    $socket->bind($endpoint);
    print '{"endpoint": "', $socket->get(ZMQ_LAST_ENDPOINT, "string"), "\"}\n";
    for (1 .. $count) {
        my $asked = $socket->recv();
        print "{\"received\": \"$asked\"}\n";
        $socket->send("$text to $asked");
    }
} else {
    $socket->connect($endpoint);
    for my $n (1 .. $count) {
        $socket->send("$text $n");
        print '{"received": "', $socket->recv(), "\"}\n";
    }
}
