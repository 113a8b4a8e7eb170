require 'ffi-rzmq'

$stdout.sync = true
role, endpoint, count, text = ARGV

def checked(result, call)
  abort "#{call}: #{ZMQ::Util.error_string}" unless ZMQ::Util.resultcode_ok?(result)
end

def receive(socket)
  message = +''
  checked(socket.recv_string(message), 'recv')
  puts %({"received": "#{message}"})
  message
end

context = ZMQ::Context.new
socket = context.socket(role == 'server' ? ZMQ::REP : ZMQ::REQ)
if role == 'server'
  checked(socket.bind(endpoint), 'bind')
  bound = []
  checked(socket.getsockopt(ZMQ::LAST_ENDPOINT, bound), 'getsockopt')
  puts %({"endpoint": "#{bound[0].delete("\0")}"})
  count.to_i.times { checked(socket.send_string("#{text} to #{receive(socket)}"), 'send') }
else
  checked(socket.connect(endpoint), 'connect')
  (1..count.to_i).each do |n|
    checked(socket.send_string("#{text} #{n}"), 'send')
    receive(socket)
  end
end
socket.close
context.terminate
