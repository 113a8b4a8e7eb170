const zmq = require("zeromq");

const [role, endpoint, count, text] = process.argv.slice(2);

function say(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}

async function serve() {
  const socket = new zmq.Reply();
  await socket.bind(endpoint);
  say({ endpoint: socket.lastEndpoint });
  for (let n = 0; n < Number(count); n++) {
    const asked = String((await socket.receive())[0]);
    say({ received: asked });
    await socket.send(`${text} to ${asked}`);
  }
  socket.close();
}

async function ask() {
  const socket = new zmq.Request();
  socket.connect(endpoint);
  for (let n = 1; n <= Number(count); n++) {
    await socket.send(`${text} ${n}`);
    say({ received: String((await socket.receive())[0]) });
  }
  socket.close();
}

(role === "server" ? serve() : ask()).catch((error) => {
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 4;
});
