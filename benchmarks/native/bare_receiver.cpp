// The least that a program can be late: reads the paced sender's messages in a loop of its own, without a parser, a ring or Python,
// and looks at the clock. What a feed in a process of its own is compared with.
//
//   bare_receiver <port> ws|wss wait|spin <seconds>
//
// Prints the lags in nanoseconds, one a line: from the `u` of a message, the sender's clock right before its write, to its arrival.
#include <fcntl.h>

#include <cstdint>
#include <ctime>
#include <vector>

#include "wire.hpp"

namespace {

std::int64_t clock_ns(clockid_t which) {
  timespec now;
  clock_gettime(which, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// A text frame of a client; its mask is zero, so that the payload stands as it is.
std::string masked(const std::string &payload) {
  std::string frame = "\x81";
  frame += static_cast<char>(0x80 | payload.size());
  frame.append(4, '\0');
  return frame + payload;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 5)
    bench::give_up("usage: bare_receiver PORT ws|wss wait|spin SECONDS");
  const bool tls = std::string_view(argv[2]) == "wss", spins = std::string_view(argv[3]) == "spin";
  bench::Wire wire{::socket(AF_INET, SOCK_STREAM, 0), nullptr};
  const sockaddr_in address = bench::loopback(static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (::connect(wire.fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    bench::give_up("nobody listens on this port");
  const int one = 1;
  ::setsockopt(wire.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (tls) {
    wire.ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    SSL_set_fd(wire.ssl, wire.fd);
    if (SSL_connect(wire.ssl) != 1)
      bench::give_up("no TLS handshake");
  }
  if (!wire.write("GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n") ||
      wire.read_head().find(" 101 ") == std::string::npos ||
      !wire.write(masked(R"({"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":1})")))
    bench::give_up("no WebSocket handshake");
  if (spins)
    ::fcntl(wire.fd, F_SETFL, ::fcntl(wire.fd, F_GETFL) | O_NONBLOCK);
  const std::int64_t end = clock_ns(CLOCK_MONOTONIC) + static_cast<std::int64_t>(std::atof(argv[4]) * 1e9);
  std::vector<std::int64_t> lags;
  lags.reserve(1 << 20);
  char piece[16'384];
  while (clock_ns(CLOCK_MONOTONIC) < end) {
    const std::size_t got = wire.read(piece, sizeof piece - 1);
    const std::int64_t now = clock_ns(CLOCK_REALTIME);
    if (got == 0 && !spins)
      bench::give_up("the sender has gone before the end");
    piece[got] = '\0';
    const std::string_view seen(piece, got); // and no C string: lengths in headers have zeros
    if (const std::size_t at = seen.find("\"u\":"); at != seen.npos)
      lags.push_back(now - std::atoll(piece + at + 4));
  }
  for (const std::int64_t lag : lags)
    std::cout << lag << '\n';
}
