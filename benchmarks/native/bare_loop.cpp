// The least that a C program must do to have the flood in its rings: read, cut into frames, decode, publish. Same parser,
// routes and rings as the package, the same two clock reads a socket read, no event loop and no Python.
//
//   bare_loop <routes> <ring capacity> ws|wss <port> <blocks>...
//
// Prints one line for each of the connections that it makes, one a number of blocks: messages, nanoseconds of CPU time,
// socket reads, sums over the newest records of all rings (update ids; bits of prices and quantities).
#include <sys/resource.h>

#include "common.hpp"
#include "wire.hpp"

namespace {

constexpr std::size_t read_bytes = 256 * 1024;

std::int64_t process_cpu_ns() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000'000 +
         (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1'000;
}

// Reads of 256 KiB into a memory BIO, records decrypted from there. Measured beside OpenSSL's own reads from the socket,
// without read-ahead and with it at two buffer sizes: this way costs least, by a little.
class TlsReader {
public:
  explicit TlsReader(const bench::Wire &wire) : wire_(wire), raw_(read_bytes, '\0') {
    if (wire_.ssl == nullptr)
      return;
    encrypted_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(encrypted_, -1);
    SSL_set0_rbio(wire_.ssl, encrypted_); // owns it from now on
  }

  std::size_t read(char *into, std::size_t room) {
    if (wire_.ssl == nullptr)
      return wire_.read(into, room);
    for (;;) {
      const int got = SSL_read(wire_.ssl, into, static_cast<int>(room));
      if (got > 0)
        return static_cast<std::size_t>(got);
      const ssize_t more = ::recv(wire_.fd, raw_.data(), raw_.size(), 0);
      if (more <= 0 || BIO_write(encrypted_, raw_.data(), static_cast<int>(more)) != more)
        return 0;
    }
  }

private:
  const bench::Wire &wire_;
  std::string raw_;
  BIO *encrypted_ = nullptr;
};

struct Client {
  const fb::FastPath &path;
  const fb::RouteTable &table;
  std::uint64_t messages = 0, bytes = 0, reads = 0;
  bool ended = false;

  // Cuts [begin, end) into frames; returns where the last incomplete one begins.
  const char *take(const char *begin, const char *end, std::int64_t recv_ns) {
    const char *p = begin;
    while (end - p >= 2) {
      const auto first = static_cast<unsigned char>(p[0]), second = static_cast<unsigned char>(p[1]);
      std::size_t header = 2, size = second & 0x7f;
      if (size == 126) {
        if (end - p < 4)
          break;
        size = static_cast<std::size_t>(static_cast<unsigned char>(p[2])) << 8 | static_cast<unsigned char>(p[3]);
        header = 4;
      } else if (size == 127) {
        bench::fail("a frame of the flood is longer than 65,535 bytes");
      }
      if (static_cast<std::size_t>(end - p) < header + size)
        break;
      if (first == 0x81) [[likely]] {
        ++messages;
        bytes += size;
        if (path.combined(table, p + header, size, recv_ns).outcome() != fb::Outcome::published) [[unlikely]]
          bench::fail("the parser declined a payload of the flood");
      } else if (first == 0x89) {
        ended = true;
      } else {
        bench::fail("an unexpected frame in the flood");
      }
      p += header + size;
    }
    return p;
  }
};

bench::Wire connect(SSL_CTX *context, std::uint16_t port, const char *blocks) {
  bench::Wire wire{::socket(AF_INET, SOCK_STREAM, 0), nullptr};
  const sockaddr_in address = bench::loopback(port);
  if (::connect(wire.fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
    bench::fail("nobody listens on this port");
  const int one = 1;
  ::setsockopt(wire.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (context != nullptr) {
    wire.ssl = SSL_new(context);
    SSL_set_fd(wire.ssl, wire.fd);
    if (SSL_connect(wire.ssl) != 1)
      bench::fail("no TLS handshake");
  }
  if (!wire.write(std::string("GET /") + blocks +
                  " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n") ||
      wire.read_head().find(" 101 ") == std::string::npos)
    bench::fail("no WebSocket handshake");
  return wire;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 6)
    bench::fail("usage: bare_loop ROUTES CAPACITY ws|wss PORT BLOCKS...");
  const bench::Routes routes(argv[1], std::atoll(argv[2]), 32'768);
  SSL_CTX *context = nullptr;
  if (std::string_view(argv[3]) == "wss")
    context = SSL_CTX_new(TLS_client_method());
  const fb::FastPath path;
  std::string buffer(read_bytes + 256, '\0');
  for (int run = 5; run < argc; ++run) {
    bench::Wire wire = connect(context, static_cast<std::uint16_t>(std::atoi(argv[4])), argv[run]);
    TlsReader reader(wire);
    Client client{path, routes.table};
    const std::int64_t begin = process_cpu_ns();
    wire.write(std::string("\x81\x80\0\0\0\0", 6));
    std::size_t held = 0;
    volatile std::int64_t last_data = 0; // picows' own clock read, which its idle timer needs
    while (!client.ended) {
      const std::size_t got = reader.read(buffer.data() + held, read_bytes - held);
      if (got == 0)
        bench::fail("the sender has gone before the end");
      ++client.reads;
      last_data = fb::monotonic_ns();
      const std::int64_t recv_ns = fb::wall_clock_ns();
      const char *const end = buffer.data() + held + got;
      const char *const rest = client.take(buffer.data(), end, recv_ns);
      held = static_cast<std::size_t>(end - rest);
      std::memmove(buffer.data(), rest, held);
    }
    const std::int64_t cpu = process_cpu_ns() - begin;
    std::uint64_t ids = 0, bits = 0;
    for (const auto &ring : routes.rings) {
      const fb::RingView &view = ring->writer.view;
      for (std::int64_t s = std::max<std::int64_t>(0, view.cursor() - view.capacity + 1); s <= view.cursor(); ++s) {
        const auto *record = reinterpret_cast<const fb::BookTickerRecord *>(view.slot(s));
        ids += static_cast<std::uint64_t>(record->update_id);
        for (double value : {record->bid_price, record->bid_qty, record->ask_price, record->ask_qty})
          bits += std::bit_cast<std::uint64_t>(value);
      }
    }
    std::cout << client.messages << ' ' << cpu << ' ' << client.reads << ' ' << ids << ' ' << bits << std::endl;
    wire.close();
  }
}
