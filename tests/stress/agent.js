// agent.py for Node, where it connects: PUSH, DEALER, SUB and PULL.
const fs = require("fs");
const zmq = require("zeromq");

const [name, incarnation, logFile, type, , rate, , endpoint] = process.argv.slice(2);
const MARK = "STRESS-IN-CLEAR-7f3a9c";
const CLASSES = { PUSH: zmq.Push, DEALER: zmq.Dealer, SUB: zmq.Subscriber, PULL: zmq.Pull };
const log = fs.openSync(logFile, "a");
let number = 0;
let outstanding = 0;
let sends = type === "PUSH" || type === "DEALER";
let again = false;
let socket;

function note(text) {
  fs.writeSync(log, text + "\n");
}

function checksum(text) {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619) >>> 0;
  return value.toString(16).padStart(8, "0");
}

function compose() {
  const size = number % 40 === 0 ? 4000 : (number * 37) % 200;
  const what = `${name} ${incarnation} ${number} ${".".repeat(size)}`;
  return `${MARK} ${checksum(what)} ${what}`;
}

function take(message) {
  const text = message.toString("latin1");
  const parts = text.split(" ");
  if (parts.length !== 6 || parts[0] !== MARK || parts[1] !== checksum(text.slice(MARK.length + 10))) {
    note(`X ${Date.now()} ${message.subarray(0, 100).toString("hex")}`);
    return;
  }
  note(`R ${Date.now()} ${parts[2]} ${parts[3]} ${parts[4]} -`);
  outstanding--;
}

async function receive(from) {
  try {
    for await (const frames of from) take(frames[frames.length - 1]);
  } catch (error) {
    if (!from.closed) throw error;
  }
}

function open() {
  if (socket) socket.close();
  socket = new CLASSES[type]({ linger: 0 });
  if (type === "SUB") socket.subscribe();
  socket.connect(endpoint);
  outstanding = 0;
  again = false;
  note("O");
  if (type !== "PUSH") receive(socket);
}

async function send() {
  if (again && outstanding <= 0) open();
  if (!sends || again || !socket.writable) return;
  number++;
  outstanding++;
  await socket.send(compose());
  note(`S ${number}`);
}

process.on("SIGTERM", () => process.exit(0));
process.on("SIGUSR2", () => { sends = false; });
process.on("SIGHUP", () => { again = type === "DEALER"; });
open();
setInterval(send, 1000 / Number(rate));
