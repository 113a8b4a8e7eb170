"""What the agents' logs say came of each message: altered, duplicated, reordered, lost."""

import collections
import dataclasses

ANSWERED = ("REQ", "DEALER")


@dataclasses.dataclass
class Account:
    sent: int = 0
    received: int = 0
    connections: int = 0  # that carried something, as far as receivers can tell them apart
    altered: list = dataclasses.field(default_factory=list)
    duplicated: list = dataclasses.field(default_factory=list)
    reordered: list = dataclasses.field(default_factory=list)
    after_revocation: list = dataclasses.field(default_factory=list)
    # libzmq promises nothing here: what an old connection brought is read beside the new one's.
    reordered_across_connections: int = 0
    lost: collections.Counter = dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass
class Receipt:
    at: int
    receiver: str
    life: int  # of the receiver
    stream: str
    incarnation: int
    number: int
    connection: str


def read(files):
    """(sent, receipts, altered) of `NAME.INCARNATION` logs."""
    sent, receipts, altered = {}, [], []
    for path in files:
        name, life = path.name.rsplit(".", 1)
        # The last line of an agent that was killed may be torn.
        for line in path.read_text(encoding="ascii").split("\n")[:-1]:
            what, *words = line.split(" ")
            if what == "S":
                sent[name, int(life)] = int(words[0])
            elif what == "R":
                receipts.append(Receipt(int(words[0]), name, int(life), words[1], int(words[2]),
                                        int(words[3]), words[4]))
            elif what == "X":
                altered.append(f"{name}: {line}")
    return sent, receipts, altered


def account(members, files, revoked=None):
    """`members` by name; `revoked`: ms by stream, from when on nothing of it may be received."""
    revoked = revoked or {}
    sent, receipts, altered = read(files)
    books = Account(sent=sum(sent.values()), received=len(receipts), altered=altered)
    seen, last, newest = set(), {}, {}
    connections = set()
    for receipt in receipts:
        member, sender = members[receipt.receiver], members.get(receipt.stream)
        message = (receipt.stream, receipt.incarnation, receipt.number)
        # One may be sent before a kill keeps it from being noted.
        known = sent.get(message[:2], 0) + 1
        if not sender or sender.group != member.group or not 0 < receipt.number <= known:
            books.altered.append(f"{receipt}: nobody sent that")
            continue
        # A PUSH gives each message to one of those that are connected, a PUB to all.
        scope = member.group if member.kind == "PULL" else receipt.receiver
        if (scope, message) in seen:
            books.duplicated.append(str(receipt))
        seen.add((scope, message))
        stream = (receipt.receiver, receipt.life, *message[:2])
        connection = (*stream, receipt.connection)
        connections.add((receipt.receiver, receipt.life, receipt.stream, receipt.connection))
        if receipt.number < last.get(connection, 0):
            books.reordered.append(str(receipt))
        elif receipt.number < newest.get(stream, 0):
            books.reordered_across_connections += 1
        last[connection] = receipt.number
        newest[stream] = max(receipt.number, newest.get(stream, 0))
        if receipt.at > revoked.get(receipt.stream, receipt.at):
            books.after_revocation.append(str(receipt))
    books.connections = len(connections)
    count_losses(books, members, sent, receipts, revoked)
    return books


def count_losses(books, members, sent, receipts, revoked):
    arrived, answered = collections.defaultdict(set), collections.defaultdict(set)
    for receipt in receipts:
        stream = (receipt.stream, receipt.incarnation)
        kept = answered if receipt.receiver == receipt.stream else arrived
        if members[receipt.receiver].kind != "SUB":
            kept[stream].add(receipt.number)
    for stream, count in sent.items():
        kind = members[stream[0]].kind
        if kind == "PUB" or stream[0] in revoked:
            continue
        numbers = set(range(1, count + 1))
        books.lost[kind] += len(numbers - arrived[stream])
        if kind in ANSWERED:
            books.lost[f"answer to {kind}"] += len((numbers & arrived[stream]) - answered[stream])
    books.lost["SUB"] += gaps(members, receipts)


def gaps(members, receipts):
    """What a subscriber missed between the first and the last that it got of a publisher's life."""
    got = collections.defaultdict(set)
    for receipt in receipts:
        if members[receipt.receiver].kind == "SUB":
            got[receipt.receiver, receipt.life, receipt.stream, receipt.incarnation].add(
                receipt.number)
    return sum(max(numbers) - min(numbers) + 1 - len(numbers) for numbers in got.values())


def unsubscribed_tail(members, files):
    """How many of the last messages of publishers subscribers have not got (yet)."""
    sent, receipts, _ = read(files)
    newest = {}
    for receipt in receipts:
        if members[receipt.receiver].kind == "SUB":
            key = (receipt.receiver, receipt.stream, receipt.incarnation)
            newest[key] = max(receipt.number, newest.get(key, 0))
    return sum(sent.get(key[1:], 0) - number for key, number in newest.items())
