// Sends one bookTicker message at a time, each with the moment at which it was handed to the socket.
//
//   paced <microseconds between> ws|wss
//
// Prints its port. To who sends a SUBSCRIBE it confirms it, and sends quotes of btcusdt until the connection ends; `u` is
// the wall clock in nanoseconds, read right before the write (and the encryption). Serves one client at a time until
// standard input closes.
#include <csignal>
#include <ctime>
#include <thread>

#include <sys/prctl.h>

#include "wire.hpp"

namespace {

std::int64_t clock_ns(clockid_t which) {
  timespec now;
  clock_gettime(which, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::string frame_of(const std::string &payload) {
  std::string frame = "\x81";
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    frame += '\x7e';
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 255);
  }
  return frame + payload;
}

// The payload of the first frame of a client, unmasked; empty when there is none.
std::string read_request(bench::Wire &wire) {
  std::string bytes;
  char chunk[4096];
  for (;;) {
    if (bytes.size() >= 2) {
      std::size_t length = bytes[1] & 127, at = 2;
      if (length == 126 && bytes.size() >= 4) {
        length = static_cast<unsigned char>(bytes[2]) * 256 + static_cast<unsigned char>(bytes[3]);
        at = 4;
      }
      if (length != 126 && bytes.size() >= at + 4 + length) {
        std::string payload = bytes.substr(at + 4, length);
        for (std::size_t i = 0; i < length; ++i)
          payload[i] ^= bytes[at + i % 4];
        return payload;
      }
    }
    const std::size_t got = wire.read(chunk, sizeof chunk);
    if (got == 0)
      return {};
    bytes.append(chunk, got);
  }
}

void serve(bench::Wire wire, long every_us) {
  const std::string head = wire.read_head();
  const std::size_t key_at = head.find("Sec-WebSocket-Key: ");
  if (key_at == std::string::npos)
    return;
  const std::string key = head.substr(key_at + 19, head.find("\r\n", key_at) - key_at - 19);
  if (!wire.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                  bench::accept_value(key) + "\r\n\r\n"))
    return;
  const std::string request = read_request(wire);
  const std::size_t id_at = request.find("\"id\":");
  if (id_at == std::string::npos)
    return;
  std::size_t id_end = id_at + 5;
  while (id_end < request.size() && request[id_end] != ',' && request[id_end] != '}')
    ++id_end;
  if (!wire.write(frame_of("{\"result\":null,\"id\":" + request.substr(id_at + 5, id_end - id_at - 5) + "}")))
    return;
  const std::string before = R"({"stream":"btcusdt@bookTicker","data":{"u":)";
  const std::string after =
      R"(,"s":"BTCUSDT","b":"91234.56000000","B":"0.09531000","a":"91234.57000000","A":"0.02416000"}})";
  std::int64_t due = clock_ns(CLOCK_MONOTONIC);
  for (;;) {
    due += every_us * 1000;
    const timespec at = {static_cast<time_t>(due / 1'000'000'000), static_cast<long>(due % 1'000'000'000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    due = std::max(due, clock_ns(CLOCK_MONOTONIC) - every_us * 1000); // what is late is not made up for in a burst
    if (!wire.write(frame_of(before + std::to_string(clock_ns(CLOCK_REALTIME)) + after)))
      return;
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    bench::give_up("usage: paced MICROSECONDS ws|wss");
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  const long every_us = std::atol(argv[1]);
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
    serve(wire, every_us);
    wire.close();
  }
}
