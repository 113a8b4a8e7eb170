<?php
[, $role, $endpoint, $count, $text] = $argv;

function say(array $what): void
{
    echo json_encode($what, JSON_UNESCAPED_SLASHES), "\n";
}

$context = new ZMQContext();
$socket = new ZMQSocket($context, $role === 'server' ? ZMQ::SOCKET_REP : ZMQ::SOCKET_REQ);
if ($role === 'server') {
    $socket->bind($endpoint);
    say(['endpoint' => $socket->getSockOpt(ZMQ::SOCKOPT_LAST_ENDPOINT)]);
    for ($n = 0; $n < (int) $count; $n++) {
        $asked = $socket->recv();
        say(['received' => $asked]);
        $socket->send("$text to $asked");
    }
} else {
    $socket->connect($endpoint);
    for ($n = 1; $n <= (int) $count; $n++) {
        $socket->send("$text $n");
        say(['received' => $socket->recv()]);
    }
}
