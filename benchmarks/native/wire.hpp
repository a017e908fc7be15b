// Sockets of the flood: plain or TLS, blocking, and the two sides of a WebSocket handshake on loopback.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] inline void give_up(const std::string &sentence) {
  std::cerr << sentence << '\n';
  std::exit(1);
}

// One connection; `ssl` is null on a plain one.
struct Wire {
  int fd = -1;
  SSL *ssl = nullptr;

  // Bytes read; 0 at the end.
  std::size_t read(char *into, std::size_t room) const {
    const ssize_t got = ssl != nullptr ? SSL_read(ssl, into, static_cast<int>(room)) : ::recv(fd, into, room, 0);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  // False when the peer has gone.
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t done = ssl != nullptr ? SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()))
                                          : ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (done <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }
  // Reads until the head of an HTTP message is complete; what came behind it is lost, and nothing does here.
  std::string read_head() const {
    std::string head;
    for (char piece[4096]; head.find("\r\n\r\n") == std::string::npos;) {
      const std::size_t got = read(piece, sizeof piece);
      if (got == 0)
        return {};
      head.append(piece, got);
    }
    return head;
  }
  void close() {
    if (ssl != nullptr)
      SSL_free(ssl);
    if (fd >= 0)
      ::close(fd);
    *this = Wire{};
  }
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The answer to a handshake's key, RFC 6455 4.2.2.
inline std::string accept_value(const std::string &key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH], encoded[64];
  SHA1(reinterpret_cast<const unsigned char *>(text.data()), text.size(), digest);
  const int length = EVP_EncodeBlock(encoded, digest, sizeof digest);
  return {reinterpret_cast<char *>(encoded), static_cast<std::size_t>(length)};
}

// A context with a certificate of its own, made here and good for an hour.
inline SSL_CTX *server_context() {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char *>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  if (X509_sign(certificate, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1)
    give_up("the sender cannot make its certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

} // namespace bench
