package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	zmq "github.com/pebbe/zmq4"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}

func say(name, value string) {
	line, err := json.Marshal(map[string]string{name: value})
	check(err)
	fmt.Println(string(line))
}

func receive(socket *zmq.Socket) string {
	message, err := socket.Recv(0)
	check(err)
	say("received", message)
	return message
}

func send(socket *zmq.Socket, message string) {
	_, err := socket.Send(message, 0)
	check(err)
}

func main() {
	role, endpoint, text := os.Args[1], os.Args[2], os.Args[4]
	count, err := strconv.Atoi(os.Args[3])
	check(err)
	kind := zmq.REQ
	if role == "server" {
		kind = zmq.REP
	}
	socket, err := zmq.NewSocket(kind)
	check(err)
	if role == "server" {
		check(socket.Bind(endpoint))
		bound, err := socket.GetLastEndpoint()
		check(err)
		say("endpoint", bound)
		for n := 0; n < count; n++ {
			send(socket, text+" to "+receive(socket))
		}
	} else {
		check(socket.Connect(endpoint))
		for n := 1; n <= count; n++ {
			send(socket, fmt.Sprintf("%s %d", text, n))
			receive(socket)
		}
	}
	check(socket.Close())
	check(zmq.Term())
}
