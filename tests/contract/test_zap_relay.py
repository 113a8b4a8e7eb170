"""The way from the authenticator to the program's own ZAP handler and back: many at once, out of
order, or without an answer. Where libzmq has a way of its own, it is run natively too."""

from harness import builds

from .zap_handler import MANY


def test_what_it_says_just_before_it_ends_counts(both):
    def outcome(program):
        program("""
            def once():
                made = ctx.socket(zmq.ROUTER); made.linger = 0
                # Natively it takes a moment until the last one's address is free.
                while attempt(made.bind, ZAP) == 'EADDRINUSE':
                    time.sleep(0.001)
                a = curve_server(); b = curve_client(a); b.send(b'x')
                frames = made.recv_multipart()
                made.send_multipart(frames[:2] + reply(frames[2:])); made.close()
                arrived = a.poll(10000) != 0
                a.close(); b.close()
                return arrived
            first = bound('PULL', 'tcp://[::1]:*', ipv6=1)
            results = [once() for _ in range(20)]
        """)
        return program("results")

    assert both(outcome) == [True] * 20


def test_answers_in_any_order_go_where_they_belong(both):
    def outcome(program):
        program(MANY.format(count=100, kind="ROUTER"))
        assert program("h.wait(COUNT)")
        program("""
            order = list(h.requests); random.Random(1).shuffle(order)
            for request in order:
                h.outbox.append(request[:2] + reply(request[2:], user=request[4]))
            answers = [each.recv_multipart() for each in asking]
        """)
        # Every client has its own routing id, as with libzmq's own sessions.
        assert program("len({request[0] for request in h.requests})") == 100
        return program("[answers[n][1:] == reply([0, b'%d' % n], user=b'domain %d' % n) "
                       "for n in range(COUNT)]")

    assert both(outcome) == [True] * 100


def test_answers_that_nobody_waits_for(both):
    """Twice the same, to clients that are gone, to nobody at all: the next client gets its own."""
    def outcome(program):
        program(MANY.format(count=20, kind="ROUTER"))
        assert program("h.wait(COUNT)")
        program("""
            # Clients have connections of their own: their questions come in any order.
            for request in h.requests:
                if int(request[3]) >= 10:
                    h.outbox.append(request[:2] + reply(request[2:]))
            answers = [each.recv_multipart()[2] for each in asking[10:]]
            [each.close() for each in asking]
            for request in 3 * h.requests:
                h.outbox.append(request[:2] + reply(request[2:], b'400', text=b'late'))
            h.outbox.append([b'nobody', b''] + reply([0, b'1'], b'400'))
            last = asker(); ask(last, 77)
            assert h.wait(COUNT + 1)
            request = h.requests[-1]
            h.outbox.append(request[:2] + reply(request[2:]))
        """)
        return program("[len(answers)] + [f.decode() for f in last.recv_multipart()[1:4]]")

    assert both(outcome) == [10, "1.0", "77", "200"]


def test_thousands_without_an_answer_do_not_stay(handled):
    """Each waits at the handler's door; libzmq drops those whose client is gone, which can't be
    seen from here. So the oldest are given up, and the others are answered."""
    program = handled()
    program("first = bound('PULL'); h = Handler(lambda request: None, 'ROUTER'); last = asker()")
    resident = "next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmRSS'))"

    def more(count):
        program(f"""
            before = len(h.requests)
            for n in range({count}):
                ask(last, n)
                if n % 100 == 99:
                    assert h.wait(before + n + 1)
        """)

    more(2500)
    before = program(resident)
    more(6000)
    # 6,000 connections with their buffers would be 190 MiB. A sanitizer keeps what is freed.
    assert builds.SANITIZED or program(resident) - before < 40000
    program("""
        for request in h.requests[-500:]:
            h.outbox.append(request[:2] + reply(request[2:]))
        ids = {int(last.recv_multipart()[2]) for _ in range(500)}
    """)
    assert program("ids == set(range(5500, 6000))")


def test_many_clients_at_once(both):
    def outcome(program):
        program("""
            first = bound('PULL', 'tcp://[::1]:*', ipv6=1); h = Handler(kind='ROUTER')
            a = curve_server(); clients = [curve_client(a) for _ in range(150)]
            for n, each in enumerate(clients):
                each.send(b'%d' % n)
            got = sorted(int(a.recv()) for _ in clients)
        """)
        return program("[got, len(h.requests)]")

    assert both(outcome) == [list(range(150)), 150]
