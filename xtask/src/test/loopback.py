"""Brings the loopback of this network namespace up, then becomes the command it is given.

It is Python because the other ways are a program that may not be installed (ip) and an
ioctl that Rust calls unsafe.
"""

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
    request = struct.pack("16sh22x", b"lo", 0)
    (flags,) = struct.unpack_from("16xh", fcntl.ioctl(handle, SIOCGIFFLAGS, request))
    fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))

os.execvp(sys.argv[1], sys.argv[1:])
