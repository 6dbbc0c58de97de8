"""An FTP server for the tests: pyftpdlib, plain or with explicit TLS 1.3 (`ftps://`).

    ftp.py PORT FOLDER USER PASSWORD [CERTIFICATE KEY]

With a certificate every connection must be encrypted, the data connections too, and nothing older than TLS 1.3 is spoken.
"""

import sys

from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.log import config_logging
from pyftpdlib.servers import FTPServer


def encrypted(certificate, key):
    class Handler(TLS_FTPHandler):
        certfile, keyfile = certificate, key
        tls_control_required = tls_data_required = True

    Handler.get_ssl_context().set_min_proto_version(SSL.TLS1_3_VERSION)
    return Handler


def main():
    port, folder, user, password, *files = sys.argv[1:]
    authorizer = DummyAuthorizer()
    authorizer.add_user(user, password, folder, perm="elradfmwMT")

    class Handler(encrypted(*files) if files else FTPHandler):
        pass

    Handler.authorizer = authorizer
    config_logging(level="WARNING")
    server = FTPServer(("127.0.0.1", int(port)), Handler)
    server.max_cons = 512
    server.serve_forever()


if __name__ == "__main__":
    main()
