use std::io::Write;

fn say(name: &str, value: &str) {
    println!("{{\"{name}\": \"{value}\"}}");
    std::io::stdout().flush().unwrap();
}

fn receive(socket: &zmq::Socket) -> String {
    let message = socket.recv_string(0).unwrap().unwrap();
    say("received", &message);
    message
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (role, endpoint, text) = (&arguments[1], &arguments[2], &arguments[4]);
    let count: u32 = arguments[3].parse().unwrap();
    let context = zmq::Context::new();
    if role == "server" {
        let socket = context.socket(zmq::REP).unwrap();
        socket.bind(endpoint).unwrap();
        say("endpoint", &socket.get_last_endpoint().unwrap().unwrap());
        for _ in 0..count {
            let asked = receive(&socket);
            socket.send(&format!("{text} to {asked}"), 0).unwrap();
        }
    } else {
        let socket = context.socket(zmq::REQ).unwrap();
        socket.connect(endpoint).unwrap();
        for n in 1..=count {
            socket.send(&format!("{text} {n}"), 0).unwrap();
            receive(&socket);
        }
    }
}
