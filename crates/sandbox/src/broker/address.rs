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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Option<&'static str> {
        special(text.parse().unwrap())
    }

    #[test]
    fn what_is_not_the_public_internets_is_known_up_to_its_edges() {
        for text in [
            "0.0.0.0",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.255",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(at(text).is_some(), "{text}");
        }
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn each_has_its_name() {
        for (text, what) in [
            ("127.0.0.2", "loopback"),
            ("::1", "loopback"),
            ("169.254.169.254", "link-local, where clouds keep a machine's secrets"),
            ("fe80::1", "link-local"),
            ("fd00::1", "in a private network"),
        ] {
            assert_eq!(at(text), Some(what));
        }
    }

    #[test]
    fn an_address_of_this_machine_is_its_own() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        // TEST-NET-1 is nobody's.
        assert!(!is_own(Ipv4Addr::new(192, 0, 2, 1).into()));
    }

    proptest! {
        /// However an IPv4 address is dressed up, it is what it is, or it is refused.
        #[test]
        fn a_dressed_up_address_is_never_milder(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [a, b, c, d] = v4.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            prop_assert_eq!(special(v4.to_ipv6_mapped().into()), special(v4.into()));
            for dressed in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low),
            ] {
                prop_assert!(special(dressed.into()).is_some(), "{}", dressed);
            }
        }

        /// The standard library knows some of these kinds, and says no other.
        #[test]
        fn what_the_standard_library_knows_is_refused(bits in any::<u32>(), wide in any::<u128>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified()
            {
                prop_assert!(special(v4.into()).is_some(), "{}", v4);
            }
            let v6 = Ipv6Addr::from_bits(wide);
            if v6.is_loopback() || v6.is_unspecified() || v6.is_multicast()
                || v6.is_unique_local() || v6.is_unicast_link_local()
            {
                prop_assert!(special(v6.into()).is_some(), "{}", v6);
            }
        }
    }
}
