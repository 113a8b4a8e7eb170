import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;

public class Agent {
    private static void say(String name, String value) {
        System.out.println("{\"" + name + "\": \"" + value + "\"}");
        System.out.flush();
    }

    private static String receive(ZMQ.Socket socket) {
        String message = socket.recvStr();
        say("received", message);
        return message;
    }

    public static void main(String[] arguments) {
        String endpoint = arguments[1], text = arguments[3];
        boolean serves = arguments[0].equals("server");
        int count = Integer.parseInt(arguments[2]);
        try (ZContext context = new ZContext()) {
            ZMQ.Socket socket = context.createSocket(serves ? SocketType.REP : SocketType.REQ);
            if (serves) {
                socket.bind(endpoint);
                say("endpoint", socket.getLastEndpoint());
            } else {
                socket.connect(endpoint);
            }
            for (int n = 1; n <= count; n++) {
                if (serves) {
                    socket.send(text + " to " + receive(socket));
                } else {
                    socket.send(text + " " + n);
                    receive(socket);
                }
            }
        }
    }
}
