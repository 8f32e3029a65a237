//! What tools are told of the network: that there is none, or they would wait for it long and
//! then say something else than what is wrong; and for a command with a way out, whom to believe.

use std::path::Path;

use super::{Surroundings, Toolchains};

/// The variables, what they say where there is no network, and what they say where there is.
const OFFLINE: &[(&str, &str, Option<&str>)] = &[
    ("CARGO_NET_OFFLINE", "true", None),
    ("COREPACK_ENABLE_NETWORK", "0", None),
    ("GOPROXY", "off", None),
    // Read by Maven 3.9 and later; older ones need `-o` in the command.
    ("MAVEN_ARGS", "-o -B", Some("-B")),
    ("PIP_NO_INDEX", "1", None),
    ("UV_OFFLINE", "1", None),
    ("npm_config_offline", "true", None),
];

pub(super) fn find(_around: &Surroundings, found: &mut Toolchains) {
    for (name, value, _) in OFFLINE {
        found.set(name, *value);
    }
}

/// Where systems keep the certificates that they believe.
const CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// The variables by which tools that bring certificates of their own learn of others.
const BELIEVE: &[&str] =
    &["NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];

/// Lets tools look for a network, and believe whom this system believes. What somebody else has
/// set stays as it is.
pub(crate) fn let_out(env: &mut Vec<(String, String)>) {
    env.retain_mut(|(name, value)| {
        let known = OFFLINE.iter().find(|(known, off, _)| known == name && off == value);
        match known {
            Some((_, _, Some(on))) => *value = (*on).to_owned(),
            Some((_, _, None)) => return false,
            None => {}
        }
        true
    });
    let Some(certificates) = CERTIFICATES.iter().find(|file| Path::new(file).exists()) else {
        return;
    };
    for name in BELIEVE {
        if env.iter().all(|(known, _)| known != name) {
            env.push(((*name).to_owned(), (*certificates).to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_word_is_taken_back() {
        let text = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let mut env =
            text(&[("GOPROXY", "off"), ("UV_OFFLINE", "yes"), ("MAVEN_ARGS", "-o -B"), ("A", "1")]);
        env.extend(BELIEVE.iter().map(|name| ((*name).to_owned(), "mine".to_owned())));
        let_out(&mut env);
        let believed = env.split_off(3);
        assert_eq!(env, text(&[("UV_OFFLINE", "yes"), ("MAVEN_ARGS", "-B"), ("A", "1")]));
        assert!(believed.len() == BELIEVE.len() && believed.iter().all(|(_, v)| v == "mine"));
    }
}
