local ffi = require("ffi")
ffi.cdef [[
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
]]
local zmq = ffi.load("libzmq.so.5")
local ZMQ_REQ, ZMQ_REP, ZMQ_LAST_ENDPOINT = 3, 4, 32
local role, endpoint, count, text = arg[1], arg[2], tonumber(arg[3]), arg[4]

local function checked(result, call)
  if result < 0 then
    io.stderr:write(call, ": ", ffi.string(zmq.zmq_strerror(zmq.zmq_errno())), "\n")
    os.exit(4)
  end
  return result
end

local function say(name, value)
  io.stdout:write('{"', name, '": "', value, '"}\n')
  io.stdout:flush()
end

local context = zmq.zmq_ctx_new()
local socket = zmq.zmq_socket(context, role == "server" and ZMQ_REP or ZMQ_REQ)

local function send(message)
  checked(zmq.zmq_send(socket, message, #message, 0), "zmq_send")
end

local function receive()
  local buffer = ffi.new("char[1024]")
  local message = ffi.string(buffer, checked(zmq.zmq_recv(socket, buffer, 1024, 0), "zmq_recv"))
  say("received", message)
  return message
end

if role == "server" then
  checked(zmq.zmq_bind(socket, endpoint), "zmq_bind")
  local bound, size = ffi.new("char[256]"), ffi.new("size_t[1]", 256)
  checked(zmq.zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, size), "zmq_getsockopt")
  say("endpoint", ffi.string(bound))
  for _ = 1, count do
    send(text .. " to " .. receive())
  end
else
  checked(zmq.zmq_connect(socket, endpoint), "zmq_connect")
  for n = 1, count do
    send(text .. " " .. n)
    receive()
  end
end
zmq.zmq_close(socket)
zmq.zmq_ctx_term(context)
