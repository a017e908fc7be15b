// The peer of the flood: sends one block of prebuilt WebSocket frames over and over, as fast as the client takes them.
//
//   sender <frames file> ws|wss
//
// Prints its port. Each connection is `GET /<blocks>`; the first bytes that the client sends after the handshake start
// the flood; a PING with the payload "end" finishes it. Serves one client at a time until standard input closes. Each
// block has newer ids than the one before, whoever has got that.
#include <fstream>
#include <thread>

#include "newer.hpp"
#include "wire.hpp"

namespace {

void append_frame(std::string &block, const std::string &payload) {
  block += '\x81';
  if (payload.size() < 126) {
    block += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    block += '\x7e';
    block += static_cast<char>(payload.size() >> 8);
    block += static_cast<char>(payload.size() & 255);
  } else {
    bench::give_up("a payload of the flood is longer than 65,535 bytes");
  }
  block += payload;
}

void serve(bench::Wire wire, const std::string &block, bench::Newer &newer) {
  const std::string head = wire.read_head();
  const std::size_t key_at = head.find("Sec-WebSocket-Key: ");
  if (head.rfind("GET /", 0) != 0 || key_at == std::string::npos)
    return;
  const long blocks = std::atol(head.c_str() + 5);
  const std::string key = head.substr(key_at + 19, head.find("\r\n", key_at) - key_at - 19);
  char start[64];
  if (!wire.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                  bench::accept_value(key) + "\r\n\r\n") ||
      wire.read(start, sizeof start) == 0)
    return;
  for (long i = 0; i < blocks; ++i) {
    newer.step();
    if (!wire.write(block)) // SSL_write cuts it into records of 16 KiB
      return;
  }
  wire.write(std::string("\x89\x03"
                         "end"));
  while (wire.read(start, sizeof start) != 0) // until the client has gone
    ;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    bench::give_up("usage: sender FRAMES ws|wss");
  std::ifstream file(argv[1]);
  std::string block;
  for (std::string line; std::getline(file, line);)
    append_frame(block, line);
  bench::Newer newer;
  newer.find(block.data(), block.data() + block.size());
  SSL_CTX *context = std::string_view(argv[2]) == "wss" ? bench::server_context() : nullptr;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = bench::loopback(0);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr *>(&address), length) != 0 || ::listen(listener, 4) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr *>(&address), &length) != 0)
    bench::give_up("the sender cannot listen on loopback");
  std::cout << ntohs(address.sin_port) << std::endl;
  std::thread([] {
    for (char byte; ::read(0, &byte, 1) > 0;)
      ;
    std::_Exit(0); // whoever started us has gone
  }).detach();
  for (;;) {
    bench::Wire wire{::accept(listener, nullptr, nullptr), nullptr};
    if (wire.fd < 0)
      bench::give_up("accept failed");
    const int one = 1;
    ::setsockopt(wire.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (context != nullptr) {
      wire.ssl = SSL_new(context);
      SSL_set_fd(wire.ssl, wire.fd);
      if (SSL_accept(wire.ssl) != 1) {
        wire.close();
        continue;
      }
    }
    serve(wire, block, newer);
    wire.close();
  }
}
