//! Which addresses are the public internet's. All others are this machine's, its neighbours',
//! or nobody's, and a name that leads there is a trick or a mistake.
//!
//! By IANA's registries of special-purpose addresses (RFC 6890 and its successors), and the
//! addresses at which clouds tell a machine its secrets.

use std::net::{IpAddr, Ipv6Addr, UdpSocket};

/// What an address is, if it is not the public internet's.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(v4) => within(V4, u32::from(v4), 32),
        IpAddr::V6(v6) if v6.segments()[0] & 0xe000 != 0x2000 => Some(beyond_global(v6)),
        IpAddr::V6(v6) => within(V6, u128::from(v6), 128),
    }
}

/// Whether an address is this machine's own: who can listen at it is at home.
pub(super) fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

type Block<T> = (T, u32, &'static str);

const V4: &[Block<u32>] = &[
    (v4(0, 0, 0, 0), 8, "no address of a machine"),
    (v4(10, 0, 0, 0), 8, "in a private network"),
    (v4(100, 64, 0, 0), 10, "in a provider's own network"),
    (v4(127, 0, 0, 0), 8, "loopback"),
    (v4(168, 63, 129, 16), 32, "a cloud's own service"),
    (v4(169, 254, 0, 0), 16, "link-local, where clouds keep a machine's secrets"),
    (v4(172, 16, 0, 0), 12, "in a private network"),
    (v4(192, 0, 0, 0), 24, "reserved"),
    (v4(192, 0, 2, 0), 24, "reserved for documentation"),
    (v4(192, 88, 99, 0), 24, "reserved"),
    (v4(192, 168, 0, 0), 16, "in a private network"),
    (v4(198, 18, 0, 0), 15, "reserved for measurements"),
    (v4(198, 51, 100, 0), 24, "reserved for documentation"),
    (v4(203, 0, 113, 0), 24, "reserved for documentation"),
    (v4(224, 0, 0, 0), 4, "multicast"),
    (v4(240, 0, 0, 0), 4, "reserved"),
];

/// Within 2000::/3, outside of which nothing is public.
const V6: &[Block<u128>] = &[
    // Teredo among them, which carries an IPv4 address.
    (v6(0x2001, 0), 23, "reserved"),
    (v6(0x2001, 0x0db8), 32, "reserved for documentation"),
    (v6(0x2002, 0), 16, "another way to write an IPv4 address"),
    (v6(0x3fff, 0), 20, "reserved for documentation"),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

const fn v6(first: u16, second: u16) -> u128 {
    Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0).to_bits()
}

fn within<T>(blocks: &[Block<T>], address: T, bits: u32) -> Option<&'static str>
where
    T: Copy + Eq + std::ops::BitXor<Output = T> + std::ops::Shr<u32, Output = T> + Default,
{
    let inside =
        |(block, length, _): &&Block<T>| (*block ^ address) >> (bits - length) == T::default();
    blocks.iter().find(inside).map(|(_, _, what)| *what)
}

fn beyond_global(address: Ipv6Addr) -> &'static str {
    match address.segments()[0] {
        _ if address.is_loopback() => "loopback",
        _ if address.is_unspecified() => "no address of a machine",
        first if first & 0xfe00 == 0xfc00 => "in a private network",
        first if first & 0xffc0 == 0xfe80 => "link-local",
        first if first & 0xff00 == 0xff00 => "multicast",
        0x0064 => "another way to write an IPv4 address",
        _ => "reserved",
    }
}
