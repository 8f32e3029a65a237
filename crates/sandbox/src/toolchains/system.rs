//! The system's own directories and the harmless part of `/etc`.

use std::path::Path;

use super::{Surroundings, Toolchains};
use crate::Bind;

const ROOTS: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/run/current-system",
];

/// Users, hosts and the like are not among these: the sandbox writes its own.
const ETC: &[&str] = &[
    "alternatives",
    "apache-maven",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gai.conf",
    "host.conf",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "magic.mime",
    "maven",
    "mime.types",
    "networks",
    "os-release",
    "perl",
    "pki/ca-trust",
    "pki/java",
    "pki/tls/certs",
    "pki/tls/cert.pem",
    "protocols",
    "python3",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "ssl/cert.pem",
    "terminfo",
    "timezone",
    "xml",
];

/// Families of names in `/etc`: `java-17-openjdk`, `python3.11`.
const ETC_PREFIXES: &[&str] = &["java", "python3."];

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    for root in ROOTS {
        if Path::new(root).symlink_metadata().is_ok() {
            found.binds.push(Bind::same(*root));
        }
    }
    let etc = Path::new("/etc");
    for name in ETC {
        if etc.join(name).exists() {
            found.binds.push(Bind::same(etc.join(name)));
        }
    }
    for entry in etc.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if ETC_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            found.binds.push(Bind::same(entry.path()));
        }
    }
    found.set("LANG", "C.UTF-8");
    found.set("TERM", "dumb");
    found.set("NO_COLOR", "1");
    found.set("CI", "true");
    found.set("GIT_TERMINAL_PROMPT", "0");
    if let Some(zone) = around.var("TZ") {
        found.set("TZ", zone);
    }
}
